// Which transport carries camera and microphone. A peer connection is tried first and the WebSocket takes over after 5 s;
// on a public address without TURN both start at once, and the server takes what comes first.

import { Peer } from './webrtc.js';
import { SocketMedia } from './websocket.js';

const FALLBACK_MS = 5000;

export class Media {
  constructor(ui, live, api, audio) {
    Object.assign(this, { ui, live, api, audio });
    this.overSocket = new SocketMedia(live);
    this.stream = null;
    this.peer = null;
    this.blocked = false; // a peer connection failed in this page: go straight to the WebSocket
    live.on('media', ({ transport }) => this.#carried(transport))
      .on('channel', () => this.#again())
      .on('cut', () => this.#peerGone());
  }

  /** Send this stream, instead of any before it. */
  async start(stream) {
    this.stream = stream;
    this.audio.listenTo(stream);
    if (this.peer?.accepted && await this.peer.replace(stream)) return;
    this.#dropPeer();
    clearTimeout(this.timer);
    if (this.blocked || !this.api.peers || !Peer.possible) { await this.#useSocket(); return; }
    if (this.api.race) await this.#useSocket();
    this.timer = setTimeout(() => this.#giveUp(), FALLBACK_MS);
    await this.#connect(stream);
  }

  async #connect(stream) {
    const peer = new Peer(this.api);
    this.peer = peer;
    peer.onopen = () => this.live.attach(peer);
    peer.ontext = (text) => this.live.receive(text, peer);
    peer.ontrack = (remote) => this.audio.playStream(remote);
    peer.onclosed = () => this.#lost(peer);
    try {
      if (this.used) await this.api.open(); // each offer has an id of its own
      this.used = true;
      await peer.connect(stream);
    } catch {
      if (this.peer === peer) this.#giveUp();
    }
  }

  async #useSocket() {
    if (this.stream) await this.overSocket.start(this.stream, this.stream.getVideoTracks().length ? this.ui.view('camera') : null);
  }

  /** No peer connection in time: the WebSocket carries it all, and the page says so. */
  #giveUp() {
    clearTimeout(this.timer);
    if (this.live.channel === this.peer && this.peer) return;
    this.blocked = true;
    this.#dropPeer();
    this.#useSocket();
  }

  #lost(peer) {
    if (this.peer !== peer) return;
    this.peer = null;
    this.audio.stopStream();
    this.live.lost(peer);
    if (this.live.channel && this.stream) this.#useSocket(); // it had not taken over yet
  }

  #peerGone() {
    if (this.peer && this.live.channel !== this.peer) this.#dropPeer();
  }

  /** The server says which connection it listens to. */
  #carried(transport) {
    this.carrier = transport;
    if (transport === 'webrtc') {
      clearTimeout(this.timer);
      this.overSocket.stop();
    } else if (transport === 'websocket' && this.overSocket.sent.pcm + this.overSocket.sent.jpeg > 0 && this.peer && this.live.channel !== this.peer) {
      clearTimeout(this.timer); // the race is over
      this.blocked = true;
      this.#dropPeer();
    }
  }

  /** After a cut, media go on over whatever came back. */
  #again() {
    if (this.live.channel === this.peer && this.peer) {
      clearTimeout(this.timer);
      this.overSocket.stop();
    } else if (this.stream && !this.peer) {
      this.#useSocket();
    }
  }

  #dropPeer() {
    const { peer } = this;
    this.peer = null;
    this.audio.stopStream();
    peer?.close();
  }

  async stop() {
    clearTimeout(this.timer);
    this.stream = null;
    this.audio.listenTo(null);
    if (this.live.channel === this.peer && this.peer) return; // the live channel stays; the tracks have ended
    this.#dropPeer();
    await this.overSocket.stop();
  }
}
