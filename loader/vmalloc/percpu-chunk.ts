/**
 * One chunk of the per-CPU allocator: which parts of a unit are free. Every CPU has the same.
 * Follows struct pcpu_chunk and pcpu_block_md, mm/percpu.c, Linux 6.12.
 *
 * Model: free runs in a sorted list instead of a bitmap with hints per page. The chunk's own hint
 * is always exact, and a scan sees every run; the kernel may pass over runs its hints do not show.
 */
import type { Bytes, VirtAddr } from '../units.ts';
import type { PcpuAreas } from './space.ts';

/** PCPU_MIN_ALLOC_SIZE: what one bit of the kernel's maps stands for. */
export const PCPU_MIN_ALLOC_SIZE: Bytes = 4;

export class PercpuChunk {
  readonly areas: PcpuAreas;
  /** Where the maps that are larger than a page lie, in the order the kernel frees them. */
  readonly maps: readonly VirtAddr[];
  /** The slot it stands in; -1: none yet. */
  slot = -1;
  /** Free bytes of a unit. */
  free: Bytes;
  /** The largest free run, of several the one that starts best aligned (contig_hint). */
  hint: Bytes;
  #hintStart: Bytes = 0;
  /** Bounds of the free runs, as offsets into a unit, ascending. */
  readonly #starts: Bytes[] = [0];
  readonly #ends: Bytes[];

  constructor(areas: PcpuAreas, maps: readonly VirtAddr[], unitBytes: Bytes) {
    this.areas = areas;
    this.maps = maps;
    this.free = unitBytes;
    this.hint = unitBytes;
    this.#ends = [unitBytes];
  }

  /** Takes `size` bytes from the lowest run that has them at `align`, or returns -1. */
  alloc(size: Bytes, align: Bytes): Bytes {
    // As the kernel does, a request that the largest run cannot hold is not looked for elsewhere.
    if (alignUp(this.#hintStart, align) - this.#hintStart + size > this.hint) return -1;
    const starts = this.#starts;
    const ends = this.#ends;
    for (let i = 0; i < starts.length; i++) {
      const offset = alignUp(starts[i]!, align);
      if (offset + size > ends[i]!) continue;
      const start = starts[i]!;
      this.#cut(i, offset, offset + size);
      this.free -= size;
      if (start === this.#hintStart) this.#refreshHint();
      return offset;
    }
    return -1;
  }

  /** Frees what `alloc` took. */
  release(offset: Bytes, size: Bytes): void {
    const starts = this.#starts;
    const ends = this.#ends;
    let i = firstAbove(starts, offset);
    const joinsLower = i > 0 && ends[i - 1] === offset;
    const joinsUpper = i < starts.length && starts[i] === offset + size;
    if (joinsLower && joinsUpper) {
      ends[i - 1] = ends[i]!;
      starts.splice(i, 1);
      ends.splice(i, 1);
      i -= 1;
    } else if (joinsLower) {
      i -= 1;
      ends[i] = offset + size;
    } else if (joinsUpper) {
      starts[i] = offset;
    } else {
      starts.splice(i, 0, offset);
      ends.splice(i, 0, offset + size);
    }
    this.free += size;
    this.#considerHint(i);
  }

  #cut(i: number, from: Bytes, to: Bytes): void {
    const starts = this.#starts;
    const ends = this.#ends;
    const start = starts[i]!;
    const end = ends[i]!;
    if (start === from && end === to) {
      starts.splice(i, 1);
      ends.splice(i, 1);
    } else if (start === from) {
      starts[i] = to;
    } else {
      ends[i] = from;
      if (end === to) return;
      starts.splice(i + 1, 0, to);
      ends.splice(i + 1, 0, end);
    }
  }

  #refreshHint(): void {
    this.hint = 0;
    this.#hintStart = 0;
    for (let i = 0; i < this.#starts.length; i++) this.#considerHint(i);
  }

  /** pcpu_block_update: larger is better, and of equals the one that starts better aligned. */
  #considerHint(i: number): void {
    const start = this.#starts[i]!;
    const length = this.#ends[i]! - start;
    if (length < this.hint) return;
    if (length === this.hint && !betterAligned(start, this.#hintStart)) return;
    this.hint = length;
    this.#hintStart = start;
  }
}

function betterAligned(start: Bytes, than: Bytes): boolean {
  if (than === 0) return false;
  return start === 0 || (start & -start) > (than & -than);
}

/** Index of the first of ascending numbers that is greater than `value`. */
function firstAbove(ascending: readonly number[], value: number): number {
  let lo = 0;
  let hi = ascending.length;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    if (ascending[mid]! <= value) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

function alignUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}
