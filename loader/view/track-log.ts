// SPDX-License-Identifier: MIT
/**
 * What a timeline needs of a run beyond its requests: the row of each, who waited for whom, what
 * was thrown away and when. Takes every event once, after the request log has seen it.
 */
import { type Bytes, Column, ERRNO, type Nanos } from '../base/index.ts';
import {
  type BodyOf,
  type EventSink,
  type RequestLog,
  type TraceEvent,
  WASTED_KEYS,
  type WastedBytes,
} from '../events/index.ts';
import { BusyBins } from './busy-bins.ts';
import { LaneGroups } from './track-lanes.ts';

/** What the rows of a timeline are of. */
export const TRACK_GROUPS = ['cpu', 'module'] as const;
export type TrackGroup = (typeof TRACK_GROUPS)[number];

/** Bytes wasted in a time, by what they were wasted on. */
export interface RangeTotals {
  readonly bytes: Bytes;
  readonly requests: number;
  readonly stages: WastedBytes;
  /** Largest first. */
  readonly modules: readonly { readonly name: string; readonly bytes: Bytes }[];
  readonly cpus: readonly { readonly name: string; readonly bytes: Bytes }[];
}

const COUNTERS: ReadonlyMap<string, keyof WastedBytes> = new Map([
  ['invalid_kread_bytes', 'kread'],
  ['invalid_decompress_bytes', 'decompress'],
  ['invalid_becoming_bytes', 'becoming'],
  ['invalid_mod_bytes', 'load'],
]);

