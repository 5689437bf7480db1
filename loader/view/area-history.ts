// SPDX-License-Identifier: MIT
/**
 * Every area there ever was, with the times it was taken, freed and purged, so that the state at
 * any moment is a selection and not a replay.
 */
import {
  type Bytes,
  Column,
  type CpuId,
  type Nanos,
  PAGE_SIZE,
  type PageCount,
  type VirtAddr,
} from '../base/index.ts';
import {
  type AreaPurpose,
  type BodyOf,
  type EventStamp,
  LOAD_STAGES,
  type LoadStage,
} from '../events/index.ts';
import type { LiveArea, SpaceListener } from './live-space.ts';

/** A sequence number no event has. */
const NEVER = 0xffff_ffff;
/** Allocations between two checkpoints at least; more when more areas are alive. */
const CHECKPOINT_AREAS = 1024;

/** Page numbers take up to 36 bits of a sort key, places the rest of 53. */
const SORT_PLACES = 2 ** 17;

/** A moment: all events up to this one and up to this time have happened. */
export interface Instant {
  readonly seq: number;
  readonly t: Nanos;
}

interface Checkpoint extends Instant {
  /** Areas that were there, and the number of the next one. */
  readonly ids: Uint32Array;
  readonly next: number;
}

interface Owner {
  readonly purpose: AreaPurpose;
  readonly caller: string;
  /** '' where the model did not know it yet. */
  readonly module: string;
}

/** What is known of one area. */
export interface AreaFacts extends Owner {
  /** Number among all areas, in the order they were taken. */
  readonly id: number;
  readonly start: VirtAddr;
  /** Guard page included. */
  readonly size: Bytes;
  /** Physical pages; 0 for mappings of other memory. */
  readonly pages: PageCount;
  /** 0: none. */
  readonly request: number;
  /** The stage its request was in; null without one. */
  readonly stage: LoadStage | null;
  readonly cpu: CpuId;
  readonly since: Nanos;
  /** When it was freed; null while it is not. */
  readonly freed: Nanos | null;
}

export class AreaHistory implements SpaceListener {
  readonly #stageOf: (request: number) => LoadStage | null;
  readonly #start = Column.float64();
  readonly #size = Column.float64();
  readonly #pages = Column.uint32();
  readonly #owner = Column.uint32();
  readonly #request = Column.float64();
  readonly #stage = Column.uint8();
  readonly #cpu = Column.uint16();
  readonly #allocSeq = Column.uint32();
  readonly #allocT = Column.float64();
  readonly #freeSeq = Column.uint32();
  readonly #freeT = Column.float64();
  /** Number of the purge, from 1; 0 while there is none. */
  readonly #purge = Column.uint32();
  readonly #purgeSeq = Column.uint32();
  readonly #purgeT = Column.float64();
  /** Few combinations serve many areas; the first stands for an area nobody described. */
  readonly #owners: Owner[] = [{ purpose: 'other', caller: '', module: '' }];
  readonly #ownerIds = new Map<string, number>();
  readonly #checkpoints: Checkpoint[] = [];
  #next = 0;
  #nextPurge = 1;
  #checkpointDue = CHECKPOINT_AREAS;

  /** `stageOf` tells the stage a request is in at the present event. */
  constructor(stageOf: (request: number) => LoadStage | null) {
    this.#stageOf = stageOf;
  }

  /** Areas there ever were. */
  get count(): number {
    return this.#next;
  }

  allocated(area: LiveArea, at: EventStamp): number {
    const id = this.#next++;
    this.#start.set(id, area.start);
    this.#size.set(id, area.size);
    this.#cpu.set(id, at.cpu);
    this.#allocSeq.set(id, at.seq);
    this.#allocT.set(id, at.t);
    this.#freeSeq.set(id, NEVER);
    this.#purge.set(id, 0);
    this.#pages.set(id, 0);
    this.#request.set(id, 0);
    this.#stage.set(id, 0);
    this.#owner.set(id, 0);
    return id;
  }

  described({ id }: LiveArea, event: EventStamp & BodyOf<'vm_area'>): void {
    const stage = event.request === 0 ? null : this.#stageOf(event.request);
    this.#pages.set(id, event.pages);
    this.#request.set(id, event.request);
    this.#stage.set(id, stage === null ? 0 : LOAD_STAGES.indexOf(stage) + 1);
    this.#owner.set(id, this.#ownerId(event));
  }

  freed({ id }: LiveArea, at: EventStamp): void {
    this.#freeSeq.set(id, at.seq);
    this.#freeT.set(id, at.t);
  }

  purged(areas: readonly LiveArea[], at: EventStamp): void {
    const purge = this.#nextPurge++;
    this.#purgeSeq.set(purge, at.seq);
    this.#purgeT.set(purge, at.t);
    for (const { id } of areas) this.#purge.set(id, purge);
  }

