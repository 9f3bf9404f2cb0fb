// Models on their way: what each is for, how much of it has come, and what could not be had. Everything goes on meanwhile.

import { bytesOf, count, duration, make, setText, words } from './text.js';

const LOST = /^(hub_|model_failed$)/; // faults about the model whose row came to its end just before
const RATE_MS = 4000; // over which the pace is taken
const SETTLED_MS = 12000; // one model comes after the other: so long the hub may take to list the files of the next

const NEWS_MS = 15000;
const LOW = '(min-width: 761px) and (max-height: 900px)'; // one line is all the room there is beside the picture

export class Loading {
  constructor(ui, live) {
    Object.assign(this, { ui, live });
    ui.el('loading').addEventListener('toggle', () => this.#say());
    this.known = JSON.parse(ui.el('loading').dataset.models || '{}'); // what can be fetched, for what, on which terms
    ui.el('loading-close').addEventListener('click', () => { this.#clear(); ui.el('question').focus({ preventScroll: true }); });
    live.on('progress', (event) => this.#progress(event)).on('fault', (event) => this.#fault(event)).on('reset', () => this.#clear())
      .on('hello', ({ profile }) => { if (profile !== this.profile && profile !== 'nano') this.#settle(); this.profile = profile; });
    this.#clear();
  }

  #clear() {
    clearTimeout(this.timer);
    this.models = new Map(); // name -> {done, total, came, ready, lost, seen: [[at, bytes]]}
    this.ended = '';
    this.news = '';
    this.settled = false;
    this.ui.el('loading').hidden = true;
    this.ui.el('loading').open = !matchMedia(LOW).matches;
    this.ui.el('loading-rows').replaceChildren();
  }

  #progress({ model, done, total, ready }) {
    const larger = model in this.known;
    if (!ready && (this.settled || (larger && !this.larger))) this.#clear(); // another load begins
    if (!ready) this.larger = larger;
    const known = this.models.get(model) ?? { seen: [] };
    if (total > 1) Object.assign(known, { done, total }); // a model's last word is a step, and not its bytes
    Object.assign(known, { ready, lost: null, came: known.came || !ready });
    this.models.set(model, known);
    const now = performance.now();
    if (!ready && total > 1) known.seen = [...known.seen.filter(([at]) => now - at < RATE_MS), [now, done]];
    if (ready) this.ended = model;
    this.#draw(model);
  }

  /** A model that could not be had says so in its row, and the state line keeps its place. */
  #fault(event) {
    const known = this.models.get(this.ended);
    if (!LOST.test(event.code) || !known) return;
    event.lost = true; // the stage leaves it to us
    known.lost = { why: event.message, hint: event.hint };
    if (!matchMedia(LOW).matches) this.ui.el('loading').open = true; // what went wrong is to be read
    this.news = event.message; // for a while in the one line, where that is all that is seen
    clearTimeout(this.newsTimer);
    this.newsTimer = setTimeout(() => { this.news = ''; this.#say(); }, NEWS_MS);
    this.#draw(this.ended);
  }

  get #shown() { return [...this.models].map(([name, known]) => ({ name, ...known })).filter((one) => one.came || one.lost); }

  #draw(model) {
    this.#row(model, this.models.get(model));
    const shown = this.#shown;
    clearTimeout(this.timer);
    if (!shown.length) return;
    this.settled = false;
    if (shown.every((one) => one.ready)) this.timer = setTimeout(() => this.#settle(), this.larger || shown.some((one) => one.lost) ? SETTLED_MS : 0);
    this.ui.el('loading').hidden = false;
    this.#say();
  }

  #settle() {
    const shown = this.#shown;
    if (this.settled || !shown.length || shown.some((one) => !one.ready)) return;
    this.settled = true;
    if (shown.some((one) => one.lost)) { this.#say(); return; }
    this.#clear();
    if (this.larger) this.live.emit('notice', { code: 'models_ready', message: 'All models are here, and in their places.', hint: '' });
  }

  #say() {
    const { ui, settled } = this;
    const shown = this.#shown;
    if (!shown.length) return;
    const lost = shown.filter((one) => one.lost).length;
    const coming = shown.find((one) => !one.ready);
    const [title, text] = settled ? [`${count(lost, 'model')} could not be had`, 'What runs now goes on.']
      : this.larger || lost ? ['Larger models are on their way', 'Everything works meanwhile. Each takes over its part as soon as it is here.']
        : ['The models are loading', 'This takes a few seconds. A sample can be chosen already.'];
    const closed = !ui.el('loading').open;
    const news = closed ? this.news : '';
    setText(ui.el('loading-title'), news || (closed && coming && this.larger ? 'Larger models' : title));
    setText(ui.el('loading-text'), text);
    setText(ui.el('loading-fig'), closed && coming && !news ? `${lost ? `${lost} failed · ` : ''}${words(this.known[coming.name]?.role ?? coming.name)} · ${figures(coming)}` : '');
    ui.el('loading-bar').hidden = !closed || !coming;
    if (coming) fill(ui.el('loading-bar'), coming);
    ui.el('loading-actions').hidden = !settled;
  }

  #row(model, known) {
    if (!known.came && !known.lost) return; // it was there before this page was
    const rows = this.ui.el('loading-rows');
    let row = Array.from(rows.children).find((one) => one.dataset.model === model);
    if (!row) {
      const role = this.known[model]?.role;
      row = make('li', { 'data-model': model }, make('b', { text: words(role ?? model) }), make('span', { text: role ? model : '' }), make('i', { class: 'fig' }),
        make('progress', { 'aria-label': `${words(role ?? model)}, so far` }), make('details', { hidden: true }, make('summary')), make('p', { hidden: true }));
      rows.append(row);
    }
    const { ready, lost } = known;
    row.dataset.is = lost ? 'lost' : ready ? 'ready' : 'coming';
    setText(row.querySelector('.fig'), figures(known));
    row.querySelector('progress').hidden = ready;
    fill(row.querySelector('progress'), known);
    const [why, hint] = [row.querySelector('summary'), row.lastElementChild];
    setText(why, lost?.why ?? '');
    why.parentElement.hidden = !lost;
    setText(hint, lost?.hint ?? '');
    hint.hidden = !lost?.hint;
  }
}

/** A bar of what has come; one without an end where that is not known, or all is here and is being put in place. */
function fill(bar, { done, total }) {
  if (total && done < total) { bar.max = total; bar.value = done; } else bar.removeAttribute('value');
}

function figures(known) {
  const { done, total, ready, lost } = known;
  if (lost) return 'not to be had';
  if (ready) return 'ready';
  if (!total) return 'loading';
  return done < total ? `${bytesOf(done, total)}${left(known)}` : 'being put in place';
}

/** How long it will take at the pace of the last seconds. */
function left({ seen, done, total }) {
  const [from, to] = [seen[0], seen.at(-1)];
  const rate = to && to[0] - from[0] > 1000 ? (to[1] - from[1]) / (to[0] - from[0]) : 0;
  if (rate <= 0) return '';
  const leftS = (total - done) / rate / 1000;
  return ` · ${leftS < 60 ? duration(Math.max(1, leftS)) : leftS < 86400 ? duration(60 * Math.round(leftS / 60)) : 'over a day'} left`;
}
