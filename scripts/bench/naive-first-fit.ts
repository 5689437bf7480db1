// SPDX-License-Identifier: MIT
/**
 * First fit over a sorted array of the areas in use: walk them from the lowest until a gap is wide
 * enough. The plainest allocator that is right for requests aligned to a page at most, and the
 * search kernels had before 5.2, less its cache. It parks nothing: what is freed is free.
 */
export class NaiveFirstFit {
  readonly #start: number;
  readonly #end: number;
  /** By address. */
  readonly #areas: { readonly start: number; readonly end: number }[] = [];

  constructor(start: number, end: number) {
    this.#start = start;
    this.#end = end;
  }

  /** The lowest address with room for `size`, or -1. */
  alloc(size: number): number {
    let from = this.#start;
    let at = 0;
    for (const area of this.#areas) {
      if (area.start - from >= size) break;
      from = area.end;
      at++;
    }
    if (from + size > this.#end) return -1;
    this.#areas.splice(at, 0, { start: from, end: from + size });
    return from;
  }

  /** Frees what `alloc` returned. */
  free(addr: number): void {
    let lo = 0;
    let hi = this.#areas.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.#areas[mid]!.start < addr) lo = mid + 1;
      else hi = mid;
    }
    if (this.#areas[lo]?.start !== addr) throw new Error(`nothing at ${addr}`);
    this.#areas.splice(lo, 1);
  }

  /** The gaps, by address. */
  holes(): { start: number; end: number }[] {
    const holes: { start: number; end: number }[] = [];
    let from = this.#start;
    for (const { start, end } of [...this.#areas, { start: this.#end, end: this.#end }]) {
      if (start > from) holes.push({ start: from, end: start });
      from = end;
    }
    return holes;
  }
}
