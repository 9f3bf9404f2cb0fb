// What is remembered: one button for each clip, kept by its number and never rebuilt, with what was said and heard below
// the picture. Follows the present until the visitor scrolls away.

import { Ruler } from './ruler.js';
import { clockTime, duration, make, quoted, setText, bytes, count } from './text.js';

const MOST_NODES = 600; // more than two hours of clips; older ones are reached by search and by the coarser views
const LONG_S = 20; // a clip longer than this was stretched: nothing changed
const SPAN_S = { clips: 0, minutes: 60, hours: 3600 };

export class Timeline {
  constructor(ui, live) {
    Object.assign(this, { ui, live });
    this.strip = ui.el('strip');
    this.ruler = new Ruler(ui.el('ruler'), (clip) => this.reveal(clip.id, false));
    this.zoom = 'clips';
    this.following = true;
    this.clear();
    live.on('clip', (event) => this.#clip(event))
      .on('caption', (event) => this.#words(event))
      .on('sound', (event) => this.#sound(event))
      .on('memory', (event) => this.#figures(event))
      .on('reset', () => this.clear());
    this.strip.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    for (const type of ['wheel', 'pointerdown', 'touchstart']) this.strip.addEventListener(type, () => { this.touchedAt = performance.now(); }, { passive: true });
    this.strip.addEventListener('keydown', (event) => this.#walk(event));
    new ResizeObserver(() => this.#follow()).observe(this.strip);
  }

  clear() {
    this.clips = new Map(); // id -> the newest event
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
  find(clipId) { return this.clips.get(clipId) ?? (clipId === null || clipId === this.open?.id || clipId > this.newest ? this.open : null); }

  #all() { return this.open ? [...this.clips.values(), this.open] : [...this.clips.values()]; }

  // ---- what comes in

  #clip(event) {
    if (event.open) {
      this.open = event;
    } else {
      this.clips.set(event.id, event);
      this.newest = Math.max(this.newest, event.id);
      if (this.open && this.open.start_s < event.end_s) this.#drop(this.#key(this.open), () => { this.open = null; });
    }
    this.#draw(event);
    this.ruler.draw(this.#all(), this.marks);
    this.#follow();
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

  #figures(event) {
    const { clips, seconds, bytes: size, tokens_seen: seen, tokens_kept: kept, forgot_from_s: from, forgot_to_s: to, limit_bytes: limit, let_go: bare } = event;
    if (from !== null || to !== null) this.#forget(from ?? 0, to ?? Infinity);
    const saved = seen > 0 ? ` · ${Math.round((1 - kept / seen) * 100)} % saved` : '';
    setText(this.ui.el('figures'), clips ? `${clockTime(seconds)} · ${count(clips, 'clip')} · ${bytes(size)}${saved}` : 'nothing remembered yet');
    const full = bare ? `${count(bare, 'clip')} let pictures go, to stay within ${bytes(limit)}` : '';
    this.ui.el('figures').title = [seen > 0 && `${kept} of ${seen} tokens are kept`, full].filter(Boolean).join('; ');
    this.live.emit('figures', event);
  }

  #forget(from, to) {
    const gone = ({ start_s: start, end_s: end }) => start <= to && end >= from;
    for (const [utterance, event] of this.speech) if (gone(event)) this.speech.delete(utterance);
    this.sounds = this.sounds.filter((event) => !gone(event));
    for (const [id, event] of this.clips) if (gone(event)) this.clips.delete(id);
    if (this.open && gone(this.open)) this.open = null;
    this.unmark(); this.setZoom(this.zoom);
  }

  // ---- drawing

  #key(event) { return this.zoom === 'clips' ? String(event.open ? 'open' : event.id) : String(Math.floor(event.start_s / SPAN_S[this.zoom])); }

  /** What one button shows: a clip, or all clips of a minute or an hour. */
  #group(key) {
    const all = this.zoom === 'clips' ? [key === 'open' ? this.open : this.clips.get(Number(key))].filter(Boolean) : this.#all().filter((event) => this.#key(event) === key);
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
    const node = make('button', { type: 'button', class: 'clip', 'data-key': key, tabindex: '-1' },
      make('span', { class: 'pic' }, make('img', { alt: '', draggable: 'false' })),
      make('span', { class: 'rank', hidden: true }), make('span', { class: 'snd', hidden: true }),
      make('span', { class: 'lane speech' }), make('span', { class: 'lane sound' }),
      make('span', { class: 'dur' }), make('time'), make('span', { class: 'say' }));
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
    const { start_s: start, end_s: end, open, face, clips } = group;
    const said = this.said(start, end);
    const heard = this.heard(start, end);
    const [image] = node.getElementsByTagName('img');
    if (face.thumbnail && image.getAttribute('src') !== face.thumbnail) image.src = face.thumbnail;
    node.dataset.clip = face.id;
    node.dataset.growing = String(open);
    node.classList.toggle('now', open);
    setText(node.querySelector('time'), clockTime(open && this.zoom === 'clips' ? end : start));
    setText(node.querySelector('.dur'), clips.length > 1 ? count(clips.length, 'clip') : end - start > LONG_S ? duration(end - start) : '');
    const line = said.length ? quoted(said[said.length - 1].text) : face.caption || face.labels?.map(([text]) => text).join(', ') || '';
    setText(node.querySelector('.say'), open ? line ? `now · ${line}` : 'now' : line || ' ');
    const sound = node.querySelector('.snd');
    sound.hidden = !heard.length;
    setText(sound, heard[0]?.label ?? '');
    this.#lane(node.querySelector('.lane.speech'), said, start, end, (event) => (event.speaker === 'source' ? 'source' : ''));
    this.#lane(node.querySelector('.lane.sound'), heard, start, end, () => '');
    this.#tell(node, group, said, heard);
  }

  #lane(lane, events, start, end, kind) {
    const length = Math.max(1, end - start);
    lane.replaceChildren(...events.slice(0, 24).map((event) => {
      const bar = make('i', { class: kind(event) });
      bar.style.left = `${Math.max(0, Math.min(96, ((event.start_s - start) / length) * 100))}%`;
      bar.style.width = `${Math.max(0, Math.min(100, ((Math.min(end, event.end_s) - Math.max(start, event.start_s)) / length) * 100))}%`;
      return bar;
    }));
  }

  #tell(node, { clips, start_s, open, face }, said, heard) {
    const rank = this.#rank(clips);
    const parts = [open ? `Now, since ${clockTime(start_s)}` : `Clip at ${clockTime(start_s)}`, face.caption,
      said.length && `said: ${said.map((event) => event.text).join('. ')}`, heard.length && `heard: ${heard.map((event) => event.label).join(', ')}`,
      rank && `found, rank ${rank}`];
    node.setAttribute('aria-label', parts.filter(Boolean).join('. ').slice(0, 300));
    node.classList.toggle('hit', Boolean(rank));
    const badge = node.querySelector('.rank');
    badge.hidden = !rank;
    setText(badge, rank ? String(rank) : '');
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

  said(start, end) { return [...this.speech.values()].filter((event) => !event.typed && event.start_s < end && event.end_s > start); }

  heard(start, end) { return this.sounds.filter((event) => event.start_s < end && event.end_s > start); }

  setZoom(zoom) {
    this.zoom = zoom;
    for (const button of this.ui.root.querySelectorAll('[data-zoom]')) button.setAttribute('aria-pressed', String(button.dataset.zoom === zoom));
    for (const node of this.nodes.values()) node.remove();
    this.nodes.clear();
    const all = [...this.clips.values()];
    for (const event of zoom === 'clips' ? all.slice(-MOST_NODES) : all) if (!this.nodes.has(this.#key(event))) this.#draw(event);
    if (this.open) this.#draw(this.open);
    this.ui.el('strip-empty').hidden = this.nodes.size > 0;
    this.ruler.draw(this.#all(), this.marks);
    this.#follow(true);
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
      if (group) this.#tell(node, group, this.said(group.start_s, group.end_s), this.heard(group.start_s, group.end_s));
    }
    this.ruler.draw(this.#all(), this.marks);
    const [best] = ranks.keys();
    if (best !== undefined) this.reveal(best, false);
  }

  unmark() { if (this.marks.size) this.mark(new Map(), ''); }

  /** Bring a clip into view; `focus` also gives it the keyboard. */
  reveal(clipId, focus) {
    const clip = this.find(clipId);
    if (!clip) return false;
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

  #toNow() { this.ui.act('to-now').hidden = this.following || this.strip.scrollWidth <= this.strip.clientWidth; }

  #follow(force = false) {
    if (force) this.following = true;
    if (this.following) this.strip.scrollLeft = this.strip.scrollWidth;
    this.#toNow();
  }

  toNow() { this.unmark(); this.#follow(true); }

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
