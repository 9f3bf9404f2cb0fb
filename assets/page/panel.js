// The dialogs: where picture and sound come from, the settings, what runs here.

import { BASE, ApiError } from './api.js';
import { openForget } from './forgetting.js';
import { clockTime, field, make, pictureSource, setText, words } from './text.js';

const DEFAULTS = { speak: true, rate: 1, language: '', voice: '', remarks: false };
const KEPT = 'omnilive.settings';
const LANGUAGES = new Intl.DisplayNames('en', { type: 'language' });

/** What this visitor chose before, in this browser, as far as it can be made out. */
function kept() {
  let found = {};
  try { found = JSON.parse(localStorage.getItem(KEPT)) ?? {}; } catch { /* nothing that can be read */ }
  return Object.fromEntries(Object.entries(DEFAULTS).map(([key, value]) => [key, typeof found[key] === typeof value ? found[key] : value]));
}

const TABS = [['camera', 'Camera'], ['sample', 'Samples'], ['file', 'Video file'], ['url', 'Stream address'], ['push', 'Push']];

export class Panel {
  constructor(ui, live, api, devices) {
    Object.assign(this, { ui, live, api, devices });
    this.hello = { samples: [], models: [], cannot: [], limits: {} };
    this.settings = kept();
    this.pushed = '';
    live.on('hello', (event) => this.#greeted(event)).on('source', (event) => this.#source(event)).on('speaking_rate', ({ rate }) => this.#follow(rate)).on('figures', (event) => { this.figures = event; });
  }

  #greeted(hello) {
    const { ui } = this;
    const others = JSON.stringify(this.hello.limits.voices) !== JSON.stringify(hello.limits.voices);
    this.hello = hello;
    setText(ui.el('profile-name'), hello.profile || 'connected');
    ui.el('profile').title = hello.why;
    ui.el('cannot').replaceChildren(...hello.cannot.slice(0, 3).map((text) => make('li', { text })));
    ui.el('question').dataset.limit = hello.limits.question_chars ?? ui.el('question').dataset.limit;
    ui.el('welcome-push').hidden = hello.limits.push === false;
    if (hello.samples.length) ui.el('samples').replaceChildren(...hello.samples.map((sample) => this.#card(sample)));
    else setText(ui.el('samples').firstElementChild ?? ui.el('samples'), 'This server has no samples.');
    if (ui.isOpen('models')) this.#again(() => this.openModels()); // another model has taken over
    if (ui.isOpen('settings') && others) this.#again(() => this.openSettings());
  }

  /** What the server is to know of the visitor's choices: a voice only if this server has it. */
  get chosen() {
    const { language, voice, ...others } = this.settings;
    const known = (this.hello.limits.voices ?? []).some((one) => one.name === voice && (!language || one.language === language));
    return known && !this.ui.ownVoice.inUse ? { ...others, voice } : others;
  }

  /** The rate changed, by words ("slower please") or on another page: the slider shows it, and it is kept like one chosen. */
  #follow(rate) {
    this.settings.rate = rate;
    this.#keep();
    this.showRate?.(rate);
  }

  #keep() {
    try { localStorage.setItem(KEPT, JSON.stringify(this.settings)); } catch { /* it holds until the page is left */ }
  }

