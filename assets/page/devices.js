// Camera and microphone: asked for in one place, with a card for each way in which that fails.

const AUDIO = { echoCancellation: true, noiseSuppression: false, autoGainControl: false }; // the tagger should hear the room
const VIDEO = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 15 } };

const inFrame = () => window.self !== window.top;

/** Why the browser gave nothing, in words: {code, title, text}. */
export function explain(error, wanted) {
  const thing = wanted.video ? (wanted.audio ? 'camera and microphone' : 'camera') : 'microphone';
  const card = (code, title, text) => ({ code, title, text });
  switch (error?.code_ ?? error?.name) {
    case 'insecure':
      return card('insecure', 'This address cannot use a camera.',
        'Browsers allow camera and microphone only on https addresses and on this computer itself. Open the page as https, or as localhost; or play a sample.');
    case 'policy':
      return card('policy', `The page around this one does not pass on the ${thing}.`,
        'Open OmniLive in a tab of its own, or play a sample.');
    case 'NotAllowedError':
    case 'SecurityError':
      return card('denied', `The ${thing} ${wanted.video && wanted.audio ? 'were' : 'was'} not allowed.`,
        'Click the camera or lock sign next to the address, allow it there, and press Try again. Or play a sample.');
    case 'NotFoundError':
    case 'DevicesNotFoundError':
      return card('absent', `No ${thing} was found.`, 'Plug one in and press Try again, or play a sample and type your questions.');
    case 'NotReadableError':
    case 'TrackStartError':
    case 'AbortError':
      return card('busy', `The ${thing} ${wanted.video && wanted.audio ? 'are' : 'is'} used by another program.`, 'Close it and press Try again, or play a sample.');
    case 'OverconstrainedError':
      return card('constraint', 'The chosen device is not there any more.', 'Press Try again to use another one.');
    default:
      return card('unknown', `The ${thing} did not start.`, `The browser says: ${error?.message || error?.name || 'nothing more'}. Press Try again, or play a sample.`);
  }
}

export class Devices {
  constructor() {
    this.chosen = { audio: '', video: '', facing: 'user' };
    this.stream = null;
    this.muted = false;
    navigator.mediaDevices?.addEventListener?.('devicechange', () => this.onchange?.());
  }

  /** Before anything is asked: what makes asking pointless. */
  #hindrance(wanted) {
    if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) return { code_: 'insecure' };
    const policy = document.featurePolicy ?? document.permissionsPolicy;
    const refused = (name) => inFrame() && policy?.allowsFeature && !policy.allowsFeature(name);
    if ((wanted.video && refused('camera')) || (wanted.audio && refused('microphone'))) return { code_: 'policy' };
    return null;
  }

  /** A local stream of what is wanted, or a card {code, title, text}. A visitor with only one of the two gets that one. */
  async open(wanted) {
    const hindrance = this.#hindrance(wanted);
    if (hindrance) return { card: explain(hindrance, wanted) };
    try {
      return { stream: await this.#get(wanted) };
    } catch (error) {
      if (error.name === 'OverconstrainedError') this.chosen = { audio: '', video: '', facing: 'user' };
      if (error.name === 'NotFoundError' && wanted.video && wanted.audio) {
        for (const half of [{ video: false, audio: true }, { video: true, audio: false }]) {
          try { return { stream: await this.#get(half), missing: half.video ? 'microphone' : 'camera' }; } catch { /* the other half */ }
        }
      }
      return { card: explain(error, wanted) };
    }
  }

  /** The microphone for something beside the conversation: {stream}, which the caller stops, or {card}. */
  async microphone() {
    const wanted = { audio: true, video: false };
    const used = this.stream?.getAudioTracks()[0];
    if (used?.readyState === 'live') { // some phones give a microphone once only; a copy is muted on its own
      const copy = used.clone();
      copy.enabled = true;
      return { stream: new MediaStream([copy]) };
    }
    const hindrance = this.#hindrance(wanted);
    if (hindrance) return { card: explain(hindrance, wanted) };
    try {
      return { stream: await navigator.mediaDevices.getUserMedia({ audio: this.#audio(), video: false }) };
    } catch (error) { return { card: explain(error, wanted) }; }
  }

  #audio() { return { ...AUDIO, ...(this.chosen.audio && { deviceId: { ideal: this.chosen.audio } }) }; }

  async #get(wanted) {
    const { video, facing } = this.chosen;
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: wanted.audio && this.#audio(),
      video: wanted.video && { ...VIDEO, ...(video ? { deviceId: { ideal: video } } : { facingMode: { ideal: facing } }) },
    });
    this.close();
    this.stream = stream;
    this.setMuted(this.muted);
    for (const track of stream.getTracks()) track.addEventListener('ended', () => this.stream === stream && this.onended?.(track));
    return stream;
  }

  get hasMicrophone() { return Boolean(this.stream?.getAudioTracks().length); }

  get hasCamera() { return Boolean(this.stream?.getVideoTracks().length); }

  get facesUser() {
    const facing = this.stream?.getVideoTracks()[0]?.getSettings?.().facingMode;
    return facing ? facing === 'user' : this.chosen.facing === 'user';
  }

  setMuted(on) {
    this.muted = on;
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !on;
  }

  stopCamera() {
    for (const track of this.stream?.getVideoTracks() ?? []) { track.stop(); this.stream.removeTrack(track); }
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
  }

  async list() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
    const of = (kind, name) => all.filter((device) => device.kind === kind && device.deviceId)
      .map((device, i) => ({ id: device.deviceId, name: device.label || `${name} ${i + 1}` }));
    return { audio: of('audioinput', 'Microphone'), video: of('videoinput', 'Camera') };
  }
}

/** Keeps the screen on while a session is live, where the browser can. */
export class WakeLock {
  constructor() {
    document.addEventListener('visibilitychange', () => this.wanted && !document.hidden && this.hold());
  }

  async hold() {
    this.wanted = true;
    try { this.lock = await navigator.wakeLock?.request('screen'); } catch { /* a battery saver may refuse it */ }
  }

  release() {
    this.wanted = false;
    this.lock?.release().catch(() => {});
    this.lock = null;
  }
}
