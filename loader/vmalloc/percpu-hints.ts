// SPDX-License-Identifier: MIT
/**
 * What the per-CPU allocator remembers of the free runs in a page of a chunk, or in a whole chunk.
 * Follows struct pcpu_block_md, mm/percpu-internal.h and mm/percpu.c, Linux 6.12. Positions and
 * lengths are in bits, each of which stands for four bytes.
 */
export class FreeHints {
  /** Bits that are described. */
  readonly bits: number;
  /** The largest run known (contig_hint): may be out of date, never too large. */
  run: number;
  runStart = 0;
  /** A run before it that is too small for what was looked for last (scan_hint); 0: none. */
  scan = 0;
  scanStart = 0;
  /** Free at either end. */
  left: number;
  right: number;
  first = 0;

  constructor(bits: number) {
    this.bits = bits;
    this.run = bits;
    this.left = bits;
    this.right = bits;
  }

  /** Whether the largest run has room at this alignment (pcpu_check_block_hint). */
  holds(bits: number, align: number): boolean {
    return roundUp(this.runStart, align) - this.runStart + bits <= this.run;
  }

  /** Where a search begins: past the scan hint when that cannot serve (pcpu_next_hint). */
  searchStart(bits: number): number {
    const passed = this.scan > 0 && this.runStart > this.scanStart && bits > this.scan;
    return passed ? this.scanStart + this.scan : this.first;
  }

  /** A whole free run was seen (pcpu_block_update). */
  saw(start: number, end: number): void {
    const length = end - start;
    this.first = Math.min(this.first, start);
    if (start === 0) this.left = length;
    if (end === this.bits) this.right = length;
    if (length > this.run) this.#sawLargest(start, length);
    else if (length === this.run) this.#sawEqual(start, length);
    else if (start < this.runStart && this.#betterScan(start, length)) this.#scanAt(start, length);
  }

  #sawLargest(start: number, length: number): void {
    if (start <= this.runStart) this.scan = 0;
    else if (this.run > this.scan) this.#scanAt(this.runStart, this.run);
    else if (start < this.scanStart) this.scan = 0;
    this.runStart = start;
    this.run = length;
  }

  /** Of equal runs the one that starts better aligned is kept. */
  #sawEqual(start: number, length: number): void {
    if (this.runStart > 0 && (start === 0 || lowestBit(start) > lowestBit(this.runStart))) {
      this.runStart = start;
      if (start < this.scanStart && this.run > this.scan) this.scan = 0;
    } else if (start > this.scanStart || this.run > this.scan) {
      this.#scanAt(start, length);
    }
  }

  #betterScan(start: number, length: number): boolean {
    return length > this.scan || (length === this.scan && start > this.scanStart);
  }

  #scanAt(start: number, length: number): void {
    this.scanStart = start;
    this.scan = length;
  }

  /** The scan hint becomes the largest run, if there is one; returns where to look further. */
  promoteScan(): number {
    if (this.scan === 0) {
      this.run = 0;
      return this.first;
    }
    this.runStart = this.scanStart;
    this.run = this.scan;
    this.scan = 0;
    return this.runStart + this.run;
  }

  /** Whether [start, end) touches the largest run, and the run of the scan hint. */
  breaksRun(start: number, end: number): boolean {
    return this.runStart < end && start < this.runStart + this.run;
  }

  breaksScan(start: number, end: number): boolean {
    return this.scanStart < end && start < this.scanStart + this.scan;
  }

  /** Nothing is free any more. */
  fill(): void {
    this.scan = 0;
    this.run = 0;
    this.left = 0;
    this.right = 0;
  }

  /** Everything is free. */
  empty(): void {
    this.first = 0;
    this.scan = 0;
    this.runStart = 0;
    this.run = this.bits;
    this.left = this.bits;
    this.right = this.bits;
  }
}

export function roundUp(value: number, align: number): number {
  return Math.ceil(value / align) * align;
}

/** As a power of two; `value` is above 0. */
export function lowestBit(value: number): number {
  return value & -value;
}
