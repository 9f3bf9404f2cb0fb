// The live channel: one ordered stream of JSON messages in each direction, over whichever transport carries it now.
// A session outlives its connection: after a cut the page attaches again with the last number it saw, and the server
// replays what was missed.

import { ApiError, tabName } from './api.js';
import { Socket } from './websocket.js';

const HEARTBEAT_MS = 5000;
const BACKOFF_MS = [300, 700, 1500, 3000, 5000, 8000];

export class Live {
  constructor(api) {
    this.api = api;
    this.tab = tabName();
    this.lastSeq = 0;
    this.channel = null; // {kind, send(text), close()}; the one that carries the stream now
    this.listeners = new Map();
    this.attempts = 0;
    this.role = 'ask';
    this.wanted = false;
    this.clock = { t_s: 0, at: performance.now() };
    setInterval(() => this.#beat(), HEARTBEAT_MS);
    addEventListener('online', () => this.wanted && !this.channel && this.retryNow());
  }

  on(type, listener) {
    if (!this.listeners.has(type)) this.listeners.set(type, []);
    this.listeners.get(type).push(listener);
    return this;
  }

  emit(type, message = {}) { for (const listener of this.listeners.get(type) ?? []) listener(message); }

  /** Stream time now, carried on from the last message. */
  nowS() { return this.clock.t_s + (performance.now() - this.clock.at) / 1000; }

  async start(role = 'ask') {
    this.wanted = true;
    this.role = role;
    clearTimeout(this.timer);
    if (this.starting) return this.starting;
    this.starting = this.#open().finally(() => { this.starting = null; });
    return this.starting;
  }

  async #open() {
    try {
      await this.api.open();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 'waiting' || error.code === 'lobby_full') this.emit('seats', error);
      else this.emit('cut', error);
      this.#later(error.retryAfterS * 1000);
      return;
    }
    this.emit('opened');
    this.#connect();
  }

  #connect() {
    this.socket?.close();
    const socket = new Socket();
    this.socket = socket;
    socket.onopen = () => this.attach(socket);
    socket.ontext = (text) => this.receive(text, socket);
    socket.onpcm = (packet) => this.emit('pcm', packet);
    socket.onclosed = (event) => this.lost(socket, event);
  }

  /** Introduce a channel; the server answers with `hello` on it, and from then on it carries the stream. */
  attach(channel) {
    const first = { v: 1, type: 'attach', tab: this.tab, last_seq: this.lastSeq, role: this.role, media: true };
    if (channel.kind === 'WebSocket') first.token = this.api.token;
    channel.send(JSON.stringify(first));
  }

  #beat() {
    this.beatAt = performance.now();
    this.send({ type: 'heartbeat' });
  }

  receive(text, channel) {
    if (performance.now() - (this.beatAt ?? 0) > HEARTBEAT_MS) this.#beat(); // hidden tabs' timers sleep; messages come
    let message;
    try { message = JSON.parse(text); } catch { return; }
    if (!message || typeof message.type !== 'string' || message.v !== 1) return; // fastrtc's own messages have no v
    if (message.type === 'hello') this.#greeted(message, channel);
    else if (this.#known(message, channel)) return;
    if (channel === this.channel && message.seq) this.lastSeq = Math.max(this.lastSeq, message.seq);
    if (typeof message.t_s === 'number') this.clock = { t_s: message.t_s, at: performance.now() };
    this.emit(message.type, message);
    if (message.type === 'bye') this.#ended(message, channel);
  }

  /** Whether a message was seen before, on this channel or on the one that it replaces. */
  #known({ type, seq }, channel) {
    if (type === 'notice' || type === 'fault' || type === 'bye') return false; // may be for this connection alone
    if (channel !== this.channel) return true;
    return seq <= this.lastSeq && seq !== channel.greetingSeq; // a greeting's messages share the number of its hello
  }

  #greeted(message, channel) {
    const before = this.channel;
    const first = before !== channel;
    this.channel = channel;
    this.attempts = 0;
    channel.greetingSeq = message.seq;
    if (!first) { // greeted afresh (after falling behind, or after forgetting), or the models finished loading
      if (message.seq === 0 && !message.resumed) this.emit('reset');
      return;
    }
    if (!message.resumed) {
      this.lastSeq = 0;
      this.emit('reset');
    }
    if (before) before.close();
    if (before && before === this.socket) this.socket = null;
    this.emit('channel', { kind: channel.kind, role: this.role });
    if (this.role === 'take_over') this.role = 'ask'; // a later cut of this tab is no reason to take over again
  }

  #ended({ reason }, channel) {
    if (reason === 'replaced' || channel !== (this.channel ?? channel)) return;
    if (reason === 'unknown_session' || reason === 'attach_timeout') return; // the socket closes, and the page knocks anew
    this.wanted = false;
    if (reason !== 'taken_over') {
      this.api.forgetToken();
      this.lastSeq = 0;
    }
    this.#drop();
  }

  /** Stop, without a word, until `start` is called again. */
  pause() {
    this.wanted = false;
    this.#drop();
  }

  #drop() {
    clearTimeout(this.timer);
    const channels = new Set([this.channel, this.socket]);
    this.channel = null;
    this.socket = null;
    for (const channel of channels) channel?.close();
  }

  /** A channel closed. Only the one that carried the stream matters; a replaced one may go. */
  lost(channel, event = {}) {
    if (channel !== this.channel && channel !== this.socket) return;
    if (this.socket === channel) this.socket = null;
    if (this.channel && this.channel !== channel) return;
    this.channel = null;
    if (!this.wanted) return;
    this.emit('cut', event);
    this.#later();
  }

  #later(atLeastMs = 0) {
    if (!this.wanted) return;
    const wait = Math.max(atLeastMs, BACKOFF_MS[Math.min(this.attempts, BACKOFF_MS.length - 1)]);
    this.attempts += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.start(this.role), wait * (0.85 + 0.3 * Math.random()));
  }

  retryNow() {
    this.attempts = 0;
    return this.start(this.role);
  }

  /** Whether the message went out. */
  send(message) {
    if (!this.channel) return false;
    return this.channel.send(JSON.stringify({ v: 1, ...message }));
  }
}
