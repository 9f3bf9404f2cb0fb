// The memory from further away: a card for each day, or for each hour of a day, with a picture and a sentence.

import { bytes, count, dayName, make, offsetS, setText } from './text.js';

const FRESH_MS = 20000; // how long what was fetched is good enough while new clips come

const hourName = (hour, length = 1) => (length > 1 ? `${String(hour).padStart(2, '0')}:00 to ${String(hour + length).padStart(2, '0')}:00` : `${String(hour).padStart(2, '0')}:00`);

export class Days {
  constructor(ui, live, api, open) {
    Object.assign(this, { ui, live, api, open });
    this.box = ui.el('cards');
    this.nodes = new Map(); // date and hour -> card
    this.shown = null; // {day: null for all of them, …}
    live.on('figures', (event) => this.#changed(event.forgot_from_s !== null));
    this.box.addEventListener('keydown', (event) => this.#walk(event));
  }

  #days(query = '') { return this.api.json(`api/session/days?offset_s=${offsetS()}${query}`); }

  /** The newest day of which something is remembered; null when there is none. */
  async newest() { return (await this.#days('&most=1')).days.at(-1)?.date ?? null; }

  /** Show all days, or the hours of one; `focus` names the card that gets the keyboard. */
  async show(day, focus = '') {
    const shown = { day, at: performance.now() };
    this.shown = shown;
    this.box.hidden = false;
    this.box.setAttribute('aria-label', day ? `Hours of ${dayName(day)}. Arrow keys walk, Enter opens an hour.` : 'Remembered days, oldest first. Arrow keys walk, Enter opens a day.');
    const answer = await (day ? this.api.json(`api/session/days/${day}?offset_s=${offsetS()}`) : this.#days());
    if (this.shown !== shown) return;
    this.entries = day ? answer.hours : answer.days;
    this.more = Boolean(answer.more);
    this.#draw(focus || null);
  }

  hide() {
    this.shown = null;
    this.box.hidden = true;
    this.nodes.clear();
    this.box.replaceChildren();
  }

  async #older() {
    const { shown } = this;
    const answer = await this.#days(`&before=${this.entries[0].date}`);
    if (this.shown !== shown || !answer.days.length) return;
    this.entries = [...answer.days, ...this.entries];
    this.more = answer.more;
    this.#draw(answer.days.at(-1).date);
  }

  /** What is shown is fetched anew: at once when something was forgotten, else now and then. */
  #changed(forgot) {
    const { shown } = this;
    if (!shown || (!forgot && performance.now() - shown.at < FRESH_MS)) return;
    this.show(shown.day, this.box.contains(document.activeElement) ? document.activeElement.dataset.card : '').catch(() => {});
  }

  // ---- drawing

  /** Cards are kept by their names, so that pictures do not flicker. `focus`: a card, or null to leave the keyboard alone. */
  #draw(focus) {
    const first = !this.nodes.size;
    const { scrollLeft } = this.box;
    const fresh = new Map(this.entries.map((entry) => [this.#name(entry), entry]));
    const cards = [...fresh].map(([name, entry]) => {
      const node = this.nodes.get(name) ?? this.#card(name, entry);
      this.#fill(node, entry);
      return [name, node];
    });
    this.nodes = new Map(cards);
    const none = make('p', { class: 'empty', text: this.shown.day ? 'Nothing is remembered of this day.' : 'Nothing is remembered yet. A day gets its card with its first clip.' });
    const more = make('button', { type: 'button', class: 'card earlier', 'data-card': 'earlier', text: 'Earlier days…', onclick: () => this.#older().catch((error) => this.ui.zoom.failed(error)) });
    this.box.replaceChildren(...(this.more ? [more] : []), ...this.nodes.values(), ...(cards.length ? [] : [none]));
    const wanted = focus === null ? null : this.nodes.get(focus);
    const buttons = [...this.box.querySelectorAll('button.card')];
    for (const button of buttons) button.tabIndex = -1;
    const current = wanted ?? buttons.at(-1);
    if (current) current.tabIndex = 0;
    this.box.scrollLeft = first && !this.shown.day ? this.box.scrollWidth : scrollLeft;
    wanted?.focus({ preventScroll: true });
    wanted?.scrollIntoView({ inline: 'nearest', block: 'nearest' });
  }

  #name({ date, hour, length, parts }) { return `${date}${hour === null ? '' : ` ${hour}`}${parts.length ? '' : ` ${length} empty`}`; }

  #card(name, entry) {
    const inside = [make('span', { class: 'pic' }, make('img', { alt: '', draggable: 'false' })), make('b'), make('span', { class: 'fig' }), make('span', { class: 'sum' })];
    if (!entry.parts.length) return make('div', { class: 'card none', 'data-card': name }, inside[1], inside[3]);
    return make('button', { type: 'button', class: 'card', 'data-card': name, tabindex: '-1' }, ...inside);
  }

  #fill(node, entry) {
    const { date, hour, length, clips, summary, thumbnail, parts } = entry;
    const title = hour === null ? this.#dayTitle(date, length) : hourName(hour, length);
    setText(node.querySelector('b'), title);
    setText(node.querySelector('.sum'), summary);
    if (!parts.length) return;
    const [image] = node.getElementsByTagName('img');
    image.hidden = !thumbnail;
    if (thumbnail && image.getAttribute('src') !== thumbnail) image.src = thumbnail;
    const figures = [count(clips, 'clip'), clips ? bytes(entry.bytes) : ''].filter(Boolean).join(' · ');
    setText(node.querySelector('.fig'), figures);
    node.title = `${entry.tokens_kept.toLocaleString('en')} of ${entry.tokens_seen.toLocaleString('en')} tokens kept`;
    node.setAttribute('aria-label', `${hour === null ? dayName(date) : hourName(hour)}, ${figures}. ${summary}`);
    node.onclick = () => this.open(entry, hour === null ? '' : `${hourName(hour)} to ${hourName(hour + 1)}`);
  }

  #dayTitle(date, length) {
    const at = (days) => new Date(Date.parse(`${date}T00:00:00Z`) + days * 86400000).toISOString().slice(0, 10);
    if (length > 1) return `${dayName(date, true)} to ${dayName(at(length - 1), true)}`;
    const now = new Date(Date.now() + offsetS() * 1000);
    const away = Math.round((Date.parse(`${now.toISOString().slice(0, 10)}T00:00:00Z`) - Date.parse(`${date}T00:00:00Z`)) / 86400000);
    return `${{ 0: 'Today, ', 1: 'Yesterday, ' }[away] ?? ''}${dayName(date, true)}`;
  }

  #walk(event) {
    const all = [...this.box.querySelectorAll('button.card')];
    const here = all.indexOf(document.activeElement);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (here < 0 || to === undefined || !all[to]) return;
    event.preventDefault();
    all[here].tabIndex = -1;
    all[to].tabIndex = 0;
    all[to].focus({ preventScroll: true });
    all[to].scrollIntoView({ inline: 'nearest', block: 'nearest' });
  }
}
