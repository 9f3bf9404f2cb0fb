// Entry: waits for the shell that Gradio renders, and wires the parts of the page to each other.

import { Api, BASE } from './api.js';
import { Audio } from './audio.js';
import { ClipView } from './clipview.js';
import { Controls } from './controls.js';
import { Devices, WakeLock } from './devices.js';
import { Figures } from './figures.js';
import { Keeping } from './keeping.js';
import { Live } from './live.js';
import { Loading } from './loading.js';
import { Media } from './media.js';
import { OwnVoice } from './ownvoice.js';
import { Panel } from './panel.js';
import { Past } from './past.js';
import { Recall } from './recall.js';
import { Stage } from './stage.js';
import { Standing } from './standing.js';
import { Talk } from './talk.js';
import { make, setText } from './text.js';
import { Timeline } from './timeline.js';
import { Waterfall } from './waterfall.js';
import { Zoom } from './zoom.js';

/** The shell and its named parts; what the modules ask of each other goes through here. */
class Page {
  constructor(root) {
    this.root = root;
    this.parts = new Map([...root.querySelectorAll('[data-el]')].map((node) => [node.dataset.el, node]));
    this.views = new Map([...root.querySelectorAll('[data-view]')].map((node) => [node.dataset.view, node]));
  }

  el(name) { return this.parts.get(name); }

  view(name) { return this.views.get(name); }

  act(name) { return this.root.querySelector(`[data-act="${name}"]`); }

  dialog(name) { return this.root.querySelector(`[data-dialog="${name}"]`); }

  isOpen(name) { return this.dialog(name).open; }

  open(name) { if (!this.isOpen(name)) this.dialog(name).showModal(); }

  close(name) { this.dialog(name).close(); }

  setPhase(phase) { this.root.dataset.phase = phase; }

  // What modules ask for; the entry fills these in.
  peek(node, group) { this.clipView?.peek(node, group); }

  openClip(group) { this.clipView.open(group); }

  forget(group) { this.panel.openForget(group); }

  play(source) { return this.controls.play(source); }

  useCamera() { return this.controls.useCamera(); }

  chooseDevice(kind, id) { return this.controls.chooseDevice(kind, id); }

  unlock() { return this.audio.unlock(); }

  onask() { this.audio.unlock(); }

  handlesNotice(notice) { return this.controls.handlesNotice(notice); }

  /** A button that leads out of a failure. */
  wayOut(name) {
    const [text, act] = {
      again: ['Try again', () => this.controls.useCamera()],
      microphone: ['Try again', () => this.controls.useMicrophone()],
      sample: ['Play a sample', () => this.panel.openSource('sample')],
      source: ['Choose another source', () => this.panel.openSource()],
      tab: ['Open in a new tab', () => window.open(BASE.href, '_blank', 'noopener')],
      takeover: ['Take over here', () => this.controls.takeOver()],
      restart: ['Start again', () => this.controls.restart()],
    }[name] ?? [];
    return text && make('button', { type: 'button', text, 'data-way': name, onclick: () => { this.stage.calm('closed'); act(); } });
  }
}

/** Read-only figures for tests and for the curious: `window.omnilive.test`. */
function figures(page, live, audio, media) {
  const test = {};
  const add = (name, get) => Object.defineProperty(test, name, { get, enumerable: true });
  add('outRms', () => audio.levels.out);
  add('peakOut', () => audio.levels.peakOut);
  add('loudMs', () => audio.levels.loudMs);
  add('inRms', () => audio.levels.in);
  add('state', () => page.root.dataset.state);
  add('channel', () => live.channel?.kind ?? '');
  add('carrier', () => media.carrier ?? '');
  add('lastSeq', () => live.lastSeq);
  add('clips', () => page.timeline.clips.size);
  add('heardMs', () => audio.heard.ms);
  add('gain', () => audio.gain?.gain.value ?? 1);
  return Object.freeze(test);
}

function begin(root) {
  const page = new Page(root);
  const api = new Api();
  const live = new Live(api);
  const devices = new Devices();
  const audio = new Audio(live);
  page.audio = audio;
  page.timeline = new Timeline(page, live);
  page.zoom = new Zoom(page, live, api, page.timeline, new Past(page, live, api, page.timeline));
  new Figures(page, live);
  page.loading = new Loading(page, live); // before the stage: it takes the faults that are about models
  page.stage = new Stage(page, live, api);
  page.standing = new Standing(page, live);
  page.talk = new Talk(page, live, page.timeline);
  page.clipView = new ClipView(page, live, api, page.timeline);
  page.panel = new Panel(page, live, api, devices);
  page.recall = new Recall(page, api);
  new Keeping(page, live, api);
  new Waterfall(page, live);
  const media = new Media(page, live, api, audio);
  page.controls = new Controls(page, { live, api, devices, audio, media, wake: new WakeLock() });
  page.ownVoice = new OwnVoice(page, live, api, devices);
  audio.onlevels = (levels) => page.stage.levels(levels);
  setInterval(() => {
    const rtt = live.channel?.rttMs;
    setText(page.el('transport-rtt'), rtt ? `${Math.round(rtt)} ms` : '');
  }, 1000);
  window.omnilive = Object.freeze({ test: figures(page, live, audio, media) });
  live.start();
}

const theme = new URLSearchParams(location.search).get('__theme');
if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;

function whenShell(then) {
  const found = document.getElementById('omnilive');
  if (found) { then(found); return; }
  const watch = new MutationObserver(() => {
    const root = document.getElementById('omnilive');
    if (!root) return;
    watch.disconnect();
    then(root);
  });
  watch.observe(document, { childList: true, subtree: true });
}

whenShell((root) => {
  if (root.dataset.begun) return;
  root.dataset.begun = 'yes';
  root.closest('.prose')?.classList.remove('prose'); // Gradio's typography for Markdown
  begin(root);
});
