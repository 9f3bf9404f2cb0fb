// Times, sizes and names as the page writes them, and small helpers for the document. Text from models, recognisers and
// visitors only ever becomes text nodes.

const pad = (n) => String(n).padStart(2, '0');

/** Stream seconds as 02:47, or 1:02:47 from an hour on. */
export function clockTime(s) {
  const whole = Math.max(0, Math.floor(s));
  const hours = Math.floor(whole / 3600);
  const rest = `${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** A length of time as 14 s, 1 m 40 s, 2 h 5 m. */
export function duration(s) {
  const whole = Math.round(s);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)} m ${whole % 60} s` : `${whole / 60} m`;
  const minutes = Math.round(whole / 60);
  if (minutes < 1440) return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} m` : `${minutes / 60} h`;
  const hours = Math.round(whole / 3600);
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`;
}

// Local times come as seconds since 1970 began there: they are written as they are, in no time zone.
const written = (options) => { const format = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' }); return (s) => format.format(new Date(s * 1000)); };
const clock = written({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const longDay = written({ weekday: 'long', day: 'numeric', month: 'long' });
const shortDay = written({ weekday: 'short', day: 'numeric', month: 'short' });

/** The clock on the wall as 14:05:12; nothing where it is not known. */
export const localTime = (s) => (s === null || s === undefined ? '' : clock(s));

/** A day (2026-11-26) as Thursday 26 November, or Thu 26 Nov; one of another year with its year. */
export function dayName(date, short = false) {
  const name = (short ? shortDay : longDay)(Date.parse(`${date}T00:00:00Z`) / 1000).replace(',', '');
  return date.slice(0, 4) === String(new Date().getFullYear()) ? name : `${name} ${date.slice(0, 4)}`;
}

/** The day of a local time, as 2026-11-26. */
export const dayOf = (s) => new Date(s * 1000).toISOString().slice(0, 10);

/** How far the visitor's clock is ahead of UTC, for a server that does not know. */
export const offsetS = () => -60 * new Date().getTimezoneOffset();

/** Milliseconds as 0.62 s. */
export const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

export function bytes(n) {
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${Math.round(n / 1000)} kB`;
  return n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(2)} GB`;
}

/** Bytes that have come, of all: 212 of 486 MB. */
export function bytesOf(done, total) {
  const [unit, name, digits] = total < 1e6 ? [1e3, 'kB', 0] : total < 1e9 ? [1e6, 'MB', total < 1e7 ? 1 : 0] : [1e9, 'GB', 2];
  return `${(done / unit).toFixed(digits)} of ${(total / unit).toFixed(digits)} ${name}`;
}

export const count = (n, one, many = `${one}s`) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`;

export const quoted = (text) => `“${text}”`;

/** frame_encoder as "frame encoder". */
export const words = (name) => String(name).replaceAll('_', ' ');

/** What of `text` was not heard, given the part that was; both are cut at words. */
export function unheardTail(text, heard) {
  const spoken = heard.trim();
  if (!spoken) return { heard: '', tail: text };
  if (text.startsWith(spoken)) return { heard: text.slice(0, spoken.length), tail: text.slice(spoken.length) };
  const n = spoken.split(/\s+/).length;
  const parts = text.match(/\s*\S+/g) ?? [];
  return { heard: parts.slice(0, n).join(''), tail: parts.slice(n).join('') };
}

/** An element with attributes (`class`, `data-…`, `on…` functions), properties and children; strings become text. */
export function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'text') node.textContent = value;
    else if (name === 'value') node.value = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A control with its label. */
export const field = (label, control, id) => make('label', { class: 'field', for: id }, make('span', { text: label }), control);

/** Set text only when it changed, so that screen readers are not told twice. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Only pictures that the server sent inside the message, or that belong to this origin, are shown. */
export function pictureSource(source, base) {
  if (typeof source !== 'string' || !source) return '';
  if (/^data:image\/(jpeg|png|webp);base64,/.test(source)) return source;
  if (/^[a-z][a-z0-9+.-]*:/i.test(source)) return '';
  return new URL(source.replace(/^\/+/, ''), base).href;
}
