// What is said: the visitor's words, the answers with the clips they rest on, what was heard and not answered. All text
// comes from recognisers, models and visitors, so it is only ever set as text.

import { clockTime, make, quoted, seconds, setText, unheardTail } from './text.js';

const MAX_TURNS = 200; // older ones leave the page; the memory keeps them
const MAX_CHIPS = 6;

export class Talk {
  constructor(ui, live, timeline) {
    Object.assign(this, { ui, live, timeline });
    this.list = ui.el('turns');
    this.clear();
    live.on('caption', (event) => this.#caption(event))
      .on('answer', (event) => this.#answer(event))
      .on('retrieval', (event) => this.#retrieved(event))
      .on('interrupt', (event) => this.#interrupted(event))
      .on('latency', (event) => this.#latency(event))
      .on('fault', (event) => this.#refused(event))
      .on('notice', (event) => this.#refused(event))
      .on('clip', (event) => this.#pictures(event.id))
      .on('older', (event) => this.#pictures(event.id))
      .on('figures', (event) => event.forgot_from_s !== null && this.#forget(event.forgot_from_s, event.forgot_to_s ?? Infinity))
      .on('reset', () => this.clear());
    ui.el('ask').addEventListener('submit', (event) => { event.preventDefault(); this.ask(ui.el('question').value); });
  }

  clear() {
    this.turns = new Map(); // turn -> {node, text, evidence, …}
    this.said = new Map(); // utterance -> node
    this.list?.replaceChildren(this.ui.el('blank'));
  }

  /** Words of that time go, and all answers: they may quote it. */
  #forget(from, to) {
    for (const [utterance, node] of this.said) {
      if (Number(node.dataset.start) <= to && Number(node.dataset.end) >= from) { node.remove(); this.said.delete(utterance); }
    }
    for (const { node } of this.turns.values()) node.remove();
    this.turns.clear();
    if (!this.list.children.length) this.list.append(this.ui.el('blank') ?? '');
  }

  ask(text) {
    const words = text.trim();
    const field = this.ui.el('question');
    if (!words) { field.focus(); return; }
    if (!this.live.send({ type: 'text', text: words })) {
      this.ui.stage.trouble({ code: 'cut', title: 'The question did not go out: the connection is cut.', text: 'It stays in the field. Send it again when the connection is back.' });
      field.value = words;
      return;
    }
    this.asked = words;
    field.value = '';
    this.ui.onask?.();
  }

  /** A question that the server did not take goes back into its field. */
  #refused({ code }) {
    if (this.asked && /question|text|message|too_long/.test(code) && !this.ui.el('question').value) this.ui.el('question').value = this.asked;
    this.asked = '';
  }

  #add(node) {
    const near = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 120;
    this.ui.el('blank')?.remove();
    this.list.append(node);
    while (this.list.children.length > MAX_TURNS) this.list.firstElementChild.remove();
    if (near) this.#follow();
  }

  #follow() { this.list.scrollTop = this.list.scrollHeight; }

  #kept(change) {
    const near = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 120;
    change();
    if (near) this.#follow();
  }

  #caption({ utterance, text, final, speaker, start_s, end_s, answered, typed, turn }) {
    if (!final || !text) return;
    if (speaker !== 'visitor' && answered !== true) return; // what a film says is on its captions and in the memory
    const quiet = answered === false;
    let node = this.said.get(utterance);
    if (!node) {
      node = make('div', { 'data-utterance': utterance });
      this.said.set(utterance, node);
      this.#add(node);
    }
    node.className = quiet ? 'quiet' : 'me';
    node.classList.toggle('long', text.length > 400);
    Object.assign(node.dataset, { answered: String(answered), start: start_s, end: end_s });
    const small = [typed ? 'typed' : '', speaker === 'source' ? 'asked in the video' : '', clockTime(start_s)].filter(Boolean).join(' · ');
    if (quiet) node.replaceChildren(`${quoted(text)} · heard, not answered`);
    else node.replaceChildren(make('p', { text }), make('small', { text: small }));
    if (turn !== null && turn !== undefined) this.timeline.unmark();
    if (typed && text === this.asked) this.asked = '';
  }

  #turn(id) {
    let turn = this.turns.get(id);
    if (!turn) {
      const node = make('div', { class: 'ai', 'data-turn': id });
      turn = { id, node, body: make('p'), why: make('div', { class: 'why' }), small: make('small'), text: '', evidence: [], ids: null, notes: {} };
      node.append(turn.body, turn.why, turn.small);
      turn.why.hidden = true;
      turn.small.hidden = true;
      this.turns.set(id, turn);
      if (this.turns.size > MAX_TURNS) this.turns.delete(this.turns.keys().next().value);
    }
    return turn;
  }

  #shown(turn) { if (!turn.node.isConnected) this.#add(turn.node); }

  #answer({ turn: id, text, final, evidence, heard_text, unasked, standing }) {
    const turn = this.#turn(id);
    if ((unasked || Number.isInteger(standing)) && !turn.told) this.#unasked(turn, standing);
    turn.text = text || turn.text;
    if (heard_text !== null && heard_text !== undefined) turn.heard = heard_text;
    if (evidence?.length) turn.ids = evidence;
    turn.final = final;
    if (!turn.text) return;
    this.#shown(turn);
    this.#kept(() => {
      turn.node.classList.toggle('growing', !final && !turn.cut);
      turn.node.dataset.final = String(final);
      this.#body(turn);
      if (final) this.#why(turn);
    });
    if (final && this.marked === id && this.timeline.marks.size) this.mark(turn); // it named its evidence: the ranks are those of its chips
    if (final && !turn.announced) {
      turn.announced = true;
      setText(this.ui.el('announce'), turn.text);
    }
  }

  /** An answer that follows no question says why it is there. */
  #unasked(turn, standing) {
    const asked = Number.isInteger(standing);
    const since = asked ? this.ui.standing?.since(standing) ?? null : null;
    turn.told = make('small', { class: asked ? 'told' : 'told remark', text: !asked ? 'something new' : since === null ? 'as you asked' : `as you asked at ${clockTime(since)}` });
    turn.node.prepend(turn.told);
  }

