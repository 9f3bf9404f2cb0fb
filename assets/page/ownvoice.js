// Lending one's own voice for the visit: a sentence is read and recorded here, and leaves the browser only with consent.
// Nothing of it is kept in the browser: the recording is dropped once the server has it, and when the dialog closes.

import { Recorder } from './recorder.js';
import { make, setText } from './text.js';

const ROUTE = 'api/session/voice';
const BARS = 9;
const NO_CONSENT = 'Your voice is only used when you agree to it. Tick the box first.';
const DROPPED = 'The voices that run now cannot imitate yours. Your recording was deleted, and another voice speaks.';
const ADVICE = {
  denied: 'Allow it at the sign next to the address, then record.',
  absent: 'Plug one in, then record.',
  busy: 'Close that program, then record.',
  policy: 'Open OmniLive in a tab of its own.',
  insecure: 'Open the page as https, or as localhost.',
};

export class OwnVoice {
  constructor(ui, live, api, devices) {
    Object.assign(this, { ui, live, api, devices });
    this.offered = null; // what `hello` says: consent, sentences, shortest_s, longest_s, name
    this.kept = { seconds: 0, in_use: false }; // at the server
    this.dialog = ui.dialog('voice');
    this.dialog.addEventListener('close', () => this.#closed());
    this.#build();
    live.on('hello', ({ limits }) => this.#greeted(limits.own_voice ?? null)).on('bye', () => this.#know({ seconds: 0, in_use: false }));
  }

  get inUse() { return this.kept.in_use; }

  get name() { return this.offered?.name ?? ''; }

  // ---- in the settings

  /** Among the voices to choose from, while one is lent. */
  options() { return this.offered && this.kept.seconds ? [make('option', { value: this.name, text: 'Yours, for this visit' })] : []; }

  /** Below the voices: the way here, and the way out of it. */
  entry() { return this.row; }

  /** A voice was chosen in the list: whether it is one that may be remembered. */
  chosen(name) {
    const own = Boolean(this.name) && name === this.name;
    if (own) this.live.send({ type: 'settings', voice: name });
    this.#know({ ...this.kept, in_use: own });
    return !own;
  }

  #build() {
    const remove = (id) => make('button', { type: 'button', class: 'link', id, text: 'Delete my voice', onclick: () => this.#delete() });
    this.removers = [remove('ol-own-delete'), remove('ol-voice-delete')];
    this.told = make('p', { class: 'hint', role: 'status' });
    this.row = make('div', { class: 'own', hidden: true },
      make('div', { class: 'row' }, make('button', { type: 'button', class: 'plain', id: 'ol-own', text: 'Your own voice…', 'aria-haspopup': 'dialog', onclick: () => this.open() }), this.removers[0]), this.told);

    this.lead = make('p');
    this.sentence = make('blockquote', { class: 'read', id: 'ol-voice-sentence' });
    this.button = make('button', { type: 'button', class: 'rec', 'aria-describedby': 'ol-voice-sentence', onclick: () => (this.phase === 'recording' ? this.#stop() : this.#record()) });
    this.listen = make('button', { type: 'button', class: 'link', text: 'Listen', onclick: () => this.#listen() });
    this.meter = make('span', { class: 'meter', 'aria-hidden': 'true' }, Array.from({ length: BARS }, () => make('i')));
    this.time = make('span', { class: 'fig', 'aria-hidden': 'true' });
    this.bar = make('progress', { value: 0, 'aria-label': 'Recorded so far' });
    this.take = make('div', { class: 'take' }, this.button, make('div', { class: 'gauge' }, this.meter, this.time, this.bar), this.listen);
    this.box = make('input', { type: 'checkbox', id: 'ol-voice-consent', onchange: () => this.box.checked && this.problem.textContent === NO_CONSENT && this.#wrong('') });
    this.words = make('span');
    this.consent = make('label', { class: 'check agree', for: 'ol-voice-consent' }, this.box, this.words);
    this.problem = make('p', { class: 'wrong', role: 'alert', hidden: true });
    this.status = make('p', { class: 'hint', role: 'status' });
    this.use = make('button', { type: 'button', class: 'primary', text: 'Use this voice', onclick: () => this.#send() });
    this.done = make('button', { type: 'button', class: 'primary', text: 'Done', onclick: () => this.dialog.close() });
    this.more = make('button', { type: 'button', class: 'plain', text: 'Record again', onclick: () => { this.#draw('empty'); this.button.focus(); } });
    this.ui.el('voice-pane').replaceChildren(this.lead, this.sentence, this.take, this.status, this.consent, this.problem,
      make('div', { class: 'row' }, this.use, this.done, this.more, this.removers[1]));
  }

  // ---- what the server has

  #greeted(offered) {
    this.offered = offered;
    this.row.hidden = !offered;
    if (offered) { this.#ask(); return; }
    if (this.dialog.open) this.dialog.close();
    if (this.kept.seconds) this.#say(DROPPED);
    this.#know({ seconds: 0, in_use: false });
  }

  async #ask() {
    try { this.#know(await this.api.json(ROUTE)); } catch { /* the next greeting asks again */ }
  }

  #know(kept) {
    const before = this.kept;
    this.kept = kept;
    const lent = kept.seconds > 0;
    this.ui.el('own-voice').hidden = !kept.in_use;
    for (const button of this.removers) button.hidden = !lent;
    setText(this.told, lent ? `${kept.seconds.toFixed(1)} s of your voice are in the server's memory until you delete them or leave.` : 'Read one sentence aloud, and answers are spoken in your voice, for this visit only.');
    if ((before.seconds > 0) !== lent || before.in_use !== kept.in_use) this.ui.panel.offerVoices?.();
    if (this.dialog.open && this.phase === 'lent' && !lent) this.#draw('empty');
  }

  async #delete() {
    const here = document.activeElement;
    this.#wrong('');
    try {
      await this.api.request(ROUTE, { method: 'DELETE' });
    } catch (error) {
      if (this.dialog.open) this.#wrong(error); else setText(this.told, [error.message, error.hint].filter(Boolean).join(' '));
      return;
    }
    this.#know({ seconds: 0, in_use: false });
    setText(this.dialog.open ? this.status : this.told, 'Your voice is deleted. Another voice speaks from the next answer on.');
    if (here && here === this.removers[0]) document.getElementById('ol-own').focus();
    if (this.dialog.open) this.button.focus();
  }

  #say(message) { this.live.emit('notice', { code: 'own_voice', message, hint: '' }); }

  // ---- the dialog

  open() {
    if (!this.offered || this.dialog.open) return;
    this.terms = this.offered; // what holds while the dialog is open
    const { sentences, consent, shortest_s: shortest, longest_s: longest } = this.terms;
    const wanted = document.getElementById('ol-language')?.value || this.ui.panel.settings.language;
    this.language = sentences[wanted] ? wanted : Object.keys(sentences)[0];
    if (this.phase !== 'sending') this.recorder = new Recorder(longest);
    setText(this.sentence, sentences[this.language]);
    this.sentence.lang = this.language;
    setText(this.words, consent);
    this.box.checked = this.phase === 'sending';
    this.bar.max = longest;
    this.bar.style.setProperty('--least', `${(shortest / longest) * 100}%`);
    this.#wrong('');
    this.ui.controls.hush(true); // before a word can be said; until the dialog is closed, however that comes about
    this.#draw(this.phase === 'sending' ? 'sending' : this.kept.seconds ? 'lent' : 'empty');
    this.ui.open('voice');
    (this.phase === 'lent' ? this.done : this.button).focus();
  }

  #closed() {
    this.#halt();
    this.recorder?.hush();
    if (this.phase !== 'sending') this.recorder?.drop();
    this.ui.controls.hush(false);
    const at = document.activeElement; // the button that led here may be gone
    if (at === document.body || this.dialog.contains(at)) this.ui.el('settings').focus();
  }

  #draw(phase, status = '') {
    const { button, kept } = this;
    this.phase = phase;
    const lent = phase === 'lent';
    for (const node of [this.sentence, this.take, this.consent, this.use]) node.hidden = lent;
    for (const node of [this.done, this.more]) node.hidden = !lent;
    setText(this.lead, lent ? `Answers are spoken in your voice${kept.in_use ? '' : ' when you choose it in the settings'}. ${kept.seconds.toFixed(1)} s of it are in the server's memory, until you delete them or leave.`
      : 'Read this sentence aloud, as you would to a friend. The assistant does not listen while this is open.');
    setText(button, { asking: 'Asking…', recording: 'Stop', empty: 'Record' }[phase] ?? 'Record again');
    button.classList.toggle('on', phase === 'recording');
    button.disabled = phase === 'asking' || phase === 'sending';
    this.listen.hidden = phase !== 'recorded';
    this.use.disabled = phase !== 'recorded';
    this.box.disabled = phase === 'sending';
    setText(this.use, phase === 'sending' ? 'Checking…' : 'Use this voice');
    this.ui.el('voice-pane').setAttribute('aria-busy', String(phase === 'sending'));
    setText(this.status, status || (phase === 'empty' ? `${this.terms.shortest_s} to ${this.recorder.longestS} seconds, as you read it.` : ''));
    this.#gauge(0);
  }

  #gauge(rms) {
    const level = rms <= 0.0005 ? 0 : Math.max(0, Math.min(1, 1 + Math.log10(rms * 4) / 2.2)); // as on the stage
    Array.from(this.meter.children).forEach((bar, i) => bar.style.setProperty('--v', Math.max(0, Math.min(1, level * BARS - i)).toFixed(2)));
    this.bar.value = Math.min(this.recorder.seconds, this.recorder.longestS);
    setText(this.time, `${this.recorder.seconds.toFixed(1)} of ${this.recorder.longestS} s`);
  }

  #wrong(error) {
    setText(this.problem, typeof error === 'string' ? error : [error.message, error.hint].filter(Boolean).join(' '));
    this.problem.hidden = !this.problem.textContent;
  }

  // ---- recording

  async #record() {
    const { recorder } = this;
    recorder.hush();
    recorder.drop();
    this.#wrong('');
    this.#draw('asking', 'Your browser asks for the microphone.');
    const { stream, card } = await this.devices.microphone();
    if (recorder !== this.recorder || !this.dialog.open || this.phase !== 'asking') { // closed meanwhile
      for (const track of stream?.getTracks() ?? []) track.stop();
      return;
    }
    if (card) { this.#failed(`${card.title} ${ADVICE[card.code] ?? 'Record once more.'}`); return; }
    this.#quiet(true);
    this.#draw('recording', `Recording. Read the sentence; it ends by itself after ${recorder.longestS} s.`);
    this.button.focus();
    try {
      await recorder.start(stream, {
        onlevel: (rms) => this.#gauge(rms),
        onfull: () => this.#stop(),
        onlost: () => { this.#halt(); recorder.drop(); this.#failed('The microphone stopped. Record once more.'); },
      });
    } catch { this.#halt(); this.#failed('This browser could not record. Reload the page, or use another browser.'); }
  }

  #failed(message) {
    this.#draw('empty');
    this.#wrong(message);
    this.button.focus();
  }

  #stop() {
    this.#halt();
    const { recorder } = this;
    const { shortest_s: shortest } = this.terms;
    if (recorder.seconds < shortest) {
      const had = recorder.seconds.toFixed(1);
      recorder.drop();
      this.#failed(`That were ${had} s; at least ${shortest} s are needed. Read the whole sentence.`);
      return;
    }
    this.#draw('recorded', `${recorder.seconds.toFixed(1)} s recorded. Listen to it, or use it.`);
  }

  #halt() {
    this.recorder?.stop();
    this.#quiet(false);
  }

  /** Nothing that we play ourselves gets into the recording. */
  #quiet(on) {
    const { ui } = this;
    if (on === (this.loud !== undefined)) return;
    if (on && !ui.el('stop').hidden) ui.controls.interrupt();
    const before = this.loud;
    this.loud = on ? ui.stage.video.muted : undefined;
    ui.stage.video.muted = on || before;
  }

  async #listen() {
    const { recorder } = this;
    if (recorder.player) { recorder.hush(); return; }
    setText(this.listen, 'Stop');
    try { await recorder.play(); } finally { setText(this.listen, 'Listen'); }
  }

  async #send() {
    const { recorder } = this;
    if (!this.box.checked) { this.#wrong(NO_CONSENT); this.box.focus(); return; }
    recorder.hush();
    this.#wrong('');
    this.#draw('sending', 'The server listens whether it understands the sentence.');
    const query = new URLSearchParams({ rate_hz: recorder.rateHz, language: this.language, consent: 'true' });
    try {
      const { seconds } = await this.api.json(`${ROUTE}?${query}`, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: recorder.samples });
      recorder.drop();
      this.#know({ seconds, in_use: true });
      this.#draw('lent', this.ui.panel.settings.speak ? 'It is used from the next answer on.' : 'Answers are in text only now: switch on “Speak the answers” to hear it.');
      if (this.dialog.open) this.done.focus(); else this.#say('Answers are spoken in your voice from now on.');
    } catch (error) {
      const again = error.status === 0 || error.status >= 500; // nobody has judged it: it can be sent once more
      if (!again || !this.dialog.open) recorder.drop();
      this.#draw(again && this.dialog.open ? 'recorded' : 'empty');
      if (!this.dialog.open) { this.#say(error.message); return; }
      this.#wrong(error);
      (again ? this.use : this.button).focus();
    }
  }
}
