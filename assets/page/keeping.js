// The dialog in which a memory is kept with a private link, taken along as a file, and brought in again; and the word of
// welcome to whoever comes back to one.

import { ApiError, BASE } from './api.js';
import { bytes, count, make, setText } from './text.js';

const WELCOME_S = 120; // a page that comes later than this after the return is not welcomed
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });

const section = (title, ...parts) => make('section', { class: 'pane' }, make('h3', { text: title }), ...parts);
const button = (kind, text, onclick) => make('button', { type: 'button', class: kind, text, onclick });

export class Keeping {
  constructor(ui, live, api) {
    Object.assign(this, { ui, live, api });
    ui.act('memory').addEventListener('click', () => this.open());
    live.on('returned', ({ t_s: now, since_s: since, message }) => now - since < WELCOME_S && live.emit('notice', { code: 'memory_returned', message, hint: '' }))
      .on('opened', () => api.refused && this.#refused(api.refused))
      .on('cut', (error) => error.code === 'memory_in_use' && this.#refused(error));
  }

  #refused(error) {
    this.api.refused = null;
    this.ui.stage.trouble({ code: error.code, title: error.message, text: error.hint });
  }

  async open() {
    const { ui } = this;
    this.link = make('div', { class: 'pane' });
    ui.el('memory-pane').replaceChildren(section('Keep it', this.link), this.#taking(), this.#bringing());
    ui.open('memory');
    await this.#ask('GET');
  }

  // ---- the private link

  async #ask(method) {
    try {
      this.#tell(await this.api.json('api/session/keep', { method }));
    } catch (error) {
      this.link.append(make('p', { role: 'alert', text: [error.message, error.hint].filter(Boolean).join(' ') }));
    }
  }

  #tell({ here, kept, days, until_s: until, link }) {
    const lasts = count(Math.round(days ?? 0), 'day');
    if (here) {
      this.link.replaceChildren(make('p', { text: 'This memory stays on this computer, until you forget it. Open the page again to go on with it.' }));
    } else if (!kept) {
      this.link.replaceChildren(
        make('p', { text: `This memory is deleted when the visit ends. With a private link it is kept, and you go on with it from any browser; ${lasts} without a visit, and it is deleted all the same.` }),
        make('div', { class: 'row' }, button('primary', 'Keep it with a private link', () => this.#ask('POST'))));
    } else {
      this.link.replaceChildren(...(link ? this.#copied(link) : []),
        make('p', { role: 'status', text: `Kept until ${DAY.format(new Date(until * 1000))}, and for ${lasts} after each visit.` }),
        make('div', { class: 'row' }, button('plain', link ? 'Another link' : 'Make a new link', () => this.#ask('POST')), button('link', 'Take the link back', () => this.#ask('DELETE'))));
    }
  }

  #copied(link) {
    const whole = new URL(link, BASE).href;
    return [make('div', { class: 'copy' }, make('code', { text: whole, 'data-el': 'private-link' }),
      button('close', 'Copy', ({ target }) => navigator.clipboard?.writeText(whole).then(() => setText(target, 'Copied')))),
    make('p', { text: 'Save it now: it is shown this once. Whoever has it has your memory.' })];
  }

  // ---- out

  #taking() {
    const told = make('output', { role: 'status' });
    const take = button('plain', 'Export as a zip file', async () => {
      take.disabled = true;
      try {
        await this.#export(told);
      } catch (error) {
        setText(told, error.name === 'AbortError' ? '' : `The memory could not be exported. ${error.message}`);
      } finally { take.disabled = false; }
    });
    return section('Take it along', make('p', { text: 'Pictures, a transcript, and all that is needed to bring it in again.' }),
      make('div', { class: 'row' }, take, button('link', 'Only the words, as JSON', () => this.ui.recall.export())), told);
  }

  async #export(told) {
    const name = 'omnilive-memory.zip';
    // Days of memory do not fit into a page: where the browser can, they go straight to the disk.
    const file = await globalThis.showSaveFilePicker?.({ suggestedName: name });
    const response = await this.api.request('api/session/memory.zip');
    let done = 0;
    const counted = response.body.pipeThrough(new TransformStream({ transform: (chunk, out) => {
      done += chunk.byteLength;
      setText(told, `${bytes(done)} so far`);
      out.enqueue(chunk);
    } }));
    if (file) await counted.pipeTo(await file.createWritable());
    else {
      const url = URL.createObjectURL(await new Response(counted).blob());
      make('a', { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 10000);
    }
    setText(told, `Exported: ${bytes(done)}.`);
  }

  // ---- in

  #bringing() {
    const file = make('input', { type: 'file', id: 'ol-memory-file', accept: '.zip,application/zip' });
    const bar = make('progress', { hidden: true, 'aria-label': 'How far the import has come' });
    const told = make('output', { role: 'status' });
    const bring = button('plain', 'Bring it in', async () => {
      if (!file.files[0]) { file.focus(); return; }
      bring.disabled = true;
      bar.hidden = false;
      try {
        setText(told, this.#summary(await this.#import(file.files[0], bar, told)));
      } catch (error) {
        setText(told, [error.message, error.hint].filter(Boolean).join(' '));
      } finally {
        bring.disabled = false;
        bar.hidden = true;
      }
    });
    return section('Bring one in', make('p', { text: 'A file that was exported here or elsewhere. It is put behind what is remembered now; its days stay what they were.' }),
      make('label', { class: 'field', for: 'ol-memory-file' }, make('span', { text: 'Exported memory' }), file), make('div', { class: 'row' }, bring), bar, told);
  }

  #summary({ clips, spoken, sounds, fault }) {
    const what = [count(clips, 'clip'), count(spoken, 'utterance'), count(sounds, 'sound')].join(', ');
    return fault || `Brought in: ${what}.`;
  }

  /** Upload a file; the answer's lines tell how far it has come. */
  #import(file, bar, told) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const last = () => request.responseText.trim().split('\n').at(-1);
      const read = () => { try { return JSON.parse(last()); } catch { return {}; } };
      request.open('POST', new URL('api/session/memory', BASE));
      request.setRequestHeader('Authorization', `Bearer ${this.api.token}`);
      request.upload.onprogress = ({ loaded, total }) => {
        Object.assign(bar, { max: total, value: loaded });
        setText(told, loaded < total ? `${bytes(loaded)} of ${bytes(total)} sent` : 'Checking every byte of it');
      };
      request.onprogress = () => {
        const { done, total } = read();
        if (!total) return;
        Object.assign(bar, { max: total, value: done });
        setText(told, `${done.toLocaleString('en')} of ${count(total, 'moment')} brought in`);
      };
      request.onload = () => {
        const answer = read();
        if (answer.taken) resolve(answer.taken);
        else reject(new ApiError(request.status, answer.code, answer.message ?? `The server answered ${request.status}.`, answer.hint));
      };
      request.onerror = () => reject(new ApiError(0, 'unreachable', 'The upload was cut.', 'Check the network and try again.'));
      request.send(file);
    });
  }
}
