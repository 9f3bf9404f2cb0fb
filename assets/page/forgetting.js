// What to forget: this moment, hour or day, the last five minutes, another stretch, or everything.

import { duration, field, make, setText } from './text.js';

export function openForget(ui, live, group) {
  const send = (from, to) => { live.send({ type: 'forget', from_s: from, to_s: to }); ui.close('forget'); };
  const last = (s) => { const now = live.nowS(); send(Math.max(0, now - s), now + 1); };
  const minutes = make('select', { id: 'ol-forget' }, [[60, 'the last minute'], [3600, 'the last hour'], [86400, 'the last 24 hours']].map(([value, text]) => make('option', { value, text })));
  const twice = (text, again, act, kind = 'plain') => {
    const button = make('button', { type: 'button', class: kind, text, onclick: () => {
      if (button.dataset.sure) { act(); return; }
      button.dataset.sure = 'yes';
      setText(button, again);
    } });
    return button;
  };
  const parts = group?.parts ?? (group ? [group] : []);
  const one = group?.parts ? twice(`Forget ${group.name}`, 'Really all of it? Press again', () => parts.forEach((part) => send(part.start_s, part.end_s)), 'primary')
    : group && make('button', { type: 'button', class: 'primary', text: `Forget ${ui.timeline.stamp(group.start_s)} to ${ui.timeline.stamp(group.end_s)} (${duration(group.end_s - group.start_s)})`, onclick: () => send(group.start_s, group.end_s) });
  ui.el('forget-pane').replaceChildren(
    make('p', { text: 'What is forgotten is deleted from this server: pictures, words and sounds. There is no way back.' }),
    make('div', { class: 'choices' }, one ?? '',
      twice('Forget the last five minutes', 'Really the last five minutes? Press again', () => last(300)),
      twice('Forget everything', 'Really everything? Press again', () => send(null, null))),
    field('Another stretch of time', make('div', { class: 'row' }, minutes, make('button', { type: 'button', class: 'plain', text: 'Forget it', onclick: () => last(Number(minutes.value)) })), 'ol-forget'));
  ui.open('forget');
}