  /** Draw an open dialog anew, with the focus where it was. */
  #again(draw) {
    const { id } = document.activeElement ?? {};
    draw();
    if (id) document.getElementById(id)?.focus();
  }

  sample(name) { return this.hello.samples.find((sample) => sample.name === name); }

  #card(sample) {
    return make('button', { type: 'button', class: 'sample', 'data-sample': sample.name, onclick: () => { this.ui.close('source'); this.ui.play({ kind: 'sample', name: sample.name }); } },
      make('span', { class: 'still' }, make('img', { src: this.#poster(sample), alt: '', loading: 'lazy' }), make('span', { text: clockTime(sample.duration_s) })),
      make('b', { text: sample.title }), make('small', { text: sample.description }));
  }

  #poster({ poster, name }) {
    const path = poster || `${name}.jpg`;
    return pictureSource(/^(data:|\/|samples\/)/.test(path) ? path : `samples/${path}`, BASE);
  }

  #source(event) {
    this.current = event;
    if (event.kind === 'push' && event.detail) this.pushed = event.detail;
    if (this.tab === 'push' && this.ui.isOpen('source')) this.#push(this.ui.el('source-pane'));
  }

  // ---- source

  openSource(tab) {
    this.tab = tab ?? this.tab ?? (this.devices.stream ? 'camera' : 'sample');
    const tabs = TABS.filter(([id]) => id !== 'push' || this.hello.limits.push !== false);
    this.ui.el('source-tabs').replaceChildren(...tabs.map(([id, name]) => make('button', {
      type: 'button', role: 'tab', id: `ol-tab-${id}`, 'aria-selected': String(id === this.tab), tabindex: id === this.tab ? '0' : '-1', text: name,
      onclick: () => { this.openSource(id); document.getElementById(`ol-tab-${id}`).focus(); },
      onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const [next] = tabs[(tabs.findIndex(([other]) => other === id) + step + tabs.length) % tabs.length];
        this.openSource(next);
        document.getElementById(`ol-tab-${next}`).focus();
      },
    })));
    const pane = this.ui.el('source-pane');
    pane.setAttribute('role', 'tabpanel');
    pane.setAttribute('aria-labelledby', `ol-tab-${this.tab}`);
    ({ camera: () => this.#camera(pane), sample: () => this.#samples(pane), file: () => this.#file(pane), url: () => this.#url(pane), push: () => this.#push(pane) })[this.tab]();
    this.ui.open('source');
  }

  #samples(pane) {
    pane.replaceChildren(make('div', { class: 'samples' }, this.hello.samples.map((sample) => this.#card(sample))),
      make('p', { text: 'A sample is watched as if it were live. Your microphone can be on beside it.' }));
  }

  async #camera(pane) {
    const pick = (kind, name) => make('select', { id: `ol-pick-${kind}`, onchange: (event) => this.ui.chooseDevice(kind, event.target.value) }, make('option', { text: `Default ${name}`, value: '' }));
    const [video, audio] = [pick('video', 'camera'), pick('audio', 'microphone')];
    pane.replaceChildren(field('Camera', video, 'ol-pick-video'), field('Microphone', audio, 'ol-pick-audio'),
      make('p', { text: 'Echo cancellation is on. Noise suppression is off, because the sounds around you count too.' }),
      make('div', { class: 'row' }, make('button', { type: 'button', class: 'primary', text: 'Use camera and microphone', onclick: () => { this.ui.close('source'); this.ui.useCamera(); } })));
    const found = await this.devices.list();
    for (const [kind, select] of [['video', video], ['audio', audio]]) {
      for (const { id, name } of found[kind]) select.append(make('option', { value: id, text: name }));
      select.value = this.devices.chosen[kind];
    }
  }

  #file(pane) {
    const limit = this.hello.limits.upload_mb ?? this.ui.root.dataset.uploadMb;
    const input = make('input', { type: 'file', id: 'ol-file', accept: 'video/*,audio/*,.mkv,.flv,.ts' });
    const rate = this.#rate();
    const told = make('p', { role: 'status' });
    const bar = make('progress', { max: 1, value: 0, hidden: true });
    const go = make('button', { type: 'button', class: 'primary', text: 'Upload and watch' });
    go.addEventListener('click', async () => {
      const [file] = input.files;
      if (!file) { input.focus(); setText(told, 'Choose a file first.'); return; }
      if (file.size > limit * 1e6) { setText(told, `This file is larger than ${limit} MB. Cut it, or make it smaller.`); return; }
      this.ui.unlock();
      go.disabled = true;
      bar.hidden = false;
      setText(told, 'Uploading…');
      try {
        const { id, name } = await this.#upload(file, (share) => { bar.value = share; });
        this.ui.stage.files.set(name, URL.createObjectURL(file)); // `source` events call it by its name
        this.ui.close('source');
        this.ui.play({ kind: 'file', name: id, rate: Number(rate.value) });
      } catch (error) {
        setText(told, [error.message, error.hint].filter(Boolean).join(' '));
      } finally { go.disabled = false; bar.hidden = true; }
    });
    pane.replaceChildren(field(`Video or sound file, up to ${limit} MB`, input, 'ol-file'), field('Pace', rate, 'ol-rate'), bar, told, make('div', { class: 'row' }, go));
  }

  #rate() {
    return make('select', { id: 'ol-rate' }, [['1', 'As it is'], ['2', 'Twice as fast'], ['4', 'Four times as fast'], ['8', 'Eight times as fast']].map(([value, text]) => make('option', { value, text })));
  }

  /** XMLHttpRequest, because fetch cannot tell how much went out. */
  #upload(file, onprogress) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open('POST', new URL('api/session/upload', BASE));
      request.setRequestHeader('Authorization', `Bearer ${this.api.token}`);
      request.upload.onprogress = (event) => event.lengthComputable && onprogress(event.loaded / event.total);
      request.onload = () => {
        let answer = {};
        try { answer = JSON.parse(request.responseText); } catch { /* a proxy's page */ }
        const told = answer.error ?? answer;
        if (request.status < 300) resolve(answer);
        else reject(new ApiError(request.status, told.code, told.message ?? `The server answered ${request.status}.`, told.hint));
      };
      request.onerror = () => reject(new ApiError(0, 'unreachable', 'The upload was cut.', 'Check the network and try again.'));
      const form = new FormData();
      form.append('file', file, file.name);
      request.send(form);
    });
  }

  #url(pane) {
    const input = make('input', { type: 'url', id: 'ol-url', placeholder: 'https://…/stream.m3u8', autocomplete: 'off', required: true });
    const form = make('form', { class: 'pane', onsubmit: (event) => {
      event.preventDefault();
      this.ui.close('source');
      this.ui.play({ kind: 'url', url: input.value.trim() });
    } }, field('Address (RTMP, RTSP, HLS, HTTP)', input, 'ol-url'),
    make('p', { text: this.ui.root.dataset.public === 'yes' ? 'The server opens it, so it must be reachable from the internet.' : 'The server opens it. Cameras in this network work.' }),
    make('div', { class: 'row' }, make('button', { type: 'submit', class: 'primary', text: 'Open' })));
    pane.replaceChildren(form);
  }

  #push(pane) {
    const { current, pushed } = this;
    const on = current?.kind === 'push' && current.state !== 'stopped' && current.state !== 'failed';
    const lines = on ? pushed.match(/\brtmps?:\/\/\S+/g) ?? [] : [];
    const key = on ? pushed.match(/\bkey[:\s]+(\S+)/i)?.[1] : '';
    const copy = (name, text) => make('div', { class: 'field' }, make('span', { text: name }), make('div', { class: 'copy' }, make('code', { text }),
      make('button', { type: 'button', class: 'close', text: 'Copy', onclick: ({ target }) => navigator.clipboard?.writeText(text).then(() => setText(target, 'Copied')) })));
    pane.replaceChildren(make('p', { text: 'Send a stream to this page from OBS or from a phone. The address is yours alone.' }),
      ...(on ? [...lines.map((line) => copy('Address', line)), key ? copy('Stream key', key) : '', lines.length ? '' : make('p', { text: pushed }),
        make('p', { role: 'status', text: current.state === 'waiting' ? 'Waiting for the stream.' : 'The stream is coming in.' })]
        : [make('div', { class: 'row' }, make('button', { type: 'button', class: 'primary', text: 'Get an address', onclick: () => this.ui.play({ kind: 'push' }) }))]));
  }

  // ---- settings, models, forget

  openSettings() {
    const { settings, ui } = this;
    const send = (change) => {
      Object.assign(settings, change);
      this.#keep();
      this.live.send({ type: 'settings', ...change });
    };
    const check = (text, on, change) => make('label', { class: 'check' }, make('input', { type: 'checkbox', checked: on, onchange: ({ target }) => change(target.checked) }), text);
    const voices = this.hello.limits.voices ?? [];
    const languages = [...new Set(voices.map((one) => one.language))];
    const language = make('select', { id: 'ol-language', onchange: ({ target }) => { send({ language: target.value, voice: null }); offer(); } }, languages.map((code) => make('option', { value: code, text: LANGUAGES.of(code) })));
    const voice = make('select', { id: 'ol-voice', onchange: ({ target }) => { if (ui.ownVoice.chosen(target.value)) send({ voice: target.value }); } });
    const offer = () => {
      voice.replaceChildren(...voices.filter((one) => one.language === language.value).map((one) => make('option', { value: one.name, text: one.label })), ...ui.ownVoice.options());
      if (voices.some((one) => one.name === settings.voice && one.language === language.value)) voice.value = settings.voice;
      if (ui.ownVoice.inUse) voice.value = ui.ownVoice.name;
    };
    this.offerVoices = offer;
    if (languages.includes(settings.language)) language.value = settings.language;
    offer();
    const told = make('output', { text: ` ${settings.rate.toFixed(2)} ×` });
    const rate = make('input', { type: 'range', id: 'ol-speed', min: '0.5', max: '2', step: '0.05', value: settings.rate, oninput: ({ target }) => setText(told, ` ${Number(target.value).toFixed(2)} ×`), onchange: ({ target }) => send({ rate: Number(target.value) }) });
    this.showRate = (value) => { rate.value = value; setText(told, ` ${value.toFixed(2)} ×`); };
    const speed = field('Speaking rate', rate, 'ol-speed');
    speed.firstElementChild.append(told);
    ui.el('settings-pane').replaceChildren(
      check('Speak the answers', settings.speak, (on) => send({ speak: on })),
      check('Speak up when something new happens', settings.remarks, (on) => send({ remarks: on })),
      check('Show captions on the picture', !ui.stage.captionsOff, (on) => { ui.stage.captionsOff = !on; if (!on) ui.el('caption').hidden = true; }),
      ...(voices.length ? [field('Language of the answers', language, 'ol-language'), field('Voice', voice, 'ol-voice'), ui.ownVoice.entry()] : []), speed,
      make('p', { text: 'Keys: Space mutes the microphone, Esc interrupts, / searches, arrow keys walk the memory.' }),
      make('div', { class: 'row' }, make('button', { type: 'button', class: 'plain', text: 'Source…', onclick: () => { ui.close('settings'); this.openSource(); } }),
        make('button', { type: 'button', class: 'plain', text: 'What runs here…', onclick: () => { ui.close('settings'); this.openModels(); } })));
    ui.open('settings');
  }

  openModels() {
    const { hello } = this;
    this.ui.el('models-pane').replaceChildren(
      make('p', { text: hello.why ? `Profile ${hello.profile}: ${hello.why}` : 'The server has not answered yet.' }),
      ...this.#profiles(hello),
      make('table', {}, make('tbody', {}, hello.models.map(([role, name]) => make('tr', {}, make('th', { scope: 'row', text: words(role) }), make('td', { text: name }))))),
      this.#licences(),
      hello.cannot.length ? make('h3', { text: 'What it can and cannot do' }) : '', make('ul', {}, hello.cannot.map((text) => make('li', { text }))));
    this.ui.open('models');
  }

  /** Whose models this app can fetch, and on which terms. */
  #licences() {
    const rows = Object.entries(JSON.parse(this.ui.el('loading').dataset.models || '{}'));
    return make('details', { class: 'licences' }, make('summary', { text: 'Licences of the models that can be fetched' }),
      make('table', {}, make('tbody', {}, rows.map(([name, { role, repository, licence, restriction }]) => make('tr', {},
        make('th', { scope: 'row', text: words(role) }),
        make('td', {}, make('b', { text: name }), make('span', { text: ` ${licence}` }), make('small', { text: repository }), restriction ? make('em', { text: restriction }) : ''))))));
  }

  /** On a private server whoever sits before the page is the operator, and may change what runs. */
  #profiles({ profile, limits }) {
    const names = limits.profiles ?? [];
    if (!names.length) return [];
    const choice = make('select', { id: 'ol-profile' }, names.map((name) => make('option', { value: name, text: name })));
    choice.value = profile;
    const told = make('output', { role: 'status' });
    const use = make('button', {
      type: 'button', class: 'plain', text: 'Use it', onclick: async () => {
        try {
          await this.api.post(`api/session/profile?name=${encodeURIComponent(choice.value)}`, {});
          setText(told, 'Changing over. What has to be fetched shows its progress on the stage; meanwhile everything goes on.');
        } catch (error) { setText(told, [error.message, error.hint].filter(Boolean).join(' ')); }
      },
    });
    return [field('Profile', make('div', { class: 'row' }, choice, use), 'ol-profile'), told];
  }

  openForget(group) { openForget(this.ui, this.live, group); }
}
