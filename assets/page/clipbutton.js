// One button of the strip: a picture, two lanes of what was said and heard below it, and a line of words.

import { count, duration, make, quoted, setText } from './text.js';

const LONG_S = 20; // a clip longer than this was stretched: nothing changed

export function clipButton(key) {
  return make('button', { type: 'button', class: 'clip', 'data-key': key, tabindex: '-1' },
    make('span', { class: 'pic' }, make('img', { alt: '', draggable: 'false' })),
    make('span', { class: 'rank', hidden: true }), make('span', { class: 'snd', hidden: true }),
    make('span', { class: 'lane speech' }), make('span', { class: 'lane sound' }),
    make('span', { class: 'dur' }), make('time'), make('span', { class: 'say' }));
}

/** Draw a group of clips; `stamp` writes a time, `at` is the one to write. */
export function fillClip(node, { start_s: start, end_s: end, open, face, clips }, said, heard, stamp, at) {
  const [image] = node.getElementsByTagName('img');
  if (face.thumbnail && image.getAttribute('src') !== face.thumbnail) image.src = face.thumbnail;
  node.dataset.clip = face.id;
  node.dataset.growing = String(open);
  node.classList.toggle('now', open);
  setText(node.querySelector('time'), stamp(at));
  setText(node.querySelector('.dur'), clips.length > 1 ? count(clips.length, 'clip') : end - start > LONG_S ? duration(end - start) : '');
  const line = said.length ? quoted(said[said.length - 1].text) : face.caption || face.labels?.map(([text]) => text).join(', ') || '';
  setText(node.querySelector('.say'), open ? line ? `now · ${line}` : 'now' : line || ' ');
  const sound = node.querySelector('.snd');
  sound.hidden = !heard.length;
  setText(sound, heard[0]?.label ?? '');
  fillLane(node.querySelector('.lane.speech'), said, start, end, (event) => (event.speaker === 'source' ? 'source' : ''));
  fillLane(node.querySelector('.lane.sound'), heard, start, end, () => '');
}

function fillLane(lane, events, start, end, kind) {
  const length = Math.max(1, end - start);
  lane.replaceChildren(...events.slice(0, 24).map((event) => {
    const bar = make('i', { class: kind(event) });
    bar.style.left = `${Math.max(0, Math.min(96, ((event.start_s - start) / length) * 100))}%`;
    bar.style.width = `${Math.max(0, Math.min(100, ((Math.min(end, event.end_s) - Math.max(start, event.start_s)) / length) * 100))}%`;
    return bar;
  }));
}

/** What a screen reader says of it, and its rank among what was found. */
export function tellClip(node, { start_s, open, face }, said, heard, rank, stamp) {
  const parts = [open ? `Now, since ${stamp(start_s)}` : `Clip at ${stamp(start_s)}`, face.caption,
    said.length && `said: ${said.map((event) => event.text).join('. ')}`, heard.length && `heard: ${heard.map((event) => event.label).join(', ')}`,
    rank && `found, rank ${rank}`];
  node.setAttribute('aria-label', parts.filter(Boolean).join('. ').slice(0, 300));
  node.classList.toggle('hit', Boolean(rank));
  const badge = node.querySelector('.rank');
  badge.hidden = !rank;
  setText(badge, rank ? String(rank) : '');
}
