// One clip in words and pictures: a card beside it on hover or focus, a dialog on Enter.

import { clockTime, dayName, dayOf, duration, make, quoted, setText } from './text.js';

const PEEK_MS = 180; // the pointer only passing by opens nothing
const KEPT = 60; // clips whose frames stay at hand

export class ClipView {
  constructor(ui, live, api, timeline) {
    Object.assign(this, { ui, live, api, timeline });
    this.scores = new Map(); // clip -> how well it fits
    this.scoredBy = ''; // what it was compared with
    this.details = new Map(); // clip -> promise of {detail, frames: [{t_s, url}]}
    live.on('hello', ({ models }) => { this.compressor = Object.fromEntries(models)['memory compressor'] ?? ''; });
    live.on('reset', () => this.#forget()).on('figures', (event) => event.forgot_from_s !== null && this.#forget());
  }

  #forget() {
    for (const wanted of this.details.values()) wanted.then(({ frames }) => frames.forEach(({ url }) => url.startsWith('blob:') && URL.revokeObjectURL(url))).catch(() => {});
    this.details.clear();
    this.scores.clear();
  }

  /** How well clips fit a question or a search, best first; a clip that was found twice counts by its best. */
  score(evidence, by) {
    this.scoredBy = by;
    this.scores = new Map([...evidence].reverse().filter(({ clip_id: id }) => id !== null).map(({ clip_id: id, score }) => [id, score]));
  }

