// What the visitor asked to be told later: a line for each, above the question's field, while it waits and for a moment
// after it has ended. Absent when there is none. Words come from visitors and recognisers, and are only ever set as text.

import { clockTime, make, setText } from './text.js';

const MOST = 100; // that are known, ended ones included
const LINGER_S = 30; // an ended one stays this long: the answer itself stands in the conversation
const BEFORE = { time: 'Reminder:', thing: 'Waiting for', gone: 'Waiting for', look: 'Waiting for', sound: 'Listening for', word: 'Listening for' };
const ENDED = { answered: 'told', cancelled: 'cancelled', expired: 'given up after 12 hours' };

export class Standing {
  constructor(ui, live) {
    Object.assign(this, { ui, live });
    this.list = ui.el('standings');
    this.clear();
    live.on('standing', (event) => this.#changed(event))
      .on('figures', ({ forgot_from_s: from, forgot_to_s: to }) => from !== null && this.#forget(from, to ?? Infinity))
      .on('reset', () => this.clear());
    setInterval(() => this.#tick(), 1000);
  }

  clear() {
    this.known = new Map(); // id -> event
    this.rows = new Map(); // id -> {node, status}
    this.list.replaceChildren();
    this.list.hidden = true;
  }

  /** When a standing query was asked for, in stream seconds; null when it is not known (any more). */
  since(id) { return this.known.get(id)?.since_s ?? null; }

  #changed(event) {
    const before = this.known.get(event.id);
    this.known.set(event.id, event);
    if (this.known.size > MOST) for (const id of this.known.keys()) if (!this.rows.has(id)) { this.known.delete(id); break; }
    if (event.status === 'waiting') {
      this.#row(event);
      this.list.scrollTop = this.list.scrollHeight;
    } else {
      if (this.live.nowS() - event.ended_s < LINGER_S) this.#row(event);
      if (before?.status === 'waiting' && event.status !== 'answered') setText(this.ui.el('announce'), `${event.text}: ${ENDED[event.status]}`);
    }
    this.#tick();
  }

  #row(event) {
    const waiting = event.status === 'waiting';
    const old = this.rows.get(event.id);
    const focused = old?.node.contains(document.activeElement);
    const status = make('small');
    const node = make('li', { 'data-standing': event.id, 'data-status': event.status },
      make('span', { class: 'ring', 'aria-hidden': 'true' }),
      make('p', {}, `${BEFORE[event.kind] ?? 'Waiting for'} `, make('b', { text: event.text }), ' ', status),
      waiting && make('button', { type: 'button', class: 'link', text: 'Cancel', 'aria-label': `Cancel: ${event.text}`, onclick: () => this.live.send({ type: 'cancel_standing', id: event.id }) }));
    if (old) old.node.replaceWith(node); else this.list.append(node);
    this.rows.set(event.id, { node, status });
    if (focused && !waiting) (this.list.querySelector('button') ?? this.ui.el('question')).focus({ preventScroll: true });
  }

  #tick() {
    const now = this.live.nowS();
    for (const [id, { node, status }] of this.rows) {
      const event = this.known.get(id);
      if (event.status !== 'waiting' && now - event.ended_s >= LINGER_S) {
        node.remove();
        this.rows.delete(id);
      } else setText(status, this.#status(event, now));
    }
    this.list.hidden = !this.rows.size;
  }

  #status({ status, since_s: since, due_s: due, ended_s: ended }, now) {
    if (status !== 'waiting') return `${ENDED[status]} · ${clockTime(ended)}`;
    return due === null ? `since ${clockTime(since)}` : `in ${clockTime(Math.max(0, Math.ceil(due - now)))}`;
  }

  /** What was asked for in a forgotten stretch goes with it. */
  #forget(from, to) {
    for (const [id, { since_s: since }] of this.known) {
      if (since < from || since > to) continue;
      this.rows.get(id)?.node.remove();
      this.rows.delete(id);
      this.known.delete(id);
    }
    this.#tick();
  }
}
