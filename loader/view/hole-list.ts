// SPDX-License-Identifier: MIT
/**
 * The free ranges of a window by address, with the largest at hand. Kept in short runs, so that
 * taking and giving stay cheap with a hundred thousand holes.
 */
import type { Bytes, VirtAddr } from '../base/index.ts';

/** Holes in one run at most. */
const RUN = 256;

interface Run {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  count: number;
  /** Size of its largest hole, or -1 when it has to be looked up. */
  largest: number;
}

function newRun(): Run {
  return { starts: new Float64Array(RUN), ends: new Float64Array(RUN), count: 0, largest: 0 };
}

export class HoleList {
  readonly #runs: Run[] = [newRun()];
  #count = 0;
  #free: Bytes = 0;

  /** Everything in [start, end) is free at first. */
  constructor(start: VirtAddr, end: VirtAddr) {
    if (end > start) this.#insert(0, 0, start, end);
    this.#free = Math.max(0, end - start);
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes in all holes. */
  get free(): Bytes {
    return this.#free;
  }

  /** Size of the largest hole, 0 when there is none. */
  get largest(): Bytes {
    let largest = 0;
    for (const run of this.#runs) {
      if (run.largest < 0) run.largest = largestOf(run);
      if (run.largest > largest) largest = run.largest;
    }
    return largest;
  }

  /** Whether [start, end) lies in one hole. */
  holds(start: VirtAddr, end: VirtAddr): boolean {
    const run = this.#runs[this.#runOf(start)]!;
    const i = indexIn(run, start);
    return i >= 0 && run.ends[i]! >= end;
  }

  /** Takes [start, end) out of the hole that holds it; false, and nothing changed, if none does. */
  take(start: VirtAddr, end: VirtAddr): boolean {
    const r = this.#runOf(start);
    const run = this.#runs[r]!;
    const i = indexIn(run, start);
    if (i < 0 || run.ends[i]! < end) return false;
    const from = run.starts[i]!;
    const to = run.ends[i]!;
    if (run.largest === to - from) run.largest = -1;
    if (from === start && to === end) {
      this.#remove(r, i);
    } else if (from === start) {
      run.starts[i] = end;
    } else {
      run.ends[i] = start;
      if (to !== end) this.#insert(r, i + 1, end, to);
    }
    this.#free -= end - start;
    return true;
  }

  /** Makes [start, end) free again; false, and nothing changed, if some of it was free already. */
  give(start: VirtAddr, end: VirtAddr): boolean {
    const r = this.#runOf(start);
    const run = this.#runs[r]!;
    const i = indexIn(run, start);
    if (i >= 0 && run.ends[i]! > start) return false;
    let nextRun = run;
    let nextR = r;
    let next = i + 1;
    if (next >= run.count && r + 1 < this.#runs.length) {
      nextR = r + 1;
      nextRun = this.#runs[nextR]!;
      next = 0;
    }
    const hasNext = next < nextRun.count;
    if (hasNext && nextRun.starts[next]! < end) return false;
    const joinsBefore = i >= 0 && run.ends[i] === start;
    const joinsNext = hasNext && nextRun.starts[next] === end;
    if (joinsBefore && joinsNext) {
      run.ends[i] = nextRun.ends[next]!;
      grow(run, i);
      nextRun.largest = nextRun === run ? run.largest : -1;
      this.#remove(nextR, next);
    } else if (joinsBefore) {
      run.ends[i] = end;
      grow(run, i);
    } else if (joinsNext) {
      nextRun.starts[next] = start;
      grow(nextRun, next);
    } else {
      this.#insert(r, i + 1, start, end);
    }
    this.#free += end - start;
    return true;
  }

  /** The last run that begins at or below `addr`, or the first. */
  #runOf(addr: VirtAddr): number {
    const runs = this.#runs;
    let low = 0;
    let high = runs.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (runs[mid]!.starts[0]! <= addr) low = mid;
      else high = mid - 1;
    }
    return low;
  }

  #insert(r: number, i: number, start: VirtAddr, end: VirtAddr): void {
    let run = this.#runs[r]!;
    let at = i;
    if (run.count === RUN) {
      const upper = newRun();
      const half = RUN / 2;
      upper.starts.set(run.starts.subarray(half));
      upper.ends.set(run.ends.subarray(half));
      upper.count = half;
      upper.largest = -1;
      run.count = half;
      run.largest = -1;
      this.#runs.splice(r + 1, 0, upper);
      if (at > half) {
        run = upper;
        at -= half;
      }
    }
    run.starts.copyWithin(at + 1, at, run.count);
    run.ends.copyWithin(at + 1, at, run.count);
    run.starts[at] = start;
    run.ends[at] = end;
    run.count += 1;
    grow(run, at);
    this.#count += 1;
  }

  #remove(r: number, i: number): void {
    const run = this.#runs[r]!;
    run.starts.copyWithin(i, i + 1, run.count);
    run.ends.copyWithin(i, i + 1, run.count);
    run.count -= 1;
    this.#count -= 1;
    if (run.count === 0 && this.#runs.length > 1) this.#runs.splice(r, 1);
  }
}

/** Index of the last hole that begins at or below `addr`, or -1. */
function indexIn(run: Run, addr: VirtAddr): number {
  const { starts } = run;
  let low = -1;
  let high = run.count - 1;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if (starts[mid]! <= addr) low = mid;
    else high = mid - 1;
  }
  return low;
}

function grow(run: Run, i: number): void {
  const size = run.ends[i]! - run.starts[i]!;
  if (run.largest >= 0 && size > run.largest) run.largest = size;
}

function largestOf(run: Run): number {
  let largest = 0;
  for (let i = 0; i < run.count; i += 1) {
    const size = run.ends[i]! - run.starts[i]!;
    if (size > largest) largest = size;
  }
  return largest;
}
