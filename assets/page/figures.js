// How much is remembered, in two lines: clips and bytes, and the tokens that were kept of those that came in.

import { bytes, clockTime, count, duration, setText } from './text.js';

const DAY_S = 86400;

export class Figures {
  constructor(ui, live) {
    this.ui = ui;
    live.on('figures', (event) => this.#tell(event));
  }

  #tell({ clips, seconds, bytes: size, tokens_seen: seen, tokens_kept: kept, limit_bytes: limit, let_go: bare }) {
    const much = [seconds < DAY_S ? clockTime(seconds) : duration(seconds), count(clips, 'clip'), bytes(size)];
    setText(this.ui.el('figures-much'), clips ? much.join(' · ') : 'nothing remembered yet');
    const share = (100 * kept) / seen; // short: the line stands beside the search and what is marked
    setText(this.ui.el('figures-tokens'), clips && seen > 0 ? `${share.toFixed(share < 9.5 ? 1 : 0)} % of ${seen.toLocaleString('en')} tokens kept` : '');
    const exact = seen > 0 && `${kept.toLocaleString('en')} of ${seen.toLocaleString('en')} tokens are kept`;
    this.ui.el('figures').title = [exact, bare && `${count(bare, 'clip')} let pictures go, to stay within ${bytes(limit)}`].filter(Boolean).join('; ');
  }
}
