// Media and messages over a peer connection: an offer to /webrtc/offer with the session's webrtc_id, candidates as they
// come, one data channel for the live messages.

import { ApiError } from './api.js';

const GATHER_MS = 400; // candidates found by then ride in the offer; later ones follow one by one

export class Peer {
  kind = 'WebRTC';

  constructor(api) {
    this.api = api;
    this.rttMs = null;
  }

  /** Whether this browser has peer connections at all. */
  static get possible() { return typeof RTCPeerConnection === 'function'; }

  /** Begin; `onopen`, `ontext`, `ontrack` and `onclosed` tell how it goes. Rejects when the server does not take the offer. */
  async connect(stream) {
    const pc = new RTCPeerConnection({ iceServers: this.api.iceServers, bundlePolicy: 'max-bundle' });
    this.pc = pc;
    this.late = [];
    pc.onicecandidate = ({ candidate }) => candidate?.candidate && this.#candidate(candidate);
    pc.ontrack = ({ track }) => track.kind === 'audio' && this.ontrack?.(new MediaStream([track]));
    pc.onconnectionstatechange = () => this.#changed();
    const data = pc.createDataChannel('live', { ordered: true });
    this.data = data;
    data.onopen = () => this.onopen?.();
    data.onmessage = (event) => typeof event.data === 'string' && this.ontext?.(event.data);
    data.onclose = () => this.#gone();
    for (const track of stream.getTracks()) pc.addTrack(track, stream);
    if (!stream.getAudioTracks().length) pc.addTransceiver('audio', { direction: 'recvonly' }); // the answers' sound
    await pc.setLocalDescription();
    await this.#gathered(GATHER_MS);
    await this.#offer();
    this.stats = setInterval(() => this.#measure(), 2000);
  }

  #gathered(limitMs) {
    const { pc } = this;
    if (pc.iceGatheringState === 'complete') return null;
    return new Promise((resolve) => {
      setTimeout(resolve, limitMs);
      pc.addEventListener('icegatheringstatechange', () => pc.iceGatheringState === 'complete' && resolve());
    });
  }

  async #offer() {
    const { pc } = this;
    const { sdp, type } = pc.localDescription;
    this.id = this.api.webrtcId;
    const answer = await this.api.post('webrtc/offer', { sdp, type, webrtc_id: this.id });
    if (answer.status === 'failed') { // fastrtc refuses with 200
      throw new ApiError(200, answer.meta?.error ?? 'refused', 'The server did not take the peer connection.');
    }
    if (this.pc !== pc || pc.signalingState === 'closed') return;
    await pc.setRemoteDescription({ type: answer.type, sdp: answer.sdp });
    this.accepted = true;
    for (const candidate of this.late.splice(0)) this.#candidate(candidate);
  }

  #candidate(candidate) {
    if (this.pc?.localDescription?.sdp.includes(candidate.candidate) && !this.accepted) return; // rides in the offer
    if (!this.accepted) { this.late.push(candidate); return; }
    this.api.post('webrtc/offer', { type: 'ice-candidate', candidate: candidate.toJSON(), webrtc_id: this.id }).catch(() => {});
  }

  #changed() {
    const { connectionState } = this.pc ?? {};
    if (connectionState === 'failed' || connectionState === 'closed') this.#gone();
    // A short loss of the network heals by itself; the server gives the session a minute.
    clearTimeout(this.patience);
    if (connectionState === 'disconnected') this.patience = setTimeout(() => this.#gone(), 6000);
  }

  #gone() {
    const tell = this.onclosed;
    this.close();
    tell?.({});
  }

  async #measure() {
    const report = await this.pc?.getStats().catch(() => null);
    for (const stat of report?.values() ?? []) {
      if (stat.type === 'candidate-pair' && stat.nominated && stat.currentRoundTripTime !== undefined) this.rttMs = stat.currentRoundTripTime * 1000;
    }
  }

  send(text) {
    if (this.data?.readyState !== 'open') return false;
    this.data.send(text);
    return true;
  }

  /** Put another camera or microphone into the running connection; false when a new one has to be made. */
  async replace(stream) {
    const senders = this.pc?.getSenders() ?? [];
    const kinds = new Set(senders.filter((s) => s.track).map((s) => s.track.kind));
    if (stream.getTracks().some((track) => !kinds.has(track.kind))) return false;
    for (const sender of senders) {
      if (sender.track) await sender.replaceTrack(stream.getTracks().find((t) => t.kind === sender.track.kind) ?? null);
    }
    return true;
  }

  close() {
    this.onclosed = null;
    clearInterval(this.stats);
    clearTimeout(this.patience);
    const { pc } = this;
    this.pc = null;
    this.data = null;
    if (!pc) return;
    pc.onconnectionstatechange = null;
    pc.close();
  }
}
