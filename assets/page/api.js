// The session's HTTP side: opens it, and fetches what only its owner may see. Paths are relative to the page, so that a
// proxy's path in front of them does no harm.

export const BASE = new URL('..', import.meta.url);
const KEY = 'omnilive.token';

/** An answer of the server that says why not; `status` is HTTP's, 0 when the server could not be reached. */
export class ApiError extends Error {
  constructor(status, code, message, hint = '', retryAfterS = 0) {
    super(message);
    Object.assign(this, { status, code, hint, retryAfterS });
  }
}

function stored(storage, key) {
  try { return storage.getItem(key) ?? ''; } catch { return ''; } // storage is forbidden in some embedded frames
}
function store(storage, key, value) {
  try { value ? storage.setItem(key, value) : storage.removeItem(key); } catch { /* then the token lives as long as the page */ }
}

/** This tab's name; a copied tab copies the storage too, so the page's own history entry tells a copy from a reload. */
export function tabName() {
  const reloaded = performance.getEntriesByType('navigation')[0]?.type === 'reload';
  let name = reloaded ? stored(sessionStorage, 'omnilive.tab') : '';
  if (!name) name = Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, '0')).join('');
  store(sessionStorage, 'omnilive.tab', name);
  return name;
}

/** The token of a private link with which the page was opened; it does not stay in the address. */
function privateLink() {
  const [, token = ''] = /^#memory=([\w-]{20,64})$/.exec(location.hash) ?? [];
  if (token) history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

export class Api {
  constructor() {
    this.token = stored(localStorage, KEY);
    this.webrtcId = '';
    this.iceServers = [];
    this.peers = true;
    this.race = false;
    this.memory = privateLink();
    this.refused = null; // why a private link led nowhere
  }

  /** Begin a session, or go on with the one whose token this browser holds. Throws when there is no seat. */
  async open() {
    let answer;
    try {
      answer = await this.post('session', { ...(this.ticket && { ticket: this.ticket }), ...(this.memory && { memory: this.memory }) });
    } catch (error) {
      if (error.code === 'no_memory') {
        Object.assign(this, { memory: '', refused: error });
        return this.open();
      }
      if (error.told?.ticket) answer = error.told; else throw error;
    }
    this.ticket = answer.ticket ?? '';
    if (!answer.token) throw Object.assign(new ApiError(503, 'waiting', answer.message ?? ''), { told: answer, retryAfterS: answer.retry_after_s ?? 3 });
    this.memory = '';
    this.token = answer.token;
    this.webrtcId = answer.webrtc_id;
    this.iceServers = answer.ice_servers ?? [];
    this.peers = !answer.transports || answer.transports.includes('webrtc');
    this.race = Boolean(answer.public && !answer.turn); // strangers' networks, and no relay to get through them
    store(localStorage, KEY, this.token);
    return answer;
  }

  forgetToken() {
    this.token = '';
    store(localStorage, KEY, '');
  }

  async request(path, options = {}) {
    const headers = new Headers(options.headers);
    if (this.token) headers.set('Authorization', `Bearer ${this.token}`);
    let response;
    try {
      response = await fetch(new URL(path, BASE), { ...options, headers, cache: 'no-store', credentials: 'same-origin' });
    } catch (error) {
      if (error.name === 'AbortError') throw error;
      throw new ApiError(0, 'unreachable', 'The server cannot be reached.', 'Check the network; the page tries again by itself.');
    }
    if (response.ok) return response;
    let body = {};
    try { body = await response.json(); } catch { /* not ours: a proxy's page */ }
    const told = typeof body.error === 'object' && body.error ? body.error : body;
    throw Object.assign(new ApiError(response.status, told.code ?? `http_${response.status}`,
      told.message ?? told.detail ?? `The server answered ${response.status}.`, told.hint ?? '',
      Number(response.headers.get('Retry-After') ?? 0)), { told });
  }

  async json(path, options) { return (await this.request(path, options)).json(); }

  async blob(path, options) { return (await this.request(path, options)).blob(); }

  post(path, value) {
    return this.json(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) });
  }
}
