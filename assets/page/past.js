// What the page was not told, because it lies too far back: fetched when it is wanted, and put into the timeline.

import { offsetS } from './text.js';

const AT_ONCE = 60; // clips of one request: their pictures come along
const AROUND = 41;

export class Past {
  constructor(ui, live, api, timeline) {
    Object.assign(this, { ui, live, api, timeline });
    live.on('retrieval', ({ evidence }) => this.#pictures(evidence));
  }

  #fetch(query) { return this.api.json(`api/session/timeline?${query}&offset_s=${offsetS()}`); }

  /** All clips of a place, piece by piece, for as long as it is `wanted`. */
  async fill({ parts }, wanted) {
    for (const { start_s, end_s } of parts) {
      for (let from = start_s, more = true; more;) {
        const answer = await this.#fetch(`from_s=${from}&to_s=${end_s}&most=${AT_ONCE}`);
        if (!wanted()) return;
        this.timeline.add(answer);
        more = answer.more && answer.clips.length > 0;
        from = answer.clips.length ? answer.clips[answer.clips.length - 1].end_s + 0.001 : end_s;
      }
    }
  }

  /** A clip amid its neighbours; resolves to where they lie. */
  async around(id, most = AROUND) {
    const answer = await this.#fetch(`clip=${Number(id)}&most=${most}`);
    this.timeline.add(answer);
    for (const clip of answer.clips) this.live.emit('older', { id: clip.id });
    return answer.parts;
  }

  /** The pictures of the clips that an answer rests on, for its chips. */
  async #pictures(evidence) {
    const ids = new Set(evidence.map(({ clip_id: id }) => id).filter((id) => id !== null && !this.timeline.find(id)));
    for (const id of ids) {
      try { await this.around(id, 1); } catch { /* the chip says it in words */ }
    }
  }
}
