// What is remembered: one button for each clip, kept by its number and never rebuilt, with what was said and heard below
// the picture. Follows the present until the visitor scrolls away. A place is another stretch of the memory that the strip
// shows instead: its clips are fetched (past.js), and their times are those of the clock on the wall.

import { clipButton, fillClip, tellClip } from './clipbutton.js';
import { Ruler } from './ruler.js';
import { clockTime, localTime, setText } from './text.js';

const MOST_NODES = 1500; // more than an hour of the shortest clips; older ones are reached by days, hours and search
const MOST_OLDER = 3000; // clips that were fetched and stay at hand
const MINUTE_S = 60;

export class Timeline {
  constructor(ui, live) {
    Object.assign(this, { ui, live });
    this.strip = ui.el('strip');
    this.ruler = new Ruler(ui.el('ruler'), (clip) => this.reveal(clip.id, false));
    this.zoom = 'clips';
    this.following = true;
    this.stamp = (s) => localTime(this.localOf(s)) || clockTime(s);
    this.clear();
    live.on('clip', (event) => this.#clip(event))
      .on('caption', (event) => this.#words(event))
      .on('sound', (event) => this.#sound(event))
      .on('memory', (event) => this.#memory(event))
      .on('reset', () => this.clear());
    this.strip.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    for (const type of ['wheel', 'pointerdown', 'touchstart']) this.strip.addEventListener(type, () => { this.touchedAt = performance.now(); }, { passive: true });
    this.strip.addEventListener('keydown', (event) => this.#walk(event));
    new ResizeObserver(() => this.#follow()).observe(this.strip);
  }

  clear() {
    this.clips = new Map(); // id -> the newest event
    this.older = new Map(); // the same of those that were fetched
    this.olderWords = new Map();
    this.olderSounds = new Map();
    this.place = null; // {parts, …}: the stretch that is shown instead of the newest
    this.open = null;
    this.newest = -1;
    this.nodes = new Map(); // key -> button; the key is a clip's number, or a span's
    this.speech = new Map(); // utterance -> caption
    this.sounds = [];
    this.marks = new Map();
    for (const node of [...this.strip.children]) if (node !== this.ui.el('strip-empty')) node.remove();
    this.ui.el('strip-empty').hidden = false;
    this.ui.el('marks').hidden = true;
    this.strip.classList.remove('marked');
    this.ruler.draw(this.#all(), this.marks);
  }

  /** The thumbnail of a clip; of the open one when there is no number. */
  picture(clipId) { return this.find(clipId)?.thumbnail ?? ''; }

  /** A clip by its number. Evidence names the open clip by none, or by the number that it gets when it closes. */
  find(clipId) { return this.clips.get(clipId) ?? this.older.get(clipId) ?? (clipId === null || clipId === this.open?.id || clipId > this.newest ? this.open : null); }

  #all() {
    if (!this.place) return this.open ? [...this.clips.values(), this.open] : [...this.clips.values()];
    return [...new Map([...this.older, ...this.clips]).values()].filter((clip) => this.#here(clip)).sort((a, b) => a.start_s - b.start_s);
  }

  /** Whether something lies in the stretch that is shown. */
  #here({ start_s: start, end_s: end, open }) { return !this.place || (!open && this.place.parts.some((part) => start <= part.end_s && end >= part.start_s)); }

  /** The clock on the wall at a moment of the place that is shown, in seconds since 1970 there; else null. */
  localOf(s) {
    const part = this.place?.parts.findLast(({ start_s }) => start_s <= s + 0.001) ?? this.place?.parts[0];
    return part ? part.local_s + s - part.start_s : null;
  }

  // ---- what comes in

  #clip(event) {
    if (event.open) {
      this.open = event;
    } else {
      this.clips.set(event.id, event);
      this.newest = Math.max(this.newest, event.id);
      if (this.open && this.open.start_s < event.end_s) this.#drop(this.#key(this.open), () => { this.open = null; });
    }
    if (!this.#here(event)) return;
    this.#draw(event);
    this.ruler.draw(this.#all(), this.marks);
    this.#follow();
  }

  /** Clips, words and sounds of before, which were fetched. */
  add({ clips, captions, sounds }) {
    const known = new Set([...this.speech.values()].map((event) => `${event.start_s} ${event.speaker}`));
    for (const event of captions) if (!known.has(`${event.start_s} ${event.speaker}`)) this.olderWords.set(`${event.start_s} ${event.speaker}`, event);
    const told = new Set(this.sounds.map((event) => `${event.start_s} ${event.origin}`));
    for (const event of sounds) if (!told.has(`${event.start_s} ${event.origin}`)) this.olderSounds.set(`${event.start_s} ${event.origin}`, event);
    for (const clip of clips) if (!this.clips.has(clip.id)) this.older.set(clip.id, clip);
    for (const map of [this.older, this.olderWords, this.olderSounds]) while (map.size > MOST_OLDER) map.delete(map.keys().next().value);
    if (this.place) for (const clip of clips) if (this.#here(clip)) this.#draw(this.find(clip.id));
    this.ruler.draw(this.#all(), this.marks);
  }

  #words(event) {
    if (!event.final || !event.text || event.speaker === 'assistant') return;
    this.speech.set(event.utterance, event);
    this.#redraw(event.start_s, event.end_s);
  }

  #sound(event) {
    this.sounds = [...this.sounds.filter((one) => one.start_s !== event.start_s || one.origin !== event.origin), event].slice(-2000); // or a better name
    this.#redraw(event.start_s, event.end_s);
  }

  #memory(event) {
    const { forgot_from_s: from, forgot_to_s: to } = event;
    if (from !== null || to !== null) this.#forget(from ?? 0, to ?? Infinity);
    this.live.emit('figures', event);
  }

  #forget(from, to) {
    const gone = ({ start_s: start, end_s: end }) => start <= to && end >= from;
    for (const map of [this.speech, this.clips, this.older, this.olderWords, this.olderSounds]) for (const [key, event] of map) if (gone(event)) map.delete(key);
    this.sounds = this.sounds.filter((event) => !gone(event));
    if (this.open && gone(this.open)) this.open = null;
    this.unmark();
    this.setZoom(this.zoom);
  }

  // ---- drawing

  #key(event) { return this.zoom === 'clips' ? String(event.open ? 'open' : event.id) : String(Math.floor((this.localOf(event.start_s) ?? event.start_s) / MINUTE_S)); }

  /** What one button shows: a clip, or all clips of a minute. */
  #group(key) {
    const all = this.zoom === 'clips' ? [key === 'open' ? this.open : this.find(Number(key))].filter(Boolean) : this.#all().filter((event) => this.#key(event) === key);
    if (!all.length) return null;
    const longest = all.reduce((a, b) => (b.thumbnail && b.end_s - b.start_s >= a.end_s - a.start_s ? b : a));
    return { clips: all, start_s: all[0].start_s, end_s: all[all.length - 1].end_s, open: all.some((c) => c.open), face: longest };
  }

  #draw(event) {
    const key = this.#key(event);
    let node = this.nodes.get(key);
    const group = this.#group(key);
    if (!group) return this.#drop(key);
    if (!node) {
      node = this.#button(key);
      this.nodes.set(key, node);
      this.#place(node, group.start_s);
      this.ui.el('strip-empty').hidden = true;
      while (this.nodes.size > MOST_NODES) this.#drop(this.nodes.keys().next().value);
    }
    this.#fill(node, group);
    return node;
  }

  #button(key) {
    const node = clipButton(key);
    node.addEventListener('click', () => { this.#current(node); this.ui.openClip(this.#group(key)); });
    node.addEventListener('focus', () => { this.#current(node, false); this.ui.peek(node, this.#group(key)); });
    node.addEventListener('blur', () => this.ui.peek(null));
    node.addEventListener('pointerenter', (event) => event.pointerType === 'mouse' && this.ui.peek(node, this.#group(key)));
    node.addEventListener('pointerleave', () => this.ui.peek(null));
    return node;
  }

  #place(node, start_s) {
    node.startS = start_s;
    let after = this.strip.lastElementChild;
    while (after && after.startS > start_s) after = after.previousElementSibling;
    if (after) after.after(node); else this.strip.append(node);
    if (!this.strip.querySelector('.clip[tabindex="0"]')) node.tabIndex = 0;
  }

  #fill(node, group) {
    const said = this.said(group.start_s, group.end_s);
    const heard = this.heard(group.start_s, group.end_s);
    fillClip(node, group, said, heard, this.stamp, group.open && this.zoom === 'clips' ? group.end_s : group.start_s);
    tellClip(node, group, said, heard, this.#rank(group.clips), this.stamp);
  }

  #redraw(start, end) {
    for (const [key, node] of this.nodes) {
      const group = this.#group(key);
      if (group && group.start_s < end + 0.01 && group.end_s > start - 0.01) this.#fill(node, group);
    }
  }

  #drop(key, then) {
    then?.();
    const node = this.nodes.get(key);
    if (!node) return;
    const rest = this.zoom === 'clips' ? null : this.#group(key);
    if (rest) { this.#fill(node, rest); return; }
    if (node.tabIndex === 0) (node.nextElementSibling ?? node.previousElementSibling)?.setAttribute('tabindex', '0');
    this.nodes.delete(key);
    node.remove();
  }

  said(start, end) { return [...this.olderWords.values(), ...this.speech.values()].filter((event) => !event.typed && event.start_s < end && event.end_s > start); }

  heard(start, end) { return [...this.olderSounds.values(), ...this.sounds].filter((event) => event.start_s < end && event.end_s > start); }

  /** Draw anew: clips or minutes, of a place or of the newest. */
  setZoom(zoom, place = this.place) {
    this.zoom = zoom;
    this.place = place;
    for (const node of this.nodes.values()) node.remove();
    this.nodes.clear();
    const all = this.#all();
    for (const event of zoom === 'clips' ? all.slice(-MOST_NODES) : all) if (!this.nodes.has(this.#key(event))) this.#draw(event);
    this.ui.el('strip-empty').hidden = this.nodes.size > 0 || Boolean(place);
    this.ruler.draw(all, this.marks);
    if (place) { this.following = false; this.strip.scrollLeft = 0; this.#toNow(); } else this.#follow(true);
  }

  // ---- marks

  #rank(clips) {
    const best = Math.min(...[...this.marks].filter(([id]) => clips.includes(this.find(id))).map(([, rank]) => rank), Infinity);
    return Number.isFinite(best) ? best : 0;
  }

  /** Outline clips with their ranks; the others step back. */
  mark(ranks, why) {
    this.marks = ranks;
    this.strip.classList.toggle('marked', ranks.size > 0);
    this.ui.el('marks').hidden = !ranks.size;
    setText(this.ui.el('marks-text'), why ? `Marked: ${why}` : '');
    for (const [key, node] of this.nodes) {
      const group = this.#group(key);
      if (group) this.#fill(node, group);
    }
    this.ruler.draw(this.#all(), this.marks);
    const [best] = ranks.keys();
    if (best !== undefined) this.reveal(best, false);
  }

  unmark() {
    if (!this.marks.size) return;
    this.mark(new Map(), '');
    this.ui.zoom.unmarked();
  }

  /** Bring a clip into view, fetched if need be; `focus` also gives it the keyboard. */
  reveal(clipId, focus, fetched = false) {
    const clip = this.find(clipId);
    const shown = clip && !this.strip.hidden && this.#here(clip) && (this.place || clip.open || this.clips.has(clip.id));
    if (!shown) return fetched ? false : this.ui.zoom.show(clipId, focus);
    const node = this.nodes.get(this.#key(clip)) ?? this.#draw(clip);
    this.following = clip.open === true;
    this.#toNow();
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    node.scrollIntoView({ behavior: calm ? 'auto' : 'smooth', inline: 'center', block: 'nearest' });
    node.classList.remove('flash');
    requestAnimationFrame(() => node.classList.add('flash'));
    if (focus) node.focus({ preventScroll: true });
    return true;
  }

  // ---- moving

  #scrolled() {
    const atEnd = this.strip.scrollWidth - this.strip.scrollLeft - this.strip.clientWidth < 60;
    if (performance.now() - (this.touchedAt ?? 0) < 1500) this.following = atEnd;
    this.#toNow();
  }

  #toNow() { this.ui.act('to-now').hidden = Boolean(this.place) || this.following || this.strip.scrollWidth <= this.strip.clientWidth; }

  #follow(force = false) {
    if (force) this.following = true;
    if (this.following) this.strip.scrollLeft = this.strip.scrollWidth;
    this.#toNow();
  }

  #current(node, focus = true) {
    for (const other of this.strip.querySelectorAll('.clip[tabindex="0"]')) other.tabIndex = -1;
    node.tabIndex = 0;
    if (focus) node.focus({ preventScroll: true });
  }

  #walk(event) {
    const all = [...this.strip.querySelectorAll('.clip')];
    const here = all.indexOf(document.activeElement);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (here < 0 || to === undefined || !all[to]) return;
    event.preventDefault();
    this.following = to === all.length - 1;
    all[to].scrollIntoView({ inline: 'nearest', block: 'nearest' });
    this.#current(all[to]);
    this.#toNow();
  }
}
