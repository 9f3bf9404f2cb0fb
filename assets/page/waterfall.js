// Where the time of the last answer went: one bar, cut into its stages, and the typical figure of the session.

import { make, seconds, setText, words } from './text.js';

export class Waterfall {
  constructor(ui, live) {
    this.ui = ui;
    this.totals = [];
    live.on('latency', (event) => this.#show(event)).on('reset', () => { this.totals = []; ui.el('fall').hidden = true; ui.el('typical').hidden = true; });
  }

  #show({ stages_ms: stages, total_ms: total }) {
    const { ui } = this;
    const known = stages.filter(([, ms]) => ms >= 0.5);
    setText(ui.el('fall-title'), `Last answer in ${seconds(total)}`);
    setText(ui.el('fall-sub'), stages.some(([name]) => name === 'turn end') ? ', from the end of your words to the first sound' : ', from your question to the first sound');
    ui.el('fall-bar').replaceChildren(...known.map(([name, ms]) => {
      const part = make('span', { title: `${words(name)} ${Math.round(ms)} ms` });
      part.style.flexGrow = ms;
      return part;
    }));
    ui.el('fall-key').replaceChildren(...known.map(([name, ms], i) => make('span', { text: `${words(name)} ${Math.round(ms)}${i === known.length - 1 ? ' ms' : ''}` })));
    ui.el('fall').hidden = false;
    this.totals = [...this.totals.slice(-49), total];
    const sorted = [...this.totals].sort((a, b) => a - b);
    setText(ui.el('typical-s'), seconds(sorted[Math.floor(sorted.length / 2)]));
    ui.el('typical').title = `Median of the last ${sorted.length}`;
    ui.el('typical').hidden = false;
  }
}
