// Searching the memory, and taking it along as a file.

import { quoted } from './text.js';

export class Recall {
  constructor(ui, api) {
    Object.assign(this, { ui, api });
    ui.el('search-form').addEventListener('submit', (event) => { event.preventDefault(); this.search(ui.el('search').value.trim()); });
    ui.el('search').addEventListener('search', () => !ui.el('search').value && ui.timeline.unmark());
  }

  async search(query) {
    const { ui } = this;
    if (!query) { ui.timeline.unmark(); return; }
    try {
      const { evidence } = await this.api.json(`api/session/search?q=${encodeURIComponent(query)}`);
      const ranks = new Map();
      for (const { clip_id: id } of evidence) if (id !== null && !ranks.has(id)) ranks.set(id, ranks.size + 1);
      ui.clipView.score(evidence, quoted(query));
      ui.timeline.mark(ranks, `${ranks.size === 1 ? '1 clip' : `${ranks.size} clips`} for “${query}”`);
      if (!ranks.size) ui.stage.trouble({ code: 'search', title: `Nothing in the memory fits “${query}”.`, text: 'Try other words, or a time such as “a minute ago”.' });
    } catch (error) {
      ui.stage.trouble({ code: error.code ?? 'search', title: error.message, text: error.hint ?? '' });
    }
  }

  async export() {
    try {
      const blob = await this.api.blob('api/session/export');
      const link = document.createElement('a');
      link.href = URL.createObjectURL(blob);
      link.download = 'omnilive-session.json';
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    } catch (error) {
      this.ui.stage.trouble({ code: error.code ?? 'export', title: `The memory could not be exported. ${error.message}`, text: error.hint ?? '' });
    }
  }
}
