// SPDX-License-Identifier: MIT
/**
 * The free part of the address space: maximal free blocks in an address-ordered red-black tree
 * that knows the largest block of each subtree (mm/vmalloc.c, Linux 6.12).
 */
import type { Bytes, VirtAddr } from '../base/index.ts';
import { type BlockId, FreeBlocks, NIL } from './free-blocks.ts';
import { eraseNode, insertNode, propagateMax } from './rb-tree.ts';

/** One free block with its place in the tree; links are indices into the same array, -1: none. */
export interface FreeBlockDump {
  readonly start: VirtAddr;
  readonly end: VirtAddr;
  readonly red: boolean;
  readonly left: number;
  readonly right: number;
  readonly subtreeMax: Bytes;
}

export class FreeTree {
  readonly #t = new FreeBlocks();
  /** Where unsigned arithmetic wraps, as an offset. */
  readonly #wrap: VirtAddr;
  /** 2^wordBits: what a length is taken modulo of. */
  readonly #span: number;
  /** Where the last descent ended, and on which side. */
  #parent: BlockId = NIL;
  #onLeft = false;

  /**
   * Starts as one block over all addresses but 0 and the last, as vmap_init_free_space leaves it.
   * `wrap` is the offset of the address 2^wordBits.
   */
  constructor(wrap: VirtAddr, wordBits: 32 | 64) {
    this.#wrap = wrap;
    this.#span = 2 ** wordBits;
    this.giveBack(wrap - this.#span + 1, wrap - 1);
  }

  get count(): number {
    return this.#t.count;
  }

  /**
   * Takes `size` bytes aligned to `align` out of [vstart, vend) and returns their address, or -1
   * (__alloc_vmap_area). Up to page alignment this is the lowest fit. Above, blocks too small for
   * the worst padding are skipped unless they lie on the search path, so it need not be.
   */
  alloc(size: Bytes, align: Bytes, vstart: VirtAddr, vend: VirtAddr): VirtAddr {
    const padded = align > 4096 && vend - vstart !== size;
    const n =
      align === 1
        ? this.#lowestFit(size, vstart)
        : this.#lowestMatch(size, align, vstart, padded ? (size + align - 1) % this.#span : size);
    if (n === NIL) return -1;
    const from = this.#t.start[n]!;
    const addr = alignUp(from > vstart ? from : vstart, align);
    if (addr + size > vend) return -1;
    this.clip(n, addr, size);
    return addr;
  }

  /**
   * What find_vmap_lowest_match finds where nothing is to be aligned: the lowest block with `size`
   * bytes at or above `vstart`. The kernel walks down to the lowest block and back up; which block
   * it finds does not depend on the way.
   */
  #lowestFit(size: Bytes, vstart: VirtAddr): BlockId {
    const { start, end, left, right, max } = this.#t;
    /** The lowest block seen that has room itself or to its right. */
    let best: BlockId = NIL;
    let n = this.#t.root;
    while (n !== NIL) {
      const from = start[n]!;
      if (from > vstart) {
        if (end[n]! - from >= size || max[right[n]!]! >= size) best = n;
        n = left[n]!;
      } else {
        if (vstart + size <= end[n]!) return n;
        n = right[n]!;
      }
    }
    if (best === NIL || end[best]! - start[best]! >= size) return best;
    n = right[best]!;
    for (;;) {
      if (max[left[n]!]! >= size) n = left[n]!;
      else if (end[n]! - start[n]! >= size) return n;
      else n = right[n]!;
    }
  }

