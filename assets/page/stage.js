// What happens: the picture (the visitor's own camera, a video in step with the server, or the server's newest frame),
// the captions, the meters, and the line that says what the assistant does and what the visitor can do.

import { BASE } from './api.js';
import { clockTime, make, setText } from './text.js';

const NAMES = { idle: 'Ready', listening: 'Listening', thinking: 'Thinking', speaking: 'Speaking', ducked: 'Listening' };
const VIEW_MS = 500; // pictures of a stream that only the server can see
const DRIFT_S = 0.4;
const CAPTION_MS = 7000;
const BARS = [0.55, 0.8, 1, 0.75, 0.5]; // one level, drawn as five bars
const TROUBLE_MS = 6000; // a failure stays at least this long
const FIRM = new Set(['denied', 'absent', 'busy', 'insecure', 'policy', 'unknown', 'constraint', 'reloaded']); // until a source plays
const LASTING = new Set(['watching', 'taken_over', 'bye']); // until the visitor decides

export class Stage {
  constructor(ui, live, api) {
    Object.assign(this, { ui, live, api });
    this.camera = ui.view('camera');
    this.video = ui.view('video');
    this.remote = ui.view('remote');
    this.kind = 'none';
    this.files = new Map(); // name of an upload -> object URL, if this browser has the file
    this.sound = true;
    live.on('state', (event) => this.#state(event))
      .on('source', (event) => this.#source(event))
      .on('caption', (event) => this.#caption(event))
      .on('fault', (event) => !event.lost && this.trouble({ title: event.message, text: event.hint, code: event.code, actions: event.code.startsWith('source') ? ['source', 'sample'] : [] }))
      .on('notice', (event) => this.#notice(event))
      .on('bye', ({ reason }) => reason !== 'taken_over' && this.#gone())
      .on('reset', () => ui.el('notices').replaceChildren());
    this.video.addEventListener('error', () => this.kind === 'file' && this.#show('remote'));
    this.video.addEventListener('loadedmetadata', () => { this.video.playbackRate = this.last?.rate ?? 1; });
    setInterval(() => this.#tick(), 250);
  }

  // ---- picture

  showCamera(stream, mirror) {
    this.camera.srcObject = stream;
    this.camera.classList.toggle('mirror', mirror);
    this.camera.play?.().catch(() => {});
    if (this.kind === 'camera') this.#show(stream?.getVideoTracks().length ? 'camera' : 'blind');
  }

  #show(view) {
    if (view === this.showing) return;
    for (const name of ['camera', 'video', 'remote', 'blind']) this.ui.view(name).hidden = name !== view;
    this.showing = view;
    clearInterval(this.polling);
    if (view === 'remote') {
      this.seen = '';
      this.polling = setInterval(() => this.#poll(), VIEW_MS);
      this.#poll();
    }
    this.ui.act('sound').hidden = view !== 'video';
  }

  #gone() {
    this.kind = 'none';
    this.last = null;
    this.state = 'idle';
    this.video.pause();
    this.#show('blind');
    setText(this.ui.view('blind'), 'The visit is over.');
    this.ui.el('stop').hidden = true;
    this.say(null);
  }

  async #poll() {
    if (this.fetching || document.hidden) return;
    this.fetching = true;
    try {
      const response = await this.api.request(`api/session/view${this.seen ? `?since=${this.seen}` : ''}`);
      if (response.status === 204) return;
      this.seen = response.headers.get('X-Frame-Time');
      const blob = await response.blob();
      const before = this.remote.src;
      this.remote.src = URL.createObjectURL(blob);
      if (before) URL.revokeObjectURL(before);
    } catch { /* no picture yet, or a cut: the state line tells */ } finally { this.fetching = false; }
  }

  #source(event) {
    const { kind, name, state } = event;
    const begun = this.kind !== kind || this.last?.name !== name;
    this.last = { ...event, at: performance.now() };
    this.kind = kind;
    if (kind !== 'none' || this.ui.root.dataset.phase !== 'loading') this.ui.setPhase(kind === 'none' ? 'welcome' : 'live');
    setText(this.ui.el('source-name'), { camera: 'live', sample: state === 'ended' ? 'ended' : 'sample', file: 'file', url: 'stream', push: 'pushed' }[kind] ?? '');
    if (kind === 'camera') this.#show(this.camera.srcObject?.getVideoTracks().length ? 'camera' : 'blind');
    else if (kind === 'sample' || (kind === 'file' && this.files.has(name))) this.#follow(event, begun);
    else if (kind !== 'none') this.#show(state === 'waiting' ? 'blind' : 'remote');
    if (kind !== 'sample' && kind !== 'file') this.video.pause();
    setText(this.ui.view('blind'), kind === 'push' ? 'Waiting for the pushed stream.' : kind === 'camera' ? 'Microphone only. There is no picture.' : 'Waiting for the first picture.');
    if (state === 'playing') this.calm('playing');
    this.#line();
  }

  /** Play the same video here, at the server's place in it. */
  #follow({ kind, name, state, position_s, rate }, begun) {
    const { video } = this;
    const source = kind === 'sample' ? new URL(`samples/${encodeURIComponent(name)}.mp4`, BASE).href : this.files.get(name);
    if (begun || video.src !== source) {
      video.src = source;
      video.muted = !this.sound;
    }
    this.#show('video');
    if (Math.abs(video.currentTime - position_s) > DRIFT_S * Math.max(1, rate)) video.currentTime = position_s;
    video.playbackRate = Math.min(16, rate);
    if (state === 'playing') video.play().catch(() => { video.muted = true; this.#soundLabel(); return video.play(); }).catch(() => {});
    else video.pause();
  }

  toggleSound() {
    this.sound = !this.sound;
    this.video.muted = !this.sound;
    this.#soundLabel();
  }

  #soundLabel() {
    const button = this.ui.act('sound');
    const on = !this.video.muted;
    button.setAttribute('aria-pressed', String(on));
    setText(button, on ? 'Sound on' : 'Sound off');
  }

  #tick() {
    const { last } = this;
    if (!last || document.hidden) return;
    setText(this.ui.el('clock'), clockTime(this.live.nowS()));
    const bar = this.ui.el('source-progress');
    bar.hidden = !last.duration_s || last.kind === 'none';
    if (bar.hidden) return;
    const moved = last.state === 'playing' ? ((performance.now() - last.at) / 1000) * last.rate : 0;
    bar.firstElementChild.style.width = `${Math.min(100, ((last.position_s + moved) / last.duration_s) * 100)}%`;
  }

  // ---- captions

  #caption({ text, final, speaker, typed }) {
    if (typed) return;
    const box = this.ui.el('caption');
    setText(this.ui.el('caption-final'), final ? text : '');
    setText(this.ui.el('caption-interim'), final ? '' : `${text}…`);
    box.dataset.speaker = speaker;
    box.hidden = !text || this.captionsOff;
    clearTimeout(this.captionTimer);
    this.captionTimer = setTimeout(() => { box.hidden = true; }, CAPTION_MS);
  }

  // ---- meters

  levels({ in: heard, out }) {
    const scale = (rms) => (rms <= 0.0005 ? 0 : Math.max(0, Math.min(1, 1 + Math.log10(rms * 4) / 2.2))); // −66 … −12 dBFS
    const draw = (name, value) => {
      const meter = this.ui.el(name);
      Array.from(meter.querySelectorAll('i')).forEach((bar, i) => bar.style.setProperty('--v', (value * BARS[i]).toFixed(2)));
    };
    const [levelIn, levelOut] = [scale(heard), scale(out)];
    if (levelIn !== this.levelIn) { draw('meter-in', levelIn); this.ui.root.style.setProperty('--level-in', levelIn.toFixed(2)); }
    if (levelOut !== this.levelOut) { draw('meter-out', levelOut); this.ui.root.style.setProperty('--level-out', levelOut.toFixed(2)); }
    [this.levelIn, this.levelOut] = [levelIn, levelOut];
  }

  // ---- the state line, and what takes its place

  #state({ state, detail }) {
    this.state = state;
    this.detail = detail;
    this.ui.root.dataset.state = state;
    this.ui.el('stop').hidden = !['thinking', 'speaking', 'ducked'].includes(state);
    this.video.volume = state === 'speaking' || state === 'ducked' ? 0.2 : 1; // the answer is heard above the film
    if (state !== 'idle') this.calm();
    this.#line();
  }

  /** A sentence of the page's own (connecting, reconnecting) until `say(null)`. */
  say(line) {
    this.own = line;
    this.ui.root.dataset.state = line ? 'idle' : this.state ?? 'idle';
    this.#line();
  }

  #line() {
    const [name, detail] = this.own ?? this.#words();
    setText(this.ui.el('state-name'), name);
    setText(this.ui.el('state-detail'), detail);
  }

