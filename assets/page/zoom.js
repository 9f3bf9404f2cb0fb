// How far away the memory is looked at: clips, minutes, the hours of a day, days; where in it one is, and the way back.

import { Days } from './days.js';
import { dayName, dayOf, localTime, setText } from './text.js';

export class Zoom {
  constructor(ui, live, api, timeline, past) {
    Object.assign(this, { ui, live, timeline, past });
    this.days = new Days(ui, live, api, (entry, title) => (entry.hour === null ? this.#toHours(entry.date, '', true) : this.#enter({ parts: entry.parts, day: entry.date, hour: entry.hour, title }, true)));
    this.level = 'clips';
    this.day = null; // the day whose hours are shown, or in which the place lies
    this.place = null; // {parts, day, hour, title, auto}: what the strip shows instead of the newest
    ui.el('path-back').addEventListener('click', () => this.back());
    ui.el('path-forget').addEventListener('click', () => this.#forget());
    ui.el('path-now').addEventListener('click', () => this.toNow());
    live.on('reset', () => this.#again()).on('figures', ({ forgot_from_s: from }) => from !== null && this.place && this.#leaveIfEmpty());
  }

  /** From the control: keeps the day, and the hour, as far as it can. */
  async to(level) {
    if (level === 'days') return this.#toDays();
    if (level === 'hours') return this.#toHours(this.day);
    return this.#toStrip(level, this.place);
  }

  /** One step away: from an hour to its day, from a day to all of them. */
  back() {
    const { place, day, level } = this;
    if (level === 'hours') return this.#toDays(day);
    return place?.day ? this.#toHours(place.day, place.hour === undefined ? '' : `${place.day} ${place.hour}`) : this.toNow();
  }

  toNow() { return this.#toStrip(this.level === 'minutes' ? 'minutes' : 'clips', null); }

  /** Marks are gone: who was led to a place by them alone goes back to the present. */
  unmarked() { if (this.place?.auto) this.toNow(); }

  /** The place of a clip that the strip does not show now; `focus` when somebody asked for it. */
  async show(id, focus) {
    const { timeline } = this;
    const known = timeline.find(id);
    if (known && (known.open || timeline.clips.has(known.id))) {
      this.toNow();
      return timeline.reveal(id, focus, true);
    }
    if (!Number.isInteger(id)) return false;
    const wanted = this.#want();
    try {
      const parts = await this.past.around(id);
      if (!wanted()) return false;
      const [{ local_s }] = parts;
      const at = timeline.find(id);
      const inside = parts.findLast(({ start_s }) => start_s <= at.start_s + 0.001) ?? parts[0];
      this.#enter({ parts, day: dayOf(local_s), title: `around ${localTime(inside.local_s + at.start_s - inside.start_s).slice(0, 5)}`, auto: !focus, whole: true });
      return timeline.reveal(id, focus, true);
    } catch (error) { return this.failed(error); }
  }

  failed(error) {
    this.ui.stage.trouble({ code: error.code ?? 'memory', title: error.message, text: error.hint ?? '' });
    return false;
  }

  // ---- inside

  /** What is fetched for an earlier wish is not shown any more. */
  #want() {
    const wish = {};
    this.wish = wish;
    return () => this.wish === wish;
  }

  async #toDays(focus = '') {
    this.#want();
    this.#cards('days', null);
    try { await this.days.show(null, focus); } catch (error) { this.failed(error); }
  }

  async #toHours(day, focus = '', moved = false) {
    const wanted = this.#want();
    try {
      const date = day ?? await this.days.newest();
      if (!wanted()) return;
      if (!date) { await this.#toDays(); return; }
      this.#cards('hours', date);
      await this.days.show(date, focus);
      if (moved && wanted()) this.days.box.querySelector('button.card')?.focus();
    } catch (error) { this.failed(error); }
  }

  #cards(level, day) {
    Object.assign(this, { level, day, place: null });
    this.ui.peek(null);
    if (this.days.shown) this.days.hide();
    this.timeline.strip.hidden = true;
    this.ui.el('strip-note').hidden = true;
    this.#tell();
  }

  #toStrip(level, place) {
    const before = this.place;
    this.#want();
    Object.assign(this, { level, place, day: place?.day ?? null });
    this.days.hide();
    this.timeline.strip.hidden = false;
    this.timeline.setZoom(level, place);
    this.#tell();
    if (place && place !== before && !place.whole) this.#fill(place);
  }

  #enter(place, focus = false) {
    this.#toStrip('clips', place);
    if (focus) this.ui.el('path-back').focus({ preventScroll: true });
  }

  async #fill(place) {
    place.filling = true;
    this.#tell();
    try { await this.past.fill(place, () => this.place === place); } catch (error) { this.failed(error); }
    place.filling = false;
    if (this.place !== place) return;
    this.#tell();
    if (document.activeElement === this.ui.el('path-back')) this.timeline.strip.querySelector('.clip')?.focus({ preventScroll: true });
  }

  /** After a greeting the strip knows only what was told with it. */
  #again() {
    if (this.level === 'days') this.#toDays();
    else if (this.level === 'hours') this.#toHours(this.day);
    else if (this.place && !this.place.auto) { const place = { ...this.place, whole: false }; this.place = null; this.#toStrip(this.level, place); } else this.toNow();
  }

  #leaveIfEmpty() { if (!this.timeline.nodes.size && !this.place.filling) this.back(); }

  async #forget() {
    const { place, day } = this;
    if (place) { this.ui.forget({ parts: place.parts, name: `${place.title} on ${dayName(place.day, true)}` }); return; }
    this.ui.forget({ parts: (this.days.entries ?? []).flatMap(({ parts }) => parts), name: `all of ${dayName(day, true)}` });
  }

  #tell() {
    const { ui, level, day, place } = this;
    for (const button of ui.root.querySelectorAll('[data-zoom]')) button.setAttribute('aria-pressed', String(button.dataset.zoom === level));
    const hours = level === 'hours';
    ui.el('path').hidden = !place && !hours;
    ui.el('ruler').classList.toggle('off', level === 'days' || hours);
    ui.act('to-now').hidden ||= Boolean(place) || level === 'days' || hours;
    if (!place && !hours) return;
    setText(ui.el('path-back-text'), hours ? 'All days' : dayName(place.day));
    setText(ui.el('path-title'), hours ? dayName(day) : place.title);
    setText(ui.el('path-forget'), hours ? 'Forget this day…' : place.hour === undefined ? 'Forget these clips…' : 'Forget this hour…');
    const empty = place && !place.filling && !this.timeline.nodes.size;
    ui.el('strip-note').hidden = !(place && (place.filling || empty)) || this.timeline.nodes.size > 0;
    setText(ui.el('strip-note'), empty ? 'There are no pictures of this stretch; what was said or heard is found by the search.' : 'Fetching the clips…');
  }
}
