// SPDX-License-Identifier: MIT
/**
 * Insertion and removal in a red-black tree whose nodes carry the largest size of their subtree.
 *
 * The shape matters: where an aligned request lands depends on it. These are the textbook rules,
 * which lib/rbtree.c (Linux 6.12) follows too: a leaf goes in red; a removed node with two
 * children is replaced by its in-order successor, which takes over its colour.
 */
import { type BlockId, type FreeBlocks, NIL } from './free-blocks.ts';

/** Recomputes subtree maxima from `n` upward until one is already right. */
export function propagateMax(t: FreeBlocks, n: BlockId): void {
  const { max, left, right, parent, start, end } = t;
  for (let at = n; at !== NIL; at = parent[at]!) {
    const l = max[left[at]!]!;
    const r = max[right[at]!]!;
    let m = end[at]! - start[at]!;
    if (l > m) m = l;
    if (r > m) m = r;
    if (max[at] === m) return;
    max[at] = m;
  }
}

/** Hangs the fresh node `n` under `parent` (NIL: it becomes the root) and restores balance. */
export function insertNode(t: FreeBlocks, n: BlockId, parent: BlockId, onLeft: boolean): void {
  t.parent[n] = parent;
  if (parent === NIL) t.root = n;
  else if (onLeft) t.left[parent] = n;
  else t.right[parent] = n;
  propagateMax(t, parent);
  balanceAfterInsert(t, n);
}

function balanceAfterInsert(t: FreeBlocks, inserted: BlockId): void {
  const { left, right, parent, red } = t;
  let n = inserted;
  for (;;) {
    let p = parent[n]!;
    if (p === NIL) {
      red[n] = 0;
      return;
    }
    if (red[p] === 0) return;
    const g = parent[p]!;
    const parentIsLeft = left[g] === p;
    const uncle = parentIsLeft ? right[g]! : left[g]!;
    if (uncle !== NIL && red[uncle] === 1) {
      red[p] = 0;
      red[uncle] = 0;
      red[g] = 1;
      n = g;
      continue;
    }
    if (parentIsLeft) {
      if (right[p] === n) {
        rotateLeft(t, p);
        p = n;
      }
      red[p] = 0;
      red[g] = 1;
      rotateRight(t, g);
    } else {
      if (left[p] === n) {
        rotateRight(t, p);
        p = n;
      }
      red[p] = 0;
      red[g] = 1;
      rotateLeft(t, g);
    }
    return;
  }
}

/** Takes `z` out of the tree; its own links are left as they were. */
export function eraseNode(t: FreeBlocks, z: BlockId): void {
  const { left, right, parent, red, max } = t;
  let removedBlack = red[z] === 0;
  let x: BlockId;
  /** Parent of `x`, which may be NIL and then has no parent field to ask. */
  let xParent: BlockId;
  if (left[z] === NIL || right[z] === NIL) {
    x = left[z] === NIL ? right[z]! : left[z]!;
    xParent = parent[z]!;
    replaceChild(t, z, x);
    propagateMax(t, xParent);
  } else {
    let y = right[z]!;
    while (left[y] !== NIL) y = left[y]!;
    removedBlack = red[y] === 0;
    x = right[y]!;
    if (parent[y] === z) {
      xParent = y;
    } else {
      xParent = parent[y]!;
      replaceChild(t, y, x);
      right[y] = right[z]!;
      parent[right[y]!] = y;
    }
    replaceChild(t, z, y);
    left[y] = left[z]!;
    parent[left[y]!] = y;
    red[y] = red[z]!;
    max[y] = max[z]!;
    if (xParent !== y) propagateMax(t, xParent);
    propagateMax(t, y);
  }
  if (removedBlack) balanceAfterErase(t, x, xParent);
}

function balanceAfterErase(t: FreeBlocks, hole: BlockId, holeParent: BlockId): void {
  const { left, right, parent, red } = t;
  let x = hole;
  let p = holeParent;
  while (p !== NIL && (x === NIL || red[x] === 0)) {
    const xIsLeft = left[p] === x;
    let s = xIsLeft ? right[p]! : left[p]!;
    if (red[s] === 1) {
      red[s] = 0;
      red[p] = 1;
      if (xIsLeft) rotateLeft(t, p);
      else rotateRight(t, p);
      s = xIsLeft ? right[p]! : left[p]!;
    }
    const near = xIsLeft ? left[s]! : right[s]!;
    let far = xIsLeft ? right[s]! : left[s]!;
    const nearRed = near !== NIL && red[near] === 1;
    const farRed = far !== NIL && red[far] === 1;
    if (!nearRed && !farRed) {
      red[s] = 1;
      x = p;
      p = parent[x]!;
      continue;
    }
    if (!farRed) {
      red[near] = 0;
      red[s] = 1;
      if (xIsLeft) rotateRight(t, s);
      else rotateLeft(t, s);
      s = near;
      far = xIsLeft ? right[s]! : left[s]!;
    }
    red[s] = red[p]!;
    red[p] = 0;
    red[far] = 0;
    if (xIsLeft) rotateLeft(t, p);
    else rotateRight(t, p);
    return;
  }
  if (x !== NIL) red[x] = 0;
}

function replaceChild(t: FreeBlocks, old: BlockId, replacement: BlockId): void {
  const p = t.parent[old]!;
  if (p === NIL) t.root = replacement;
  else if (t.left[p] === old) t.left[p] = replacement;
  else t.right[p] = replacement;
  if (replacement !== NIL) t.parent[replacement] = p;
}

function rotateLeft(t: FreeBlocks, x: BlockId): void {
  const y = t.right[x]!;
  const inner = t.left[y]!;
  t.right[x] = inner;
  if (inner !== NIL) t.parent[inner] = x;
  replaceChild(t, x, y);
  t.left[y] = x;
  t.parent[x] = y;
  handOverMax(t, x, y);
}

function rotateRight(t: FreeBlocks, x: BlockId): void {
  const y = t.left[x]!;
  const inner = t.right[y]!;
  t.left[x] = inner;
  if (inner !== NIL) t.parent[inner] = x;
  replaceChild(t, x, y);
  t.right[y] = x;
  t.parent[x] = y;
  handOverMax(t, x, y);
}

/** `y` now heads the subtree that `x` headed; `x` keeps what is left below it. */
function handOverMax(t: FreeBlocks, x: BlockId, y: BlockId): void {
  const { max, left, right } = t;
  max[y] = max[x]!;
  max[x] = Math.max(t.end[x]! - t.start[x]!, max[left[x]!]!, max[right[x]!]!);
}
