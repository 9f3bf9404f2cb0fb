// The answer's sound, from either transport, through one gain: ducked at once when somebody speaks, cut and emptied on an
// interruption, restored on a false alarm. Also the level meters, and the reports of how much was really heard.

const DUCKED = 0.2;
const RAMP_S = 0.012; // time constant; after 50 ms the gain is within 2 % of its goal
const LOUD = 0.01; // −40 dBFS
const PAUSE_MS = 350; // a silence longer than this is between sentences, not in one
const REPORT_MS = 250;

export class Audio {
  constructor(live) {
    this.live = live;
    this.heard = { turn: 0, ms: 0, reported: -1 };
    this.cutTurn = 0; // sound of turns up to this one is not played any more
    this.levels = { in: 0, out: 0, peakOut: 0, loudMs: 0 };
    this.waiting = [];
    live.on('pcm', (packet) => this.#packet(packet));
    live.on('state', (event) => this.#state(event));
    live.on('interrupt', (event) => this.cut(event.turn));
  }

  /** To be called in a click: browsers start sound only then. */
  async unlock() {
    if (!this.context) this.#build();
    await this.context.resume().catch(() => {});
    await this.ready;
  }

  get locked() { return !this.context || this.context.state !== 'running'; }

  #build() {
    this.context = new AudioContext({ latencyHint: 'interactive' });
    this.gain = this.context.createGain();
    this.out = this.context.createAnalyser();
    this.out.fftSize = 1024;
    this.gain.connect(this.out).connect(this.context.destination);
    this.ready = this.context.audioWorklet.addModule(new URL('playback-worklet.js', import.meta.url)).then(() => {
      this.player = new AudioWorkletNode(this.context, 'omnilive-playback', { numberOfInputs: 0, outputChannelCount: [1] });
      this.player.port.onmessage = ({ data }) => this.#heard(data.turn, data.heardMs, !data.running);
      this.player.connect(this.gain);
      for (const packet of this.waiting.splice(0)) this.player.port.postMessage(packet);
    });
    this.#meter();
  }

  #packet(packet) {
    if (packet.turn && packet.turn <= this.cutTurn) return;
    if (packet.turn !== this.packetTurn) {
      this.packetTurn = packet.turn;
      this.#gainTo(1);
    }
    if (this.player) this.player.port.postMessage(packet, [packet.samples.buffer]);
    else if (this.waiting.length < 500) this.waiting.push(packet); // ten seconds, until the first click
  }

  /** The other end's track of a peer connection. */
  playStream(stream) {
    if (!this.context) this.#build();
    this.remote?.disconnect();
    // Chromium feeds a remote track into the graph only while some media element plays it.
    this.anchor ??= Object.assign(new window.Audio(), { muted: true });
    this.anchor.srcObject = stream;
    this.anchor.play().catch(() => {});
    this.remote = this.context.createMediaStreamSource(stream);
    this.remote.connect(this.gain);
  }

  stopStream() {
    this.remote?.disconnect();
    this.remote = null;
    if (this.anchor) this.anchor.srcObject = null;
  }

  listenTo(stream) {
    this.mic?.disconnect();
    this.mic = null;
    if (!stream?.getAudioTracks().length) return;
    if (!this.context) this.#build();
    this.in ??= Object.assign(this.context.createAnalyser(), { fftSize: 1024 });
    try {
      this.mic = this.context.createMediaStreamSource(new MediaStream(stream.getAudioTracks()));
      this.mic.connect(this.in);
    } catch { this.mic = null; } // a browser that cannot mix rates: no meter, all else works
  }

  #state({ state, turn }) {
    this.state = state;
    if (turn) this.stateTurn = turn;
    if (state === 'ducked') this.#gainTo(DUCKED);
    else if (state === 'speaking' || state === 'thinking') this.#gainTo(1);
  }

  #gainTo(value) {
    if (!this.context) return;
    const { gain } = this.gain;
    gain.cancelScheduledValues(this.context.currentTime);
    gain.setTargetAtTime(value, this.context.currentTime, RAMP_S);
  }

  /** Silence now, whatever the server or the network still has in store for this turn. */
  cut(turn) {
    this.cutTurn = Math.max(this.cutTurn, turn ?? this.heard.turn);
    this.player?.port.postMessage({ flush: true });
    this.waiting.length = 0;
    if (this.heard.turn) this.#report();
    if (!this.context) return;
    const { gain } = this.gain;
    gain.cancelScheduledValues(this.context.currentTime);
    gain.setValueAtTime(0, this.context.currentTime);
  }

  #heard(turn, ms, done) {
    if (turn !== this.heard.turn) this.heard = { turn, ms: 0, reported: -1 };
    this.heard.ms = ms;
    if (done || ms - this.heard.reported >= REPORT_MS) this.#report();
  }

  #report() {
    const { turn, ms, reported } = this.heard;
    if (!turn || ms === reported) return;
    this.heard.reported = ms;
    this.live.send({ type: 'playout', turn, heard_ms: Math.round(ms) });
  }

  #meter() {
    const buffer = new Float32Array(1024);
    const rms = (analyser) => {
      analyser.getFloatTimeDomainData(buffer);
      let sum = 0;
      for (const value of buffer) sum += value * value;
      return Math.sqrt(sum / buffer.length);
    };
    let before = performance.now();
    let quietMs = 0;
    // A timer and not an animation frame: reports must go on in a hidden tab.
    setInterval(() => {
      const now = performance.now();
      const passed = Math.min(200, now - before);
      before = now;
      this.levels.in = this.mic && !this.muted ? rms(this.in) : 0;
      this.levels.out = rms(this.out);
      this.levels.peakOut = Math.max(this.levels.peakOut, this.levels.out);
      const loud = this.levels.out > LOUD;
      if (loud) this.levels.loudMs += passed;
      quietMs = loud ? 0 : quietMs + passed;
      // Over a peer connection nobody numbers the samples: count the time in which the turn sounds.
      if (this.remote && this.stateTurn && (this.state === 'speaking' || this.state === 'ducked')) {
        const { turn, ms } = this.heard;
        if (turn !== this.stateTurn && loud) this.#heard(this.stateTurn, passed, false);
        else if (turn === this.stateTurn && quietMs < PAUSE_MS) this.#heard(turn, ms + passed, false);
      }
      this.onlevels?.(this.levels);
    }, 50);
  }
}
