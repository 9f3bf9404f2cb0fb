// The whole memory in one line, to scale: where the marked clips lie in it, and a way there.

import { make } from './text.js';

const MOST_BARS = 400;

export class Ruler {
  constructor(node, reveal) {
    this.node = node;
    this.clips = [];
    node.addEventListener('click', (event) => this.#jump(event, reveal));
  }

  /** `marks` is a map of clip numbers; those bars are never left out. */
  draw(clips, marks) {
    this.clips = clips;
    this.node.hidden = clips.length < 2;
    if (this.node.hidden) return;
    const [from, to] = [clips[0].start_s, clips[clips.length - 1].end_s];
    const share = (s) => `${(s / Math.max(1, to - from)) * 100}%`;
    const step = Math.max(1, Math.floor(clips.length / MOST_BARS));
    const shown = clips.filter((clip, i) => i % step === 0 || marks.has(clip.id) || clip.open);
    this.node.replaceChildren(...shown.map((clip) => {
      const bar = make('i', { class: marks.has(clip.id) ? 'hit' : clip.open ? 'now' : '' });
      bar.style.left = share(clip.start_s - from);
      bar.style.width = `calc(${share(clip.end_s - clip.start_s)} - 1px)`;
      return bar;
    }));
  }

  #jump(event, reveal) {
    const box = this.node.getBoundingClientRect();
    const [first, last] = [this.clips[0], this.clips[this.clips.length - 1]];
    const t = first.start_s + ((event.clientX - box.left) / box.width) * (last.end_s - first.start_s);
    reveal(this.clips.find(({ end_s }) => end_s >= t) ?? last);
  }
}
