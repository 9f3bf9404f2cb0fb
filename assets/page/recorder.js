// A stretch of the microphone as 16-bit samples, kept in this object only, until `drop`.

const RATE_HZ = 48000;

export class Recorder {
  constructor(longestS) {
    this.longestS = longestS;
    this.drop();
  }

  /** Forget what was recorded. */
  drop() {
    this.packets = [];
    this.count = 0;
    this.rateHz = RATE_HZ;
  }

  get seconds() { return this.count / this.rateHz; }

  /** Record a stream, which is stopped at the end. `onlevel(rms)` comes with each packet, `onfull()` after the longest
   *  time, `onlost()` when the microphone goes away. Rejects when the browser cannot. */
  async start(stream, { onlevel, onfull, onlost }) {
    this.drop();
    this.stream = stream;
    const { context, source } = this.#graph(stream);
    this.context = context;
    this.rateHz = context.sampleRate;
    try {
      await context.audioWorklet.addModule(new URL('capture-worklet.js', import.meta.url));
      if (this.context !== context) return; // stopped meanwhile
      const node = new AudioWorkletNode(context, 'omnilive-capture', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
      node.port.onmessage = ({ data: { samples } }) => {
        if (this.context !== context) return;
        const rest = Math.round(this.longestS * this.rateHz) - this.count;
        this.packets.push(samples.subarray(0, rest));
        this.count += Math.min(rest, samples.length);
        onlevel(Math.sqrt(samples.reduce((sum, value) => sum + (value / 32768) ** 2, 0) / samples.length));
        if (samples.length >= rest) onfull();
      };
      stream.getAudioTracks()[0].addEventListener('ended', () => this.context === context && onlost());
      source.connect(node);
      await context.resume();
    } catch (error) {
      if (this.context !== context) return; // stopped meanwhile
      this.stop();
      throw error;
    }
  }

  /** Firefox refuses to change a microphone's rate; then it is recorded as it comes. */
  #graph(stream) {
    const context = new AudioContext({ sampleRate: RATE_HZ, latencyHint: 'interactive' });
    try {
      return { context, source: context.createMediaStreamSource(stream) };
    } catch {
      context.close();
      const own = new AudioContext({ latencyHint: 'interactive' });
      return { context: own, source: own.createMediaStreamSource(stream) };
    }
  }

  /** Let go of the microphone; what was recorded stays. */
  stop() {
    const { context, stream } = this;
    this.context = null;
    this.stream = null;
    for (const track of stream?.getTracks() ?? []) track.stop();
    context?.close();
  }

  /** All samples, Int16. */
  get samples() {
    const all = new Int16Array(this.count);
    let at = 0;
    for (const packet of this.packets) { all.set(packet, at); at += packet.length; }
    return all;
  }

  /** Play it to whoever spoke; resolves when it is over, or `hush` was called. */
  async play() {
    this.hush();
    const context = new AudioContext();
    this.player = context;
    const buffer = context.createBuffer(1, this.count, this.rateHz);
    buffer.copyToChannel(Float32Array.from(this.samples, (value) => value / 32768), 0);
    const source = Object.assign(context.createBufferSource(), { buffer });
    source.connect(context.destination);
    await context.resume();
    await new Promise((resolve) => { this.over = source.onended = resolve; source.start(); });
    if (this.player === context) this.hush();
  }

  hush() {
    this.player?.close();
    this.player = null;
    this.over?.();
  }
}
