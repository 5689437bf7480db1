// SPDX-License-Identifier: MIT
/** An address state page by page, or in cells of several pages: what maps are painted from. */
import { type Bytes, PAGE_SIZE, type VirtAddr } from '../base/index.ts';
import type { AddressState } from './address-state.ts';
import { MAP_CLASSES, type MapCode, mapClassOf, mapCode } from './map-classes.ts';

const FREE = mapCode('free');
const LAZY = mapCode('lazy');
const GUARD = mapCode('guard');

/** Class of the area, its guard page apart. */
export function areaCode(state: AddressState, index: number): MapCode {
  return state.isLazy(index) ? LAZY : mapCode(mapClassOf(state.purposeOf(index)));
}

export interface PageMap {
  /** What each page is, as a place in MAP_CLASSES. */
  readonly codes: Uint8Array;
  /** Number of the area that holds each page, -1 where it is free. */
  readonly areas: Int32Array;
}

/** Every page of [start, end); the range must be of a size one may hold in memory. */
export function mapPages(state: AddressState, start: VirtAddr, end: VirtAddr): PageMap {
  const pages = Math.ceil((end - start) / PAGE_SIZE);
  const codes = new Uint8Array(pages);
  const areas = new Int32Array(pages).fill(-1);
  state.forEachIn(start, end, (from, to, index) => {
    if (index < 0) return;
    const first = Math.floor((from - start) / PAGE_SIZE);
    const last = Math.ceil((to - start) / PAGE_SIZE);
    codes.fill(areaCode(state, index), first, last);
    areas.fill(index, first, last);
    const guard = guardPage(state, index);
    if (guard >= from && guard < to) codes[Math.floor((guard - start) / PAGE_SIZE)] = GUARD;
  });
  return { codes, areas };
}

/** Where the guard page of an area in use begins, or -1. */
function guardPage(state: AddressState, index: number): VirtAddr {
  if (state.isLazy(index) || state.guardOf(index) === 0) return -1;
  return state.endOf(index) - PAGE_SIZE;
}

export interface CellMap {
  /** The class that takes most of what is not free in each cell. */
  readonly codes: Uint8Array;
  /** Share of each cell that is not free, 0 to 1. */
  readonly taken: Float32Array;
}

/** [start, end) in cells of `cellBytes`; a guard page counts as its area unless a cell is a page. */
export function mapCells(
  state: AddressState,
  start: VirtAddr,
  end: VirtAddr,
  cellBytes: Bytes,
): CellMap {
  const count = Math.ceil((end - start) / cellBytes);
  const codes = new Uint8Array(count);
  const taken = new Float32Array(count);
  if (cellBytes === PAGE_SIZE) {
    codes.set(mapPages(state, start, end).codes);
    for (let i = 0; i < count; i += 1) taken[i] = codes[i] === FREE ? 0 : 1;
    return { codes, taken };
  }
  const share = new Float64Array(MAP_CLASSES.length);
  let cell = 0;
  const close = (): void => {
    let most = FREE;
    let sum = 0;
    for (let code = 1; code < share.length; code += 1) {
      sum += share[code]!;
      if (share[code]! > (most === FREE ? 0 : share[most]!)) most = code;
    }
    codes[cell] = most;
    taken[cell] = sum / Math.min(cellBytes, end - start - cell * cellBytes);
    share.fill(0);
    cell += 1;
  };
  state.forEachIn(start, end, (from, to, index) => {
    const code = index < 0 ? FREE : areaCode(state, index);
    let at = from;
    while (at < to) {
      const cellEnd = start + (cell + 1) * cellBytes;
      const upTo = Math.min(to, cellEnd);
      share[code]! += upTo - at;
      at = upTo;
      if (at === cellEnd) close();
    }
  });
  if (cell < count) close();
  return { codes, taken };
}

/** Bytes of each class in [start, end), guard pages apart; by place in MAP_CLASSES. */
export function classBytes(state: AddressState, start: VirtAddr, end: VirtAddr): Float64Array {
  const bytes = new Float64Array(MAP_CLASSES.length);
  state.forEachIn(start, end, (from, to, index) => {
    if (index < 0) {
      bytes[FREE]! += to - from;
      return;
    }
    const guard = guardPage(state, index);
    const guarded = guard >= 0 ? Math.max(0, to - Math.max(from, guard)) : 0;
    bytes[areaCode(state, index)]! += to - from - guarded;
    bytes[GUARD]! += guarded;
  });
  return bytes;
}