  /** A clip's own frames and words, fetched once. */
  #detail(id) {
    if (!this.details.has(id)) {
      const wanted = this.#fetch(id);
      wanted.catch(() => this.details.delete(id));
      this.details.set(id, wanted);
      if (this.details.size > KEPT) this.details.delete(this.details.keys().next().value);
    }
    return this.details.get(id);
  }

  async #fetch(id) {
    const detail = await this.api.json(`api/session/clips/${id}`);
    const frames = await Promise.all(detail.key_frames.slice(0, 16).map(async ({ t_s, path }) => ({ t_s, url: URL.createObjectURL(await this.api.blob(path)) })));
    return { detail, frames };
  }

  // ---- the card

  peek(node, group) {
    clearTimeout(this.timer);
    const pop = this.ui.el('pop');
    if (!node || !group || document.querySelector('dialog[open]')) {
      pop.hidden = true;
      this.peeked?.removeAttribute('aria-describedby');
      return;
    }
    this.timer = setTimeout(() => {
      if (!node.isConnected) return;
      pop.id ||= 'ol-pop';
      node.setAttribute('aria-describedby', pop.id);
      this.peeked = node;
      const frames = make('div', { class: 'frames' });
      pop.replaceChildren(frames, this.#facts(group));
      this.#pictures(frames, group, 3);
      pop.hidden = false;
      this.#placeBeside(pop, node);
    }, PEEK_MS);
  }

  #placeBeside(pop, node) {
    const at = node.getBoundingClientRect();
    const size = pop.getBoundingClientRect();
    pop.style.left = `${Math.max(12, Math.min(innerWidth - size.width - 12, at.left + at.width / 2 - size.width / 2))}px`;
    pop.style.top = `${at.top - size.height - 10 > 8 ? at.top - size.height - 10 : Math.min(innerHeight - size.height - 8, at.bottom + 10)}px`;
  }

  #pictures(box, { face, clips, open }, most, alt = '') {
    const few = clips.length > 1 ? clips.filter((_, i) => i % Math.ceil(clips.length / most) === 0).slice(0, most).map((clip) => ({ t_s: clip.start_s, url: clip.thumbnail })) : null;
    const draw = (frames) => box.replaceChildren(...frames.filter(({ url }) => url).map(({ t_s, url }) => make('img', { src: url, alt: alt && `${alt} at ${clockTime(t_s)}` })));
    draw(few ?? [{ t_s: face.start_s, url: face.thumbnail }]);
    if (few || open) return;
    for (let i = 1; i < Math.min(most, face.frames); i += 1) box.append(make('span', { class: 'wait' }));
    this.#detail(face.id).then(({ frames }) => {
      if (!frames.length) return;
      const step = Math.max(1, (frames.length - 1) / Math.max(1, most - 1));
      const chosen = frames.length <= most ? frames : Array.from({ length: most }, (_, i) => frames[Math.round(i * step)]);
      draw(chosen);
    }, () => draw([{ t_s: face.start_s, url: face.thumbnail }]));
  }

  #facts({ clips, start_s, end_s, open, face }) {
    const said = this.timeline.said(start_s, end_s);
    const heard = this.timeline.heard(start_s, end_s);
    const list = make('dl', { class: 'facts' });
    const add = (name, text, fig = false) => text && list.append(make('dt', { text: name }), make('dd', { text, class: fig ? 'fig' : '' }));
    const short = (text) => (text.length > 220 ? `${text.slice(0, 220)}…` : text);
    const local = this.timeline.localOf(start_s);
    const { stamp } = this.timeline;
    if (local !== null) add('day', dayName(dayOf(local)));
    add('time', `${stamp(start_s)} to ${open ? 'now' : stamp(end_s)} · ${duration(end_s - start_s)}`, true);
    if (local !== null) add('stream', `since ${clockTime(start_s)}`, true);
    if (clips.length === 1) add('seen', short(face.caption));
    add('said', short(said.map((event) => quoted(event.text)).join(' ')));
    add('heard', heard.map((event) => `${event.label} at ${stamp(event.start_s)}`).slice(0, 4).join(', '));
    const [kept, seen] = ['tokens_kept', 'tokens_seen'].map((key) => clips.reduce((sum, clip) => sum + clip[key], 0));
    // Learned memory writes 4 rows for each frame and one for the clip; without training, patches are kept or dropped. A
    // visit keeps the eyes with which it began, so the name of what runs now does not tell it alone.
    const drops = this.compressor?.startsWith('training-free') && clips.every((clip) => clip.tokens_kept !== 4 * clip.frames + 1);
    if (seen) add('memory', drops ? `${kept} of ${seen} patches kept (${Math.round((1 - kept / seen) * 100)} % dropped as unchanged)` : `${kept} of ${seen} tokens kept`, true);
    const scores = clips.map(({ id }) => this.scores.get(id)).filter((score) => score !== undefined);
    if (scores.length) add('similarity', `${Math.max(...scores).toFixed(2)} to ${this.scoredBy}`);
    return list;
  }

  // ---- the dialog

  open(group) {
    if (!group) return;
    clearTimeout(this.timer);
    this.ui.el('pop').hidden = true;
    const { face, start_s, open, clips } = group;
    setText(this.ui.el('clip-title'), open && clips.length === 1 ? `Now, since ${clockTime(start_s)}` : `From ${this.timeline.stamp(start_s)}`);
    const frames = make('div', { class: 'frames' });
    const row = make('div', { class: 'row' },
      make('button', { type: 'button', class: 'plain', text: 'Ask about this moment', onclick: () => this.#ask(group) }),
      open ? null : make('button', { type: 'button', class: 'link', text: 'Forget this moment…', onclick: () => { this.ui.close('clip'); this.ui.forget(group); } }));
    const labels = face.labels?.length && clips.length === 1 ? make('p', { class: 'soft', text: face.labels.map(([text, score]) => `${text} ${Math.round(score * 100)} %`).join(' · ') }) : null;
    this.ui.el('clip-pane').replaceChildren(frames, this.#facts(group), labels ?? '', row);
    this.#pictures(frames, group, 16, 'Frame');
    this.ui.open('clip');
  }

  #ask({ start_s }) {
    this.ui.close('clip');
    const field = this.ui.el('question');
    field.value = `What happened at ${clockTime(start_s)}?`;
    field.focus();
    field.select();
  }
}