export class TrackLog implements EventSink {
  readonly #requests: RequestLog;
  readonly busy = new BusyBins();
  readonly #groups: Readonly<Record<TrackGroup, LaneGroups>> = {
    cpu: new LaneGroups(),
    module: new LaneGroups(),
  };
  readonly #group = { cpu: Column.uint32(), module: Column.uint32() };
  readonly #lane = { cpu: Column.uint16(), module: Column.uint16() };
  readonly #oldest = Column.uint32();
  readonly #wasted = Column.float64();
  /** The index of the request waited for, and one; 0: none. */
  readonly #winner = Column.uint32();
  readonly #inodes = new Map<number, number>();
  readonly #forming = new Map<string, number>();
  #oldestOpen = 0;
  /** Each step of a counter of wasted bytes. */
  readonly #wasteT = Column.float64();
  readonly #wasteBytes = Column.float64();
  readonly #wasteStage = Column.uint8();
  readonly #wasteRow = Column.uint32();
  #wastes = 0;
  /** Calls of finit_module and init_module that ended. */
  loads = 0;
  /** Those of them that failed, but for EEXIST: the module is there already. */
  refused = 0;
  /** The index of the first of those. */
  firstRefused = -1;

  constructor(requests: RequestLog) {
    this.#requests = requests;
  }

  push(event: TraceEvent): void {
    switch (event.kind) {
      case 'request_begin':
        this.#begin(event);
        return;
      case 'outcome':
        this.#end(event);
        return;
      case 'counter':
        this.#count(event.t, event);
        return;
      case 'idempotent': {
        const row = this.#rowOf(event.task);
        if (row < 0) return;
        if (event.role === 'winner') this.#inodes.set(event.ino, row);
        else if (event.role === 'complete') this.#inodes.delete(event.ino);
        else if (event.role === 'join') this.#wait(row, this.#inodes.get(event.ino));
        return;
      }
      case 'module_state':
        if (event.state === 'unformed') this.#forming.set(event.name, this.#rowOf(event.task));
        else if (event.state === 'gone') this.#forming.delete(event.name);
        return;
    }
  }

  /** The row of the `index`th request within its group of rows, and the group. */
  placeOf(kind: TrackGroup, index: number): { readonly group: number; readonly lane: number } {
    return { group: this.#group[kind].get(index), lane: this.#lane[kind].get(index) };
  }

  /** The groups of rows in the order they are shown: CPUs by number, modules as they came. */
  groups(kind: TrackGroup): { labels: string[]; rows: number[]; order: number[] } {
    const groups = this.#groups[kind];
    const order = groups.labels.map((_, i) => i);
    if (kind === 'cpu') {
      order.sort((a, b) => Number(groups.labels[a]!.slice(4)) - Number(groups.labels[b]!.slice(4)));
    }
    return {
      labels: order.map((i) => groups.labels[i]!),
      rows: order.map((i) => groups.rowsOf(i)),
      order,
    };
  }

  /** Bytes the `index`th request wasted. */
  wastedBy(index: number): Bytes {
    return this.#wasted.get(index);
  }

  /** The index of the request that the `index`th one waited for, or -1. */
  winnerOf(index: number): number {
    return this.#winner.get(index) - 1;
  }

  /** The first request that may still have run when the `index`th began. */
  oldestOpenAt(index: number): number {
    return this.#oldest.get(index);
  }

  /** The first request that began at `t` or later; the count of requests if none did. */
  firstFrom(t: Nanos): number {
    let low = 0;
    let high = this.#requests.count;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.#requests.beginOf(mid) < t) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  /** The first request that may run at `t`. */
  firstRunning(t: Nanos): number {
    const first = this.firstFrom(t);
    if (first === 0) return 0;
    return Math.min(first, this.#oldest.get(first - 1));
  }

  /** What was wasted from `from` up to and with `to`. */
  totals(from: Nanos, to: Nanos): RangeTotals {
    const stages = { kread: 0, decompress: 0, becoming: 0, load: 0 };
    const modules = new Map<string, number>();
    const cpus = new Map<string, number>();
    const requests = new Set<number>();
    let bytes = 0;
    for (let i = this.#firstWaste(from); i < this.#wastes; i += 1) {
      if (this.#wasteT.get(i) > to) break;
      const amount = this.#wasteBytes.get(i);
      bytes += amount;
      stages[WASTED_KEYS[this.#wasteStage.get(i)]!] += amount;
      const row = this.#wasteRow.get(i) - 1;
      const facts = row < 0 ? undefined : this.#requests.at(row);
      requests.add(row);
      const module = facts === undefined ? 'no request' : moduleNameOf(facts);
      modules.set(module, (modules.get(module) ?? 0) + amount);
      const cpu = facts === undefined ? 'no request' : `CPU ${facts.cpu}`;
      cpus.set(cpu, (cpus.get(cpu) ?? 0) + amount);
    }
    return { bytes, requests: requests.size, stages, modules: sorted(modules), cpus: sorted(cpus) };
  }

  #begin({ cpu, subject, op }: { readonly cpu: number } & BodyOf<'request_begin'>): void {
    const row = this.#requests.count - 1;
    const labels = { cpu: `CPU ${cpu}`, module: baseName(subject) || op };
    for (const kind of TRACK_GROUPS) {
      const groups = this.#groups[kind];
      const group = groups.group(labels[kind]);
      this.#group[kind].set(row, group);
      this.#lane[kind].set(row, groups.take(group));
    }
    while (this.#oldestOpen < row && !Number.isNaN(this.#requests.endOf(this.#oldestOpen))) {
      this.#oldestOpen += 1;
    }
    this.#oldest.set(row, this.#oldestOpen);
  }

  #end({ request, op, wasted, ret, module, t }: { readonly t: Nanos } & BodyOf<'outcome'>): void {
    const row = this.#requests.indexOf(request);
    if (row < 0) return;
    for (const kind of TRACK_GROUPS) {
      const { group, lane } = this.placeOf(kind, row);
      this.#groups[kind].release(group, lane);
    }
    const bytes = WASTED_KEYS.reduce((sum, key) => sum + wasted[key], 0);
    this.#wasted.set(row, bytes);
    if (op === 'finit_module' || op === 'init_module') {
      this.loads += 1;
      if (ret < 0 && ret !== -ERRNO.EEXIST) {
        if (this.refused === 0) this.firstRefused = row;
        this.refused += 1;
      }
    }
    if (ret === -ERRNO.EEXIST) this.#wait(row, this.#forming.get(module));
    this.busy.add(this.#requests.at(row).cpu, this.#requests.beginOf(row), t, bytes > 0);
  }

  #wait(row: number, winner: number | undefined): void {
    if (winner === undefined || winner < 0 || winner === row) return;
    // One that ended before this one began was found done, not waited for.
    if (this.#requests.endOf(winner) < this.#requests.beginOf(row)) return;
    this.#winner.set(row, winner + 1);
  }

  #count(t: Nanos, { name, delta, request }: BodyOf<'counter'>): void {
    const stage = COUNTERS.get(name);
    if (stage === undefined || delta === 0) return;
    const i = this.#wastes++;
    this.#wasteT.set(i, t);
    this.#wasteBytes.set(i, delta);
    this.#wasteStage.set(i, WASTED_KEYS.indexOf(stage));
    this.#wasteRow.set(i, this.#requests.indexOf(request) + 1);
  }

  #firstWaste(t: Nanos): number {
    let low = 0;
    let high = this.#wastes;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (this.#wasteT.get(mid) < t) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  #rowOf(task: string): number {
    const request = this.#requests.currentOf(task);
    return request === 0 ? -1 : this.#requests.indexOf(request);
  }
}

/** `xfs` of `kernel/fs/xfs/xfs.ko.xz`. */
export function baseName(subject: string): string {
  return subject.slice(subject.lastIndexOf('/') + 1).replace(/\.ko(\.\w+)?$/, '');
}

/** A request's module; while the loader has not read it, the name of its file. */
export function moduleNameOf(facts: { readonly module: string; readonly subject: string }): string {
  return facts.module || baseName(facts.subject).replaceAll('-', '_');
}

function sorted(amounts: ReadonlyMap<string, number>): { name: string; bytes: number }[] {
  return [...amounts]
    .map(([name, bytes]) => ({ name, bytes }))
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}
