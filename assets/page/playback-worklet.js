// Plays packets of PCM as they come, from a queue that can be emptied between two samples. Says after each tenth of a
// second how much of the turn's sound has come out, so that the history keeps only what was heard.

const START_S = 0.06; // wait for this much before the first sample, so that network jitter is not heard
const REPORT_S = 0.1;

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.clear();
    this.sinceReport = 0;
    this.port.onmessage = ({ data }) => {
      if (data.flush) this.clear();
      else this.push(data);
    };
  }

  clear() {
    this.packets = [];
    this.head = 0; // position in the first packet, in its own samples
    this.queuedS = 0;
    this.running = false;
    this.waitedS = 0;
    this.turn = 0;
    this.heardS = 0; // place in the turn's sound, as the server counts it
  }

  push({ samples, rateHz, turn, mediaS }) {
    if (turn !== this.turn) {
      this.clear();
      this.turn = turn;
    }
    this.packets.push({ samples, rateHz, mediaS });
    this.queuedS += samples.length / rateHz;
  }

  process(_, [output]) {
    const channel = output[0];
    if (!this.running && this.packets.length) {
      this.waitedS += channel.length / sampleRate;
      if (this.queuedS >= START_S || this.waitedS >= START_S) this.running = true; // a last short packet is played too
    }
    let played = 0;
    if (this.running) while (played < channel.length && this.packets.length) channel[played++] = this.next();
    if (this.running && !this.packets.length) this.running = false;
    if (this.running) this.waitedS = 0;
    if (played) this.report(played);
    return true;
  }

  /** One output sample: a cubic through the four input samples around the reading position. */
  next() {
    const { samples, rateHz, mediaS } = this.packets[0];
    const after = this.packets[1]?.samples;
    const i = Math.floor(this.head);
    const f = this.head - i;
    const at = (n) => (n < 0 ? samples[0] : n < samples.length ? samples[n] : after ? after[Math.min(n - samples.length, after.length - 1)] : samples[samples.length - 1]);
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    const value = b + 0.5 * f * (c - a + f * (2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a)));
    this.head += rateHz / sampleRate;
    this.heardS = mediaS + this.head / rateHz;
    if (this.head >= samples.length) {
      this.head -= samples.length;
      this.queuedS -= samples.length / rateHz;
      this.packets.shift();
    }
    return Math.max(-1, Math.min(1, value / 32768));
  }

  report(played) {
    this.sinceReport += played / sampleRate;
    if (this.sinceReport < REPORT_S && this.running) return;
    this.sinceReport = 0;
    this.port.postMessage({ turn: this.turn, heardMs: this.heardS * 1000, running: this.running });
  }
}

registerProcessor('omnilive-playback', Playback);
