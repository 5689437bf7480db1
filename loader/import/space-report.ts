// SPDX-License-Identifier: MIT
/** What a vmallocinfo says of an address space: holes, holders, and what changed between two. */
import type { SeenArea, SeenSpace } from './facts.ts';

export interface Bounds {
  readonly start: bigint;
  readonly end: bigint;
  /** Where the bounds come from. */
  readonly from: string;
  /** False where they are only those of the outermost areas. */
  readonly exact: boolean;
}

export interface Gap {
  readonly start: bigint;
  readonly size: number;
}

export interface HolderRow {
  readonly name: string;
  readonly bytes: number;
  readonly areas: number;
}

export interface ModulesArea {
  readonly bounds: Bounds;
  readonly used: number;
  readonly holes: readonly Gap[];
}

export interface SpaceReport {
  readonly file: string;
  readonly bounds: Bounds | undefined;
  readonly areas: number;
  /** Bytes in areas, guard pages included; parked ones (`unpurged`) apart. */
  readonly used: number;
  readonly parked: number;
  /** Holes of the window, parked areas counted as free: an allocation purges before it fails. */
  readonly holes: readonly Gap[];
  readonly free: number;
  readonly largest: Gap | undefined;
  /** The area for modules alone, where the architecture has one. */
  readonly modulesArea: ModulesArea | undefined;
  readonly callers: readonly HolderRow[];
  readonly modules: readonly HolderRow[];
  readonly kinds: readonly HolderRow[];
  /** Areas whose addresses the kernel hid. */
  readonly hidden: number;
}

export function isParked(area: SeenArea): boolean {
  return area.kinds[0] === 'unpurged';
}

export function reportSpace(
  space: SeenSpace,
  bounds: Bounds | undefined,
  modulesBounds?: Bounds,
): SpaceReport {
  const callers = new Map<string, HolderRow>();
  const modules = new Map<string, HolderRow>();
  const kinds = new Map<string, HolderRow>();
  let used = 0;
  let parked = 0;
  let hidden = 0;
  const inside: SeenArea[] = [];
  const inModules: SeenArea[] = [];
  for (const area of space.areas) {
    if (area.start === undefined) hidden += 1;
    const ofModules = isInside(area, modulesBounds);
    const within =
      ofModules ||
      bounds === undefined ||
      area.start === undefined ||
      (area.start >= bounds.start && area.start < bounds.end);
    if (!within) continue;
    if (isParked(area)) {
      parked += area.size;
      continue;
    }
    (ofModules ? inModules : inside).push(area);
    used += area.size;
    add(callers, callerName(area), area.size);
    add(modules, moduleOf(area), area.size);
    add(kinds, area.kinds.filter((kind) => kind !== 'vpages').join('+') || 'other', area.size);
  }
  const holes = hidden > 0 || bounds === undefined ? [] : holesBetween(inside, bounds);
  return {
    file: space.file,
    bounds,
    areas: space.areas.length,
    used,
    parked,
    holes,
    free: holes.reduce((sum, { size }) => sum + size, 0),
    largest: holes.reduce<Gap | undefined>(
      (most, hole) => (most === undefined || hole.size > most.size ? hole : most),
      undefined,
    ),
    modulesArea:
      modulesBounds === undefined || hidden > 0
        ? undefined
        : {
            bounds: modulesBounds,
            used: inModules.reduce((sum, { size }) => sum + size, 0),
            holes: holesBetween(inModules, modulesBounds),
          },
    callers: sorted(callers),
    modules: sorted(modules),
    kinds: sorted(kinds),
    hidden,
  };
}

function isInside({ start }: SeenArea, bounds: Bounds | undefined): boolean {
  return bounds !== undefined && start !== undefined && start >= bounds.start && start < bounds.end;
}

function add(rows: Map<string, HolderRow>, name: string, bytes: number): void {
  const before = rows.get(name);
  rows.set(name, {
    name,
    bytes: (before?.bytes ?? 0) + bytes,
    areas: (before?.areas ?? 0) + 1,
  });
}

function sorted(rows: Map<string, HolderRow>): HolderRow[] {
  return [...rows.values()].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
}

/** `ioremap_nocache+0x1c/0x20` → `ioremap_nocache`. */
export function callerName({ caller, kinds }: SeenArea): string {
  const name = caller.replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/, '').replace(/^\[<[0-9a-f]+>\] /, '');
  return name === '' ? (kinds[0] ?? 'unknown') : name;
}

/** Callers that make the memory of modules, before and since execmem (Linux 6.10). */
const MODULE_MEMORY =
  /^(?:module_alloc|module_alloc_update_bounds\w*|execmem_\w*|module_memory_alloc|load_module|move_module|layout_and_allocate)\b/;

export function isModuleMemory(area: SeenArea): boolean {
  return MODULE_MEMORY.test(area.caller);
}

function moduleOf(area: SeenArea): string {
  if (area.module !== undefined) return area.module;
  return isModuleMemory(area) ? 'modules themselves' : 'kernel';
}

function holesBetween(areas: readonly SeenArea[], { start, end }: Bounds): Gap[] {
  const sortedAreas = [...areas].sort((a, b) => (a.start! < b.start! ? -1 : 1));
  const holes: Gap[] = [];
  let at = start;
  for (const area of sortedAreas) {
    if (area.start! > at) holes.push({ start: at, size: Number(area.start! - at) });
    if (area.end! > at) at = area.end!;
  }
  if (end > at) holes.push({ start: at, size: Number(end - at) });
  return holes;
}

export interface SpaceChange {
  readonly gone: readonly HolderRow[];
  readonly come: readonly HolderRow[];
  readonly goneBytes: number;
  readonly comeBytes: number;
  readonly kept: number;
  /** False where addresses are hidden: then callers and sizes are compared. */
  readonly byAddress: boolean;
}

export function compareSpaces(before: SeenSpace, after: SeenSpace): SpaceChange {
  const byAddress = [...before.areas, ...after.areas].every(({ start }) => start !== undefined);
  const key = (area: SeenArea): string =>
    byAddress
      ? `${area.start} ${area.size} ${callerName(area)} ${isParked(area)}`
      : `${area.size} ${callerName(area)} ${isParked(area)}`;
  const count = new Map<string, number>();
  for (const area of before.areas) count.set(key(area), (count.get(key(area)) ?? 0) + 1);
  const come = new Map<string, HolderRow>();
  const gone = new Map<string, HolderRow>();
  let kept = 0;
  for (const area of after.areas) {
    const left = count.get(key(area)) ?? 0;
    if (left > 0) {
      count.set(key(area), left - 1);
      kept += 1;
    } else add(come, callerName(area), area.size);
  }
  for (const area of before.areas) {
    const left = count.get(key(area)) ?? 0;
    if (left === 0) continue;
    count.set(key(area), left - 1);
    add(gone, callerName(area), area.size);
  }
  const bytes = (rows: Map<string, HolderRow>): number =>
    [...rows.values()].reduce((sum, row) => sum + row.bytes, 0);
  return {
    gone: sorted(gone),
    come: sorted(come),
    goneBytes: bytes(gone),
    comeBytes: bytes(come),
    kept,
    byAddress,
  };
}
