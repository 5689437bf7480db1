// SPDX-License-Identifier: MIT
/**
 * The nodes of the free tree, field by field in typed arrays: a search touches thousands of them
 * and none is ever collected.
 */
import type { Bytes, VirtAddr } from '../base/index.ts';

/** A node of the tree, as an index into the arrays. */
export type BlockId = number;

/** No node. As a list entry it is the head: `next[NIL]` is the first block, `prev[NIL]` the last. */
export const NIL: BlockId = 0;

export class FreeBlocks {
  /** [start, end) of the block. */
  start: Float64Array;
  end: Float64Array;
  /** Size of the largest block in the subtree; 0 for NIL. */
  max: Float64Array;
  left: Int32Array;
  right: Int32Array;
  parent: Int32Array;
  /** Neighbours by address. */
  prev: Int32Array;
  next: Int32Array;
  /** 1 for a red node. */
  red: Uint8Array;
  root: BlockId = NIL;
  count = 0;
  #used = 1;
  #spare: BlockId = NIL;

  constructor(capacity = 1024) {
    this.start = new Float64Array(capacity);
    this.end = new Float64Array(capacity);
    this.max = new Float64Array(capacity);
    this.left = new Int32Array(capacity);
    this.right = new Int32Array(capacity);
    this.parent = new Int32Array(capacity);
    this.prev = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.red = new Uint8Array(capacity);
  }

  /** A node that is in no tree and no list yet. */
  take(start: VirtAddr, end: VirtAddr): BlockId {
    let n = this.#spare;
    if (n !== NIL) {
      this.#spare = this.next[n]!;
    } else {
      if (this.#used === this.start.length) this.#grow();
      n = this.#used++;
    }
    this.start[n] = start;
    this.end[n] = end;
    this.max[n] = end - start;
    this.left[n] = NIL;
    this.right[n] = NIL;
    this.parent[n] = NIL;
    this.red[n] = 1;
    this.count++;
    return n;
  }

  release(n: BlockId): void {
    this.next[n] = this.#spare;
    this.#spare = n;
    this.count--;
  }

  size(n: BlockId): Bytes {
    return this.end[n]! - this.start[n]!;
  }

  /** Puts `n` into the address-ordered list right behind `before`. */
  listAdd(n: BlockId, before: BlockId): void {
    const after = this.next[before]!;
    this.prev[n] = before;
    this.next[n] = after;
    this.next[before] = n;
    this.prev[after] = n;
  }

  listRemove(n: BlockId): void {
    const before = this.prev[n]!;
    const after = this.next[n]!;
    this.next[before] = after;
    this.prev[after] = before;
  }

  clear(): void {
    this.root = NIL;
    this.count = 0;
    this.#used = 1;
    this.#spare = NIL;
    this.next[NIL] = NIL;
    this.prev[NIL] = NIL;
  }

  #grow(): void {
    const capacity = this.start.length * 2;
    const float = (old: Float64Array): Float64Array => {
      const bigger = new Float64Array(capacity);
      bigger.set(old);
      return bigger;
    };
    const int = (old: Int32Array): Int32Array => {
      const bigger = new Int32Array(capacity);
      bigger.set(old);
      return bigger;
    };
    this.start = float(this.start);
    this.end = float(this.end);
    this.max = float(this.max);
    this.left = int(this.left);
    this.right = int(this.right);
    this.parent = int(this.parent);
    this.prev = int(this.prev);
    this.next = int(this.next);
    const red = new Uint8Array(capacity);
    red.set(this.red);
    this.red = red;
  }
}