  /**
   * Call after each event with the areas that are there: now and then their numbers are kept. The
   * room is paid for by the allocations since the last time.
   */
  checkpoint(at: Instant, live: { readonly count: number; areas(): Iterable<LiveArea> }): void {
    if (this.#next < this.#checkpointDue) return;
    const ids = new Uint32Array(live.count);
    let i = 0;
    for (const { id } of live.areas()) ids[i++] = id;
    this.#checkpoints.push({ seq: at.seq, t: at.t, ids, next: this.#next });
    this.#checkpointDue = this.#next + Math.max(CHECKPOINT_AREAS, live.count);
  }

  /** The areas in use or parked at `at`, by address, and the last change before. */
  present(at: Instant): { readonly ids: readonly number[]; readonly changed: Instant } {
    const checkpoint = this.#checkpointAt(at);
    const ids: number[] = [];
    let changed = this.#lastPurge(at);
    const consider = (id: number): void => {
      if (!this.#isPresent(id, at)) return;
      ids.push(id);
      if (this.isLazy(id, at)) {
        changed = later(changed, this.#freeSeq.get(id), this.#freeT.get(id));
      }
    };
    for (const id of checkpoint?.ids ?? []) consider(id);
    let next = checkpoint?.next ?? 0;
    for (; next < this.#next && this.#begun(next, at); next += 1) consider(next);
    if (next > 0) {
      changed = later(changed, this.#allocSeq.get(next - 1), this.#allocT.get(next - 1));
    }
    return { ids: this.#byAddress(ids), changed };
  }

  startOf(id: number): VirtAddr {
    return this.#start.get(id);
  }

  sizeOf(id: number): Bytes {
    return this.#size.get(id);
  }

  /** Whether the area had been freed at `at`. */
  isLazy(id: number, at: Instant): boolean {
    return (
      this.#freeSeq.get(id) !== NEVER &&
      this.#freeSeq.get(id) <= at.seq &&
      this.#freeT.get(id) <= at.t
    );
  }

  purposeOf(id: number): AreaPurpose {
    return this.#owners[this.#owner.get(id)]!.purpose;
  }

  pagesOf(id: number): PageCount {
    return this.#pages.get(id);
  }

  facts(id: number, at: Instant): AreaFacts {
    const stage = this.#stage.get(id);
    return {
      id,
      start: this.startOf(id),
      size: this.sizeOf(id),
      pages: this.pagesOf(id),
      ...this.#owners[this.#owner.get(id)]!,
      request: this.#request.get(id),
      stage: stage === 0 ? null : LOAD_STAGES[stage - 1]!,
      cpu: this.#cpu.get(id),
      since: this.#allocT.get(id),
      freed: this.isLazy(id, at) ? this.#freeT.get(id) : null,
    };
  }

  #ownerId({ purpose, caller, module }: Owner): number {
    const key = `${purpose}\0${caller}\0${module}`;
    let id = this.#ownerIds.get(key);
    if (id === undefined) {
      id = this.#owners.length;
      this.#owners.push({ purpose, caller, module });
      this.#ownerIds.set(key, id);
    }
    return id;
  }

  /** Sorts plain numbers where they hold both the page and the place. */
  #byAddress(ids: readonly number[]): readonly number[] {
    if (ids.length > SORT_PLACES) {
      return [...ids].sort((a, b) => this.startOf(a) - this.startOf(b));
    }
    const keys = Float64Array.from(
      ids,
      (id, i) => Math.floor(this.startOf(id) / PAGE_SIZE) * SORT_PLACES + i,
    );
    keys.sort();
    return Array.from(keys, (key) => ids[((key % SORT_PLACES) + SORT_PLACES) % SORT_PLACES]!);
  }

  #lastPurge(at: Instant): Instant {
    let low = 0;
    let high = this.#nextPurge - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (this.#purgeSeq.get(mid) <= at.seq && this.#purgeT.get(mid) <= at.t) low = mid;
      else high = mid - 1;
    }
    return low === 0
      ? { seq: 0, t: 0 }
      : { seq: this.#purgeSeq.get(low), t: this.#purgeT.get(low) };
  }

  #begun(id: number, at: Instant): boolean {
    return this.#allocSeq.get(id) <= at.seq && this.#allocT.get(id) <= at.t;
  }

  #isPresent(id: number, at: Instant): boolean {
    const purge = this.#purge.get(id);
    return purge === 0 || this.#purgeSeq.get(purge) > at.seq || this.#purgeT.get(purge) > at.t;
  }

  #checkpointAt(at: Instant): Checkpoint | undefined {
    const all = this.#checkpoints;
    let low = 0;
    let high = all.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      const checkpoint = all[mid]!;
      if (checkpoint.seq <= at.seq && checkpoint.t <= at.t) low = mid + 1;
      else high = mid;
    }
    return all[low - 1];
  }
}

function later(a: Instant, seq: number, t: Nanos): Instant {
  return seq > a.seq || t > a.t ? { seq, t } : a;
}