  #words() {
    const { kind, state: playing, detail } = this.last ?? {};
    if ((this.state ?? 'idle') !== 'idle') return [NAMES[this.state], this.detail ?? ''];
    if (!kind || kind === 'none') return ['Ready', 'Choose a sample, or switch on your camera.'];
    if (kind === 'camera') return this.micOff ? ['Watching', 'Your microphone is off. Type a question, or switch it on.'] : ['Listening', 'Just talk, or type a question.'];
    if (playing === 'ended') return ['Ended', 'The video is over. What was seen stays: ask about it.'];
    if (playing === 'waiting') return ['Waiting', detail || 'for the first picture'];
    return ['Watching', this.detail || 'Ask about now, or about anything so far.'];
  }

  /** A failure: {title, text, actions: names of buttons, code}. Takes the place of the state line. */
  trouble({ title, text = '', actions = [], code = '' }) {
    const box = this.ui.el('trouble');
    setText(this.ui.el('trouble-title'), title);
    setText(this.ui.el('trouble-text'), text);
    box.dataset.code = code;
    const buttons = actions.map((name) => this.ui.wayOut(name)).filter(Boolean);
    buttons.push(make('button', { type: 'button', text: 'Close', 'data-act': 'calm' }));
    this.ui.el('trouble-actions').replaceChildren(...buttons);
    box.hidden = false;
    this.ui.el('state').hidden = this.ui.root.dataset.phase !== 'live';
    this.ui.el('status').hidden = true;
    this.troubleAt = performance.now();
    box.scrollIntoView({ block: 'nearest' });
  }

  /** The failure is over: because the visitor says so (`closed`), a source plays (`playing`), or the talk goes on. */
  calm(why = 'talk') {
    const fresh = performance.now() - (this.troubleAt ?? 0) < TROUBLE_MS;
    const { code } = this.ui.el('trouble').dataset;
    if (why !== 'closed' && LASTING.has(code)) return;
    if (why === 'talk' && (fresh || FIRM.has(code))) return;
    this.ui.el('trouble').hidden = true;
    this.ui.el('status').hidden = false;
    this.ui.el('state').hidden = false;
  }

  #notice({ code, message, hint }) {
    if (this.ui.handlesNotice({ code, message, hint })) return;
    const line = make('p', { 'data-notice': code }, make('span', { text: hint ? `${message} ${hint}` : message }),
      make('button', { type: 'button', class: 'link', text: 'OK', 'aria-label': 'Close this notice', onclick: () => line.remove() }));
    const box = this.ui.el('notices');
    for (const old of box.querySelectorAll('p')) if (old.dataset.notice === code) old.remove();
    box.append(line);
    while (box.children.length > 2) box.firstElementChild.remove();
    setTimeout(() => line.remove(), 15000);
  }
}