  #body(turn) {
    if (!turn.cut || turn.heard === undefined) { setText(turn.body, turn.text); return; }
    const { heard, tail } = unheardTail(turn.text, turn.heard);
    turn.body.replaceChildren(heard, tail ? make('s', { text: tail }) : '');
  }

  #retrieved({ turn: id, evidence }) {
    const turn = this.#turn(id);
    turn.evidence = evidence;
    this.#kept(() => this.#why(turn));
    if (evidence.some(({ clip_id }) => clip_id !== null)) this.mark(turn); // the present alone marks nothing in the memory
  }

  /** The clips that an answer rests on, best first. */
  #chosen(turn) {
    const { evidence, ids } = turn;
    const named = ids ? evidence.filter(({ clip_id }) => clip_id === null || ids.includes(clip_id)) : evidence;
    const seen = new Set();
    return (named.length ? named : evidence).filter(({ clip_id, start_s, kind }) => {
      const key = clip_id ?? `${kind}${start_s}`;
      return !seen.has(key) && seen.add(key);
    }).slice(0, MAX_CHIPS);
  }

  #why(turn) {
    if (!turn.text) return; // the clips light up at once; the chips come with the first words
    const chips = this.#chosen(turn).map((piece, i) => this.#chip(turn, piece, i + 1));
    turn.why.hidden = !chips.length;
    turn.why.replaceChildren(...chips);
  }

  #chip(turn, { clip_id, start_s, text, kind }, rank) {
    const picture = this.timeline.picture(clip_id);
    const label = kind === 'now' ? 'now' : text || kind;
    return make('button', {
      type: 'button', 'data-evidence': clip_id ?? 'now', 'data-kind': kind, title: text,
      'aria-label': `Evidence ${rank}: ${label}, at ${clockTime(start_s)}. Show it in the memory.`,
      onclick: () => this.#light(turn, clip_id ?? this.#clipAt(start_s)),
    }, picture ? make('img', { src: picture, alt: '' }) : make('span', { class: 'nopic' }),
    make('span', {}, make('b', { text: clockTime(start_s) }), ` ${label}`));
  }

  /** The closed clip of a moment: evidence of the present has no number, and its clip gets one later. */
  #clipAt(s) { return [...this.timeline.clips.values()].find(({ start_s: start, end_s: end }) => start <= s && s <= end)?.id ?? null; }

  #light(turn, clipId) {
    this.mark(turn);
    this.timeline.reveal(clipId, true);
  }

  mark(turn) {
    const ranks = new Map();
    for (const { clip_id } of this.#chosen(turn)) if (clip_id !== null && !ranks.has(clip_id)) ranks.set(clip_id, ranks.size + 1);
    if (this.marked === turn.id && String([...ranks.keys()]) === String([...this.timeline.marks.keys()])) return;
    this.marked = turn.id;
    this.ui.clipView.score(turn.evidence, 'the question');
    this.timeline.mark(ranks, `${ranks.size === 1 ? '1 clip' : `${ranks.size} clips`} of the answer`);
  }

  /** A chip made before its clip had a picture gets it now. */
  #pictures(clipId) {
    const source = this.timeline.picture(clipId);
    if (!source) return;
    for (const button of this.list.querySelectorAll(`[data-evidence="${Number(clipId)}"]`)) {
      button.querySelector('.nopic')?.replaceWith(make('img', { src: source, alt: '' }));
    }
  }

  #interrupted({ turn: id, reason, heard_text }) {
    const turn = this.#turn(id);
    turn.cut = true;
    turn.heard = heard_text ?? '';
    turn.node.classList.remove('growing');
    turn.node.dataset.interrupted = reason;
    if (!turn.text) return;
    turn.notes.cut = { speech: 'interrupted', stop: 'stopped', question: 'interrupted by the next question' }[reason] ?? 'cut off';
    this.#kept(() => { this.#body(turn); this.#small(turn); });
  }

  #latency({ turn: id, total_ms }) {
    const turn = this.#turn(id);
    turn.notes.ms = seconds(total_ms);
    this.#kept(() => this.#small(turn));
  }

  #small(turn) {
    turn.small.hidden = false;
    setText(turn.small, [turn.notes.ms, turn.notes.cut].filter(Boolean).join(' · '));
  }

  /** Questions to try, as buttons above the field. */
  suggest(questions) {
    const box = this.ui.el('suggested');
    box.hidden = !questions?.length;
    box.replaceChildren(...(questions ?? []).map((question) => make('button', { type: 'button', text: question, onclick: () => this.ask(question) })));
  }
}