  /** find_vmap_lowest_match: `length` decides where to descend, the true size whether it fits. */
  #lowestMatch(size: Bytes, align: Bytes, vstart: VirtAddr, length: Bytes): BlockId {
    const { start, left, right, parent, max } = this.#t;
    let from = vstart;
    let n = this.#t.root;
    while (n !== NIL) {
      if (max[left[n]!]! >= length && from < start[n]!) {
        n = left[n]!;
        continue;
      }
      if (this.#fits(n, size, align, from)) return n;
      if (max[right[n]!]! >= length) {
        n = right[n]!;
        continue;
      }
      for (n = parent[n]!; n !== NIL; n = parent[n]!) {
        if (this.#fits(n, size, align, from)) return n;
        if (max[right[n]!]! >= length && from <= start[n]!) {
          // Past this block, so that its left side is not searched again.
          from = start[n]! + 1;
          n = right[n]!;
          break;
        }
      }
    }
    return NIL;
  }

  /** is_within_this_va, in wrapping arithmetic. */
  #fits(n: BlockId, size: Bytes, align: Bytes, vstart: VirtAddr): boolean {
    const from = this.#t.start[n]!;
    const end = alignUp(from > vstart ? from : vstart, align) + size;
    return end <= this.#t.end[n]! && end < this.#wrap;
  }

  /** Cuts [addr, addr + size) out of block `n`, which holds it (va_clip). */
  clip(n: BlockId, addr: VirtAddr, size: Bytes): void {
    const t = this.#t;
    const blockStart = t.start[n]!;
    const end = addr + size;
    if (blockStart === addr) {
      if (t.end[n] === end) {
        this.#unlink(n);
        return;
      }
      t.start[n] = end;
      propagateMax(t, n);
    } else if (t.end[n] === end) {
      t.end[n] = addr;
      propagateMax(t, n);
    } else {
      // The node keeps the upper remainder, the lower one is new.
      t.start[n] = end;
      propagateMax(t, n);
      this.#findLink(blockStart, addr, n);
      this.#link(t.take(blockStart, addr));
    }
  }

  /**
   * Frees [start, end), which must not be free yet: joined to its neighbours, or a block of its
   * own (merge_or_add_vmap_area). When it closes a gap the lower neighbour survives.
   */
  giveBack(start: VirtAddr, end: VirtAddr): void {
    const t = this.#t;
    this.#findLink(start, end, t.root);
    let next: BlockId = NIL;
    if (this.#parent !== NIL) next = this.#onLeft ? this.#parent : t.next[this.#parent]!;
    const prev = this.#parent === NIL ? NIL : t.prev[next]!;
    let joined: BlockId = NIL;
    if (next !== NIL && t.start[next] === end) {
      t.start[next] = start;
      joined = next;
    }
    if (prev !== NIL && t.end[prev] === start) {
      let newEnd = end;
      if (joined !== NIL) {
        newEnd = t.end[joined]!;
        // First out with the upper one: a rotation must not see the lower one grown already.
        this.#unlink(joined);
      }
      t.end[prev] = newEnd;
      joined = prev;
    }
    if (joined !== NIL) propagateMax(t, joined);
    else this.#link(t.take(start, end));
  }

  #unlink(n: BlockId): void {
    eraseNode(this.#t, n);
    this.#t.listRemove(n);
    this.#t.release(n);
  }

  /** Descends from `from` to where [start, end) belongs (find_va_links). */
  #findLink(start: VirtAddr, end: VirtAddr, from: BlockId): void {
    const t = this.#t;
    let n = from;
    this.#parent = NIL;
    while (n !== NIL) {
      this.#parent = n;
      if (end <= t.start[n]!) {
        this.#onLeft = true;
        n = t.left[n]!;
      } else if (start >= t.end[n]!) {
        this.#onLeft = false;
        n = t.right[n]!;
      } else {
        throw new Error(
          `vmalloc bug: ${start}-${end} overlaps free block ${t.start[n]}-${t.end[n]}`,
        );
      }
    }
  }

