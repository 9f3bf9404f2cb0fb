// What the visitor does: buttons, keys, sources, and what the page answers when the connection itself has news.

import { setText } from './text.js';

const HARMLESS = new Set(['time_limit', 'no_turn', 'watching', 'source_rate', 'busy', 'own_voice', 'models_ready']);
const MIC_LABEL = { off: 'Use mic', on: 'Mute', muted: 'Unmute' };

const BYE = {
  time_limit: ['This visit is over', 'The time for one visit is up, so that others get a seat.'],
  expired: ['This visit is over', 'The connection was away for too long.'],
  idle: ['Somebody waited for this seat', 'Nothing was shown, said or asked for two minutes. Start again when you like.'],
  server_stopping: ['The server stopped', 'Start again when it is back.'],
  left: ['Ended', 'Nothing is watched or heard any more.'],
};

export class Controls {
  constructor(ui, parts) {
    Object.assign(this, { ui, ...parts });
    this.#buttons();
    document.addEventListener('keydown', (event) => this.#key(event));
    this.devices.onended = (track) => this.#trackEnded(track);
    this.live.on('hello', () => this.#greeted())
      .on('channel', ({ kind, role }) => this.#connected(kind, role))
      .on('opened', () => ui.close('waiting'))
      .on('cut', (event) => this.#cut(event))
      .on('seats', (error) => this.#seats(error))
      .on('source', (event) => this.#source(event))
      .on('media', ({ transport }) => this.#carried(transport))
      .on('bye', (event) => this.#bye(event));
    addEventListener('pagehide', () => this.devices.close());
  }

  // ---- buttons and keys

  #buttons() {
    const { ui } = this;
    const acts = {
      camera: () => this.useCamera(),
      mute: () => this.toggleMic(),
      stop: () => this.interrupt(),
      end: () => this.end(),
      flip: () => this.flip(),
      sound: () => ui.stage.toggleSound(),
      calm: () => ui.stage.calm('closed'),
      'clear-marks': () => ui.timeline.unmark(),
      'to-now': () => { ui.timeline.unmark(); ui.zoom.toNow(); },
      'take-over': () => { ui.close('tabs'); this.takeOver(); },
      watch: () => { ui.close('tabs'); this.live.start('watch'); },
      'retry-seat': () => this.live.retryNow(),
    };
    ui.root.addEventListener('click', (event) => {
      const target = event.target.closest('[data-act], [data-open], [data-close], [data-zoom]');
      if (!target) return;
      const { act, open, zoom, tab } = target.dataset;
      if (target.matches('[data-close]')) target.closest('dialog').close();
      else if (zoom) ui.zoom.to(zoom);
      else if (open) ({ source: () => ui.panel.openSource(tab), settings: () => ui.panel.openSettings(), models: () => ui.panel.openModels(), forget: () => ui.panel.openForget(), voice: () => ui.ownVoice.open() })[open]();
      else acts[act]?.();
    });
    for (const dialog of ui.root.querySelectorAll('dialog')) {
      dialog.addEventListener('click', (event) => event.target === dialog && !dialog.matches('[data-dialog="tabs"], [data-dialog="waiting"]') && dialog.close());
      dialog.addEventListener('cancel', (event) => dialog.matches('[data-dialog="tabs"], [data-dialog="waiting"]') && event.preventDefault());
    }
  }

  #key(event) {
    const { ui } = this;
    const dialog = Boolean(ui.root.querySelector('dialog[open]'));
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialog) return;
    const writing = event.target.closest?.('input, textarea, select, [contenteditable]');
    if (event.key === 'Escape') {
      if (writing) writing.blur();
      else if (!ui.el('stop').hidden) this.interrupt();
      else ui.timeline.unmark();
    } else if (writing) {
      return;
    } else if (event.key === '/') {
      event.preventDefault();
      ui.el('search').focus();
      ui.el('search').select();
    } else if (event.key === ' ' && !event.repeat && !event.target.closest?.('button, a, summary')) {
      event.preventDefault();
      this.toggleMic();
    } else if ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && !event.target.closest?.('.clip, .card, [role="tab"]')) {
      const clips = ui.root.querySelectorAll('.strip:not([hidden]) .clip, .cards:not([hidden]) button.card');
      clips[clips.length - 1]?.focus();
    }
  }

  interrupt() {
    this.live.send({ type: 'stop' });
    this.audio.cut(); // the server's word follows; silence must not wait for it
  }

  // ---- sources

  async play(source) {
    const { ui } = this;
    this.audio.unlock();
    if (!this.live.send({ type: 'source', ...source })) {
      ui.stage.trouble({ code: 'cut', title: 'There is no connection to the server.', text: 'The page connects again by itself. Then choose the source once more.' });
      return;
    }
    ui.stage.calm('closed');
    this.wake.hold();
    if (source.kind !== 'camera' && this.devices.hasCamera) this.devices.stopCamera();
    ui.el('question').focus({ preventScroll: true });
  }

  async useCamera() {
    const unlocked = this.audio.unlock();
    const { stream, card, missing } = await this.#ask({ audio: true, video: true });
    await unlocked;
    if (!stream) { this.#refused(card, 'again'); return; }
    this.ui.stage.showCamera(stream, this.devices.facesUser);
    if (missing) this.ui.stage.trouble({ code: `no_${missing}`, title: `No ${missing} was found.`, text: missing === 'camera' ? 'It goes on with your voice alone.' : 'It goes on with the picture alone: type your questions.' });
    this.#flipButton();
    if (await this.play({ kind: 'camera' }) === false) return;
    await this.media.start(stream);
    this.#mic();
  }

  /** The microphone beside a sample, file or stream. */
  async useMicrophone() {
    const unlocked = this.audio.unlock();
    const { stream, card } = await this.#ask({ audio: true, video: false });
    await unlocked;
    if (!stream) { this.#refused(card, 'microphone'); return; }
    this.ui.stage.calm('closed');
    await this.media.start(stream);
    this.#mic();
  }

  async #ask(wanted) {
    this.ui.stage.say(['Asking', `Your browser asks for the ${wanted.video ? 'camera and the microphone' : 'microphone'}. Allow it to go on.`]);
    const result = await this.devices.open(wanted);
    this.ui.stage.say(null);
    return result;
  }

  #refused(card, again) {
    this.ui.stage.trouble({ ...card, actions: { insecure: ['sample'], policy: ['tab', 'sample'] }[card.code] ?? [again, 'sample'] });
  }

  #trackEnded(track) {
    this.ui.stage.trouble({ code: 'busy', title: `The ${track.kind === 'video' ? 'camera' : 'microphone'} stopped.`, text: 'It was unplugged, or another program took it.', actions: [track.kind === 'video' ? 'again' : 'microphone', 'sample'] });
    this.#mic();
  }

  async chooseDevice(kind, id) {
    this.devices.chosen[kind] = id;
    if (!this.devices.stream) return;
    if (this.devices.hasCamera) await this.useCamera();
    else await this.useMicrophone();
  }

  async flip() {
    const { chosen } = this.devices;
    const { video } = await this.devices.list();
    const here = this.devices.stream?.getVideoTracks()[0]?.getSettings?.().deviceId;
    chosen.facing = chosen.facing === 'user' ? 'environment' : 'user';
    const coarse = matchMedia('(pointer: coarse)').matches;
    chosen.video = coarse ? '' : video[(video.findIndex(({ id }) => id === here) + 1) % video.length]?.id ?? '';
    this.devices.stopCamera(); // a phone gives one camera at a time
    await this.useCamera();
  }

  async #flipButton() {
    const { video } = await this.devices.list();
    this.ui.act('flip').hidden = video.length < 2;
  }

  #source({ kind, name, state }) {
    const sample = kind === 'sample' ? this.ui.panel.sample(name) : null;
    this.ui.talk.suggest(sample && state !== 'stopped' ? sample.questions : []);
    this.ui.act('flip').hidden ||= kind !== 'camera';
    if (kind === 'none') this.wake.release();
    if (kind === 'camera' && state === 'playing' && !this.devices.stream && this.live.role !== 'watch') {
      this.ui.stage.trouble({ code: 'reloaded', title: 'Your camera is off, because the page was loaded again.', text: 'What was remembered is still here.', actions: ['again', 'sample'] });
    }
    this.#mic();
  }

  // ---- microphone

  toggleMic() {
    if (this.ui.root.dataset.phase !== 'live') return;
    if (!this.devices.hasMicrophone) { this.useMicrophone(); return; }
    this.#mute(!this.devices.muted);
  }

  #mute(on) {
    this.devices.setMuted(on);
    this.audio.muted = on;
    this.live.send({ type: 'mute', on });
    this.#mic();
  }

