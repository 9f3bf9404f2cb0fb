// Media and messages over one WebSocket: the way in where no peer connection is possible, and the live channel of every
// page until one is. Binary frames: 20 bytes of header (kind u8, 3 zeros, rate u32, media_s f64, turn u32), little-endian,
// then 16-bit PCM or a JPEG.

import { BASE } from './api.js';

const HEADER_BYTES = 20;
const PCM = 1;
const JPEG = 2;
const FRAME_MS = 500; // two pictures per second; the server looks at the newest of each second
const WIDTH = 640;
const BACKLOG_BYTES = 512_000; // on a slow uplink pictures are left out before sound gets late

export class Socket {
  kind = 'WebSocket';

  constructor() {
    const url = new URL('ws/live', BASE);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.ws = new WebSocket(url);
    this.ws.binaryType = 'arraybuffer';
    this.ws.onopen = () => this.onopen?.();
    this.ws.onmessage = ({ data }) => (typeof data === 'string' ? this.ontext?.(data) : this.#media(data));
    this.ws.onclose = (event) => this.onclosed?.(event);
  }

  send(data) {
    if (this.ws.readyState !== WebSocket.OPEN) return false;
    this.ws.send(data);
    return true;
  }

  close() {
    this.onclosed = null;
    this.ws.close(1000);
  }

  get backlogBytes() { return this.ws.bufferedAmount; }

  sendPcm(samples, rateHz, mediaS) { return this.send(pack(PCM, rateHz, mediaS, new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength))); }

  sendJpeg(data, mediaS) { return this.send(pack(JPEG, 0, mediaS, new Uint8Array(data))); }

  #media(data) {
    if (data.byteLength < HEADER_BYTES) return;
    const view = new DataView(data);
    if (view.getUint8(0) !== PCM) return;
    const samples = new Int16Array(data.slice(HEADER_BYTES, data.byteLength - ((data.byteLength - HEADER_BYTES) % 2)));
    this.onpcm?.({ rateHz: view.getUint32(4, true), mediaS: view.getFloat64(8, true), turn: view.getUint32(16, true), samples });
  }
}

export function pack(kind, rateHz, mediaS, payload) {
  const packet = new Uint8Array(HEADER_BYTES + payload.byteLength);
  const view = new DataView(packet.buffer);
  view.setUint8(0, kind);
  view.setUint32(4, rateHz, true);
  view.setFloat64(8, mediaS, true);
  packet.set(payload, HEADER_BYTES);
  return packet;
}

/** Sends microphone and camera over a socket, for as long as it is started. */
export class SocketMedia {
  constructor(live) {
    this.live = live;
    this.canvas = document.createElement('canvas');
    this.sent = { pcm: 0, jpeg: 0 };
  }

  async start(stream, video) {
    await this.stop();
    if (stream.getAudioTracks().length) await this.#microphone(new MediaStream(stream.getAudioTracks()));
    if (video) {
      this.video = video;
      this.timer = setInterval(() => this.#frame(), FRAME_MS);
    }
  }

  async stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.video = null;
    const context = this.context;
    this.context = null;
    await context?.close();
  }

  async #microphone(stream) {
    // Chromium and Safari resample the microphone to the context's rate; Firefox refuses, and sends its own rate instead.
    let context = new AudioContext({ sampleRate: 16000, latencyHint: 'interactive' });
    let source;
    try {
      source = context.createMediaStreamSource(stream);
    } catch {
      await context.close();
      context = new AudioContext({ latencyHint: 'interactive' });
      source = context.createMediaStreamSource(stream);
    }
    this.context = context;
    await context.audioWorklet.addModule(new URL('capture-worklet.js', import.meta.url));
    if (this.context !== context) return; // stopped meanwhile
    const node = new AudioWorkletNode(context, 'omnilive-capture', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
    node.port.onmessage = ({ data }) => {
      const socket = this.live.socket;
      if (socket?.sendPcm(data.samples, context.sampleRate, data.mediaS)) this.sent.pcm += 1;
    };
    source.connect(node);
    await context.resume();
  }

  #frame() {
    const { video, live: { socket } } = this;
    if (!socket || !video?.videoWidth || socket.backlogBytes > BACKLOG_BYTES || this.encoding) return;
    const track = video.srcObject?.getVideoTracks()[0];
    if (!track || track.readyState !== 'live' || !track.enabled) return;
    const width = Math.min(WIDTH, video.videoWidth);
    this.canvas.width = width;
    this.canvas.height = Math.round((width * video.videoHeight) / video.videoWidth);
    this.canvas.getContext('2d').drawImage(video, 0, 0, this.canvas.width, this.canvas.height);
    const mediaS = this.context ? this.context.currentTime : performance.now() / 1000;
    this.encoding = true;
    this.canvas.toBlob(async (blob) => {
      this.encoding = false;
      if (blob && socket.sendJpeg(await blob.arrayBuffer(), mediaS)) this.sent.jpeg += 1;
    }, 'image/jpeg', 0.8);
  }
}
