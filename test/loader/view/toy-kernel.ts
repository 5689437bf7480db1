// SPDX-License-Identifier: MIT
/**
 * A small kernel for tests: a naive lowest-fit allocator with lazy freeing, and requests that read,
 * decompress and lay out modules with it. It keeps its own books, against which the views of its
 * events are checked.
 */
import { Random } from '../../../loader/engine/random.ts';
import type { AreaPurpose, EventBody, TraceEvent } from '../../../loader/events/event.ts';
import { EventLog, type EventSink } from '../../../loader/events/event-log.ts';
import type { AddressSpacePreset } from '../../../loader/presets/address-spaces.ts';

export interface ToyArea {
  readonly start: number;
  readonly size: number;
  readonly purpose: AreaPurpose;
  readonly module: string;
  readonly request: number;
  readonly stage: string;
  readonly since: number;
  readonly cpu: number;
}

/** What was there after one event. */
export interface ToySnapshot {
  readonly seq: number;
  readonly t: number;
  readonly busy: readonly ToyArea[];
  readonly lazy: readonly ToyArea[];
}

const STAGES = ['kread', 'decompress', 'becoming', 'load'] as const;
const PURPOSE_OF = { kread: 'file', decompress: 'image', becoming: 'text', load: 'data' } as const;
const PAGE = 4096;

export class ToyKernel {
  readonly snapshots: ToySnapshot[] = [];
  readonly events: TraceEvent[] = [];
  now = 0;
  currentCpu = 0;
  currentLabel = 'swapper/0-0';
  readonly #space: AddressSpacePreset;
  readonly #random: Random;
  readonly #log: EventLog;
  readonly #keep: boolean;
  #busy: ToyArea[] = [];
  #lazy: ToyArea[] = [];
  #requests = 0;

  constructor(space: AddressSpacePreset, seed: number, sink?: EventSink) {
    this.#space = space;
    this.#random = new Random(seed);
    this.#log = new EventLog(this);
    this.#keep = sink === undefined;
    this.#log.attach(sink ?? { push: (event) => this.events.push(event) });
  }

  /** Requests until at least `events` events were made. */
  run(events: number): void {
    while (this.#log.emitted < events) this.request();
  }

  request(): void {
    const random = this.#random;
    const request = ++this.#requests;
    this.currentCpu = random.below(4);
    this.currentLabel = `insmod-${100 + request}`;
    const subject = `kernel/m${request % 17}.ko.xz`;
    this.#emit({ kind: 'request_begin', request, op: 'finit_module', subject });
    const held: ToyArea[] = [];
    let ret = 0;
    for (const stage of STAGES) {
      this.now += random.below(5000);
      this.#emit({ kind: 'stage_begin', request, stage, subject });
      const module = stage === 'kread' || stage === 'decompress' ? '' : `m${request % 17}`;
      const area = this.alloc(1 + random.below(24), PURPOSE_OF[stage], { module, request, stage });
      if (area) held.push(area);
      else ret = -12;
      this.#emit({ kind: 'stage_end', request, stage, ret });
      if (ret < 0) break;
    }
    if (random.below(8) === 0) this.#emit({ kind: 'printk', level: 6, text: `m${request}: "hä"` });
    const keeps = ret === 0 && random.below(3) > 0;
    for (const area of held) if (!keeps || area.purpose === 'file') this.free(area);
    while (this.#busy.length > 40) this.free(this.#busy[random.below(this.#busy.length)]!);
    if (random.below(6) === 0) this.#percpu();
    if (random.below(5) === 0) this.purge();
    this.#emit({
      kind: 'outcome',
      request,
      op: 'finit_module',
      subject,
      module: `m${request % 17}`,
      ret,
      stage: ret === 0 ? 'done' : 'load',
      wasted: { kread: 0, decompress: 0, becoming: 0, load: ret === 0 ? 0 : 4096 },
    });
    this.currentLabel = 'swapper/0-0';
  }

  alloc(
    pages: number,
    purpose: AreaPurpose,
    about: { module: string; request: number; stage: string },
  ): ToyArea | null {
    const size = (pages + 1) * PAGE;
    const { vmallocStart: vstart, vmallocEnd: vend } = this.#space;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const start = this.#lowestFit(size);
      const va_start = start ?? vend;
      const failed = start === null ? 1 : 0;
      if (start !== null) this.#busy.push({ start, size, purpose, ...about, ...this.#stamp() });
      this.#emit({ kind: 'alloc_vmap_area', va_start, size, align: 1, vstart, vend, failed });
      if (start !== null) {
        const caller = `toy_${purpose}`;
        const { module, request } = about;
        this.#emit({
          kind: 'vm_area',
          va_start,
          size,
          pages: purpose === 'image' ? 0 : pages,
          caller,
          purpose,
          module,
          request,
        });
        return this.#busy.at(-1)!;
      }
      if (attempt === 0) this.purge();
    }
    return null;
  }

  free(area: ToyArea): void {
    this.#busy = this.#busy.filter((other) => other !== area);
    this.#lazy.push(area);
    const nr_lazy = this.#lazy.reduce((sum, { size }) => sum + size / PAGE, 0);
    const va_start = area.start;
    this.#emit({ kind: 'free_vmap_area_noflush', va_start, nr_lazy, nr_lazy_max: 32_768 });
  }

  purge(): void {
    const starts = this.#lazy.map(({ start }) => start);
    const num_purged = starts.length;
    const start = num_purged === 0 ? 0xffff_ffff : Math.min(...starts);
    const end = num_purged === 0 ? 0 : Math.max(...this.#lazy.map((a) => a.start + a.size));
    this.#lazy = [];
    this.#emit({ kind: 'purge_vmap_area_lazy', start, end, num_purged });
  }

  /** A chunk from the top, of which only `vm_area` tells. */
  #percpu(): void {
    const size = 3 * PAGE;
    let start = this.#space.vmallocEnd - size;
    const taken = [...this.#busy, ...this.#lazy];
    while (taken.some((a) => a.start < start + size && a.start + a.size > start)) start -= PAGE;
    if (start < this.#space.vmallocStart) return;
    const about = { purpose: 'percpu', module: '', request: 0, stage: '' } as const;
    this.#busy.push({ start, size, ...about, ...this.#stamp() });
    this.#emit({
      kind: 'vm_area',
      va_start: start,
      size,
      pages: 0,
      caller: 'pcpu_get_vm_areas',
      purpose: 'percpu',
      module: '',
      request: 0,
    });
  }

  #lowestFit(size: number): number | null {
    let at = this.#space.vmallocStart;
    const taken = [...this.#busy, ...this.#lazy].sort((a, b) => a.start - b.start);
    for (const area of taken) {
      if (area.start - at >= size) return at;
      at = area.start + area.size;
    }
    return this.#space.vmallocEnd - at >= size ? at : null;
  }

  #stamp(): { since: number; cpu: number } {
    return { since: this.now, cpu: this.currentCpu };
  }

  #emit(body: EventBody): void {
    const seq = this.#log.emitted;
    this.#log.emit(body);
    if (!this.#keep) return;
    this.snapshots.push({ seq, t: this.now, busy: [...this.#busy], lazy: [...this.#lazy] });
  }
}