  /** What is said now is not for the assistant; `hush(false)` makes it as it was before. */
  hush(on) {
    if (on === (this.before !== undefined)) return;
    const was = this.before;
    this.before = on ? this.devices.muted : undefined;
    this.#mute(on || was);
  }

  #mic() {
    const [mic, button] = [!this.devices.hasMicrophone ? 'off' : this.devices.muted ? 'muted' : 'on', this.ui.el('mute')];
    button.dataset.mic = mic;
    button.setAttribute('aria-pressed', String(mic === 'muted'));
    setText(button, MIC_LABEL[mic]);
    this.ui.el('meter-in').classList.toggle('off', mic !== 'on');
    this.ui.stage.micOff = mic !== 'on';
    this.ui.stage.say(null);
  }

  // ---- connection

  #greeted() {
    if (this.ui.root.dataset.phase === 'loading') this.ui.setPhase('welcome');
    this.ui.el('health').dataset.health = 'up';
    if (this.talks) this.live.send({ type: 'settings', ...this.ui.panel.chosen }); // now the voices may be known
  }

  #connected(kind, role) {
    this.ui.stage.say(null);
    this.ui.el('health').dataset.health = 'up';
    setText(this.ui.el('transport-name'), kind);
    this.ui.el('transport').hidden = false;
    if (role === 'watch') this.ui.stage.trouble({ code: 'watching', title: 'This tab only watches.', text: 'Talking and typing happen in the other one.', actions: ['takeover'] });
    else { // the server remembers the page that was here before
      this.live.send({ type: 'mute', on: this.devices.muted });
      this.talks = true;
      this.live.send({ type: 'settings', ...this.ui.panel.chosen });
    }
  }

  #carried(transport) {
    if (transport) this.ui.el('transport').title = transport === 'webrtc' ? 'Picture and sound go over WebRTC.' : 'Picture and sound go over a WebSocket.';
    if (transport && this.live.channel) setText(this.ui.el('transport-name'), transport === 'webrtc' ? 'WebRTC' : 'WebSocket');
  }

  #cut() {
    this.ui.el('health').dataset.health = 'down';
    this.ui.stage.say(['Reconnecting', 'The connection is cut. Nothing that was remembered is lost.']);
  }

  #seats(error) {
    setText(this.ui.el('waiting-text'), error.message || 'The page waits for a free seat and goes on by itself.');
    this.ui.open('waiting');
  }

  /** Notices that are more than a line below the state. */
  handlesNotice({ code, message, hint }) {
    if (code === 'second_tab') { this.ui.open('tabs'); return true; }
    if (code === 'watching') { this.ui.stage.trouble({ code, title: message, text: hint, actions: ['takeover'] }); return true; }
    if (HARMLESS.has(code) || /^(no_turn|memory|store|push)/.test(code)) return false;
    const actions = /^source|^url|^upload|^sample|^file/.test(code) ? ['source'] : [];
    this.ui.stage.trouble({ code, title: message, text: hint, actions });
    return true;
  }

  takeOver() {
    this.ui.stage.calm('closed');
    this.live.start('take_over');
  }

  async end() {
    this.live.wanted = false;
    await this.api.request('session', { method: 'DELETE' }).catch(() => {});
    this.live.emit('bye', { reason: 'left' });
    this.live.pause();
    this.api.forgetToken();
  }

  #bye({ reason }) {
    if (reason === 'replaced' || reason === 'unknown_session' || reason === 'attach_timeout') return;
    this.devices.close();
    this.media.stop();
    this.audio.cut();
    this.wake.release();
    this.ui.el('health').dataset.health = '';
    if (reason === 'taken_over') {
      this.ui.stage.trouble({ code: reason, title: 'Another tab has taken over.', text: 'This one has stopped.', actions: ['takeover'] });
      return;
    }
    const [title, text] = BYE[reason] ?? ['This visit is over', 'The server ended it.'];
    this.ui.stage.trouble({ code: 'bye', title, text, actions: ['restart'] });
  }

  async restart() {
    this.ui.stage.calm('closed');
    this.live.emit('reset');
    this.ui.stage.say(['Connecting', 'one moment']);
    this.ui.setPhase('loading');
    this.live.lastSeq = 0;
    await this.live.start();
  }
}