  #link(n: BlockId): void {
    const t = this.#t;
    const parent = this.#parent;
    t.listAdd(n, parent === NIL ? NIL : this.#onLeft ? t.prev[parent]! : parent);
    insertNode(t, n, parent, this.#onLeft);
  }

  /** The block that holds `addr`, or the next one below it, or NIL (pvm_find_va_enclose_addr). */
  enclosing(addr: VirtAddr): BlockId {
    const t = this.#t;
    let best: BlockId = NIL;
    let n = t.root;
    while (n !== NIL) {
      if (t.start[n]! <= addr) {
        best = n;
        if (t.end[n]! >= addr) break;
        n = t.right[n]!;
      } else {
        n = t.left[n]!;
      }
    }
    return best;
  }

  startOf(n: BlockId): VirtAddr {
    return this.#t.start[n]!;
  }

  endOf(n: BlockId): VirtAddr {
    return this.#t.end[n]!;
  }

  /** The next lower block, or NIL. */
  below(n: BlockId): BlockId {
    return this.#t.prev[n]!;
  }

  /** Size of the largest hole inside [lo, hi), in time logarithmic in the number of blocks. */
  largestWithin(lo: VirtAddr, hi: VirtAddr): Bytes {
    return this.#largest(this.#t.root, lo, hi, 0);
  }

  /** `atLeast` is a hole already found; subtrees that cannot beat it are left out. */
  #largest(n: BlockId, lo: VirtAddr, hi: VirtAddr, atLeast: Bytes): Bytes {
    const t = this.#t;
    if (n === NIL || t.max[n]! <= atLeast) return atLeast;
    const start = t.start[n]!;
    const end = t.end[n]!;
    if (end <= lo) return this.#largest(t.right[n]!, lo, hi, atLeast);
    if (start >= hi) return this.#largest(t.left[n]!, lo, hi, atLeast);
    let best = Math.max(atLeast, Math.min(end, hi) - Math.max(start, lo));
    if (start > lo) best = this.#largest(t.left[n]!, lo, hi, best);
    if (end < hi) best = this.#largest(t.right[n]!, lo, hi, best);
    return best;
  }

  /** Calls `visit` with each hole inside [lo, hi), clipped to it, in address order. */
  forEachWithin(lo: VirtAddr, hi: VirtAddr, visit: (start: VirtAddr, end: VirtAddr) => void): void {
    const t = this.#t;
    let n = this.enclosing(lo);
    if (n === NIL) n = t.next[NIL]!;
    for (; n !== NIL && t.start[n]! < hi; n = t.next[n]!) {
      const start = Math.max(t.start[n]!, lo);
      const end = Math.min(t.end[n]!, hi);
      if (start < end) visit(start, end);
    }
  }

  /** All blocks in address order, with the tree's shape. */
  dump(): FreeBlockDump[] {
    const t = this.#t;
    const index = new Map<BlockId, number>([[NIL, -1]]);
    const ids: BlockId[] = [];
    for (let n = t.next[NIL]!; n !== NIL; n = t.next[n]!) {
      index.set(n, ids.length);
      ids.push(n);
    }
    return ids.map((n) => ({
      start: t.start[n]!,
      end: t.end[n]!,
      red: t.red[n] === 1,
      left: index.get(t.left[n]!)!,
      right: index.get(t.right[n]!)!,
      subtreeMax: t.max[n]!,
    }));
  }

  /** Replaces everything by a dumped tree, shape included. */
  restore(blocks: readonly FreeBlockDump[]): void {
    const t = this.#t;
    t.clear();
    const ids = blocks.map((b) => t.take(b.start, b.end));
    const id = (index: number): BlockId => (index < 0 ? NIL : ids[index]!);
    for (const [i, b] of blocks.entries()) {
      const n = ids[i]!;
      t.red[n] = b.red ? 1 : 0;
      t.max[n] = b.subtreeMax;
      t.left[n] = id(b.left);
      t.right[n] = id(b.right);
      if (b.left >= 0) t.parent[id(b.left)] = n;
      if (b.right >= 0) t.parent[id(b.right)] = n;
      t.listAdd(n, t.prev[NIL]!);
    }
    for (const n of ids) if (t.parent[n] === NIL) t.root = n;
  }
}

/** Like ALIGN(), but a result that would wrap is left at or above the wrap limit. */
function alignUp(value: number, align: number): number {
  return align > 1 ? Math.ceil(value / align) * align : value;
}
