// SPDX-License-Identifier: MIT
/** One run on the page: heading, map, legend and charts. */

import { formatBytes, formatShare, groupDigits } from '../../../loader/base/index.ts';
import { type ShadeLook, type Shading, shadeLooks } from '../../../loader/view/index.ts';
import type { AreaShown, Frame, RecordingShown } from '../messages.ts';
import type { AddressMapElement } from './address-map.ts';
import { inkOf } from './cell-painter.ts';
import { make, say } from './element.ts';
import type { RunTimelineElement } from './run-timeline.ts';
import { scheme } from './scheme.ts';
import type { TimeChartsElement } from './time-charts.ts';

export class TrackView {
  readonly map = document.createElement('address-map') as AddressMapElement;
  readonly timeline = document.createElement('run-timeline') as RunTimelineElement;
  readonly charts = document.createElement('time-charts') as TimeChartsElement;
  readonly element: HTMLElement;
  readonly #title = make('h2');
  readonly #range = make('p');
  readonly #figures = make('p', { class: 'figures' });
  readonly #hole = make('span', { class: 'hole' });
  readonly #wanted = make('span', { class: 'wanted' });
  readonly #chosen = make('span', { class: 'chosen' });
  readonly #line = make('span', { class: 'mono' });
  readonly #story = make('small');
  readonly #legend = make('ul', { class: 'legend', 'aria-label': 'Colours' });
  /** What lies where pointer or keyboard is on the map. */
  area: AreaShown | undefined;
  #looks: readonly ShadeLook[] = [];
  #shading: Shading | undefined;
  #cpus = 0;
  #swatches = '';
  /** Rows that were shown once stay, so that nothing jumps while the run plays. */
  #rows = new Map<number, Frame['legend'][number]>();

  constructor() {
    const line = make('p', { class: 'area-line', 'aria-live': 'polite' }, this.#line, this.#story);
    say(this.#line, 'Point at the map, or focus it and use the arrow keys, to see what a page is.');
    this.element = make(
      'section',
      { class: 'track', 'aria-label': 'Run' },
      make('div', { class: 'track-head' }, this.#title, this.#range),
      this.#figures,
      this.map,
      this.charts,
      make(
        'div',
        { class: 'side' },
        make('p', { class: 'marks' }, this.#hole, this.#wanted, this.#chosen),
        line,
        this.#legend,
      ),
    );
  }

  showHead(title: string, recording: RecordingShown | undefined): void {
    say(this.#title, title);
    this.element.setAttribute('aria-label', title);
    this.timeline.setAttribute('aria-label', `Requests of ${title} over time`);
    this.map.setAttribute('aria-label', `Map of the vmalloc space, ${title}`);
    this.charts.setAttribute('aria-label', `Time of ${title}`);
    if (recording === undefined) return;
    const { cpus, windows, events } = recording;
    const [window] = windows;
    const space = window ? `${formatBytes(window.bytes)} at ${window.start}` : '';
    const cpuText = cpus === 1 ? '1 CPU' : `${groupDigits(cpus)} CPUs`;
    say(this.#range, `${cpuText} · ${space} · ${groupDigits(events)} events`);
  }

  /** `texts`: whether the words around the map are to follow, too. */
  showFrame(frame: Frame, shading: Shading, cpus: number, texts: boolean): void {
    if (shading !== this.#shading || cpus !== this.#cpus) {
      this.#looks = shadeLooks(shading, cpus);
      this.#shading = shading;
      this.#cpus = cpus;
      this.#rows = new Map();
    }
    this.map.show(frame, this.#looks);
    if (texts) this.#sayFrame(frame);
  }

  #sayFrame(frame: Frame): void {
    const { total, used, lazy, free, areas, holes, fragmentation } = frame.summary;
    say(
      this.#figures,
      `${formatBytes(used)} used (${formatShare(used / total)}) in ${groupDigits(areas)} areas · ` +
        `${formatBytes(lazy)} parked · ${formatBytes(free)} free in ${groupDigits(holes)} holes · ` +
        `fragmentation ${fragmentation.toFixed(3)}`,
    );
    say(this.#hole, frame.holeText);
    say(this.#wanted, frame.wantedText);
    say(this.#chosen, frame.selectedText);
    this.#showLegend(frame);
    this.charts.showExact({
      used,
      lazy,
      largest_hole: frame.hole?.size ?? 0,
      fragmentation,
    });
  }

  showArea(area: AreaShown): void {
    this.area = area;
    say(this.#line, area.line);
    say(this.#story, area.story);
    this.map.showArea(area);
  }

  /** In the colours of now. */
  refresh(): void {
    this.#swatches = '';
    this.map.refresh();
    this.charts.refresh();
    this.timeline.refresh();
  }

  /** Modules come and go with their colours; of everything else the rows stay. */
  #legendOf({ legend }: Frame): Frame['legend'] {
    if (this.#shading === 'module') return legend;
    for (const [code, row] of this.#rows) this.#rows.set(code, { ...row, bytes: 0 });
    for (const row of legend) this.#rows.set(row.code, row);
    return [...this.#rows.values()].sort((a, b) => a.code - b.code);
  }

  #showLegend(frame: Frame): void {
    const legend = this.#legendOf(frame);
    const now = `${scheme()} ${this.#shading} ${legend.map(({ code, label }) => `${code}${label}`).join()}`;
    if (now !== this.#swatches) {
      this.#swatches = now;
      this.#legend.replaceChildren(
        ...legend.map(({ code, label }) =>
          make('li', {}, swatch(this.#looks[code]), make('span', {}, label), make('span')),
        ),
      );
    }
    legend.forEach(({ bytes }, i) => {
      const amount = this.#legend.children[i]?.lastElementChild;
      if (amount instanceof HTMLElement) say(amount, formatBytes(bytes));
    });
  }
}

/** A small picture of a look, painted as the map paints it. */
function swatch(look: ShadeLook | undefined): HTMLCanvasElement {
  const canvas = make('canvas', {
    class: 'swatch',
    width: '18',
    height: '12',
    'aria-hidden': 'true',
  });
  const context = canvas.getContext('2d');
  if (!context || look === undefined) return canvas;
  const { fill, ink, mask } = inkOf(look, scheme());
  const image = new ImageData(18, 12);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i += 1) {
    const x = i % 18;
    const y = Math.floor(i / 18);
    pixels[i] = mask[(y % 6) * 6 + (x % 6)] === 1 ? ink : fill;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
