// SPDX-License-Identifier: MIT
/**
 * A map coloured by something other than what areas hold: by stage, module, CPU or age. Every
 * shading is a table of looks, the first two of which are what is free and what is parked.
 */
import { type Bytes, fnv1a, type Nanos, PAGE_SIZE, type VirtAddr } from '../base/index.ts';
import { LOAD_STAGES, type RequestLog } from '../events/index.ts';
import type { AddressState } from './address-state.ts';
import { MAP_CLASSES, MAP_LOOKS, type MapLook, type MapPattern } from './map-classes.ts';
import { classBytes, mapCells } from './page-map.ts';

export const SHADINGS = ['class', 'stage', 'module', 'cpu', 'age'] as const;
export type Shading = (typeof SHADINGS)[number];

export type ShadeLook = Pick<MapLook, 'label' | 'light' | 'dark' | 'pattern'>;

export interface ShadedCells {
  /** The look of each cell, as a place in `shadeLooks`. */
  readonly codes: Uint8Array;
  /** Bytes of each look in the range. */
  readonly bytes: Float64Array;
}

/** Looks that are none of the shading's own. */
const FREE = 0;
const PARKED = 1;
const OWN = 2;
const BASE: readonly ShadeLook[] = [MAP_LOOKS.free, MAP_LOOKS.lazy];

/** Ages below these fall into the first, second … step. */
const AGE_LIMITS: readonly Nanos[] = [1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
const AGE_LABELS = [
  'under 10 us',
  '10 to 100 us',
  '100 us to 1 ms',
  '1 to 10 ms',
  '10 to 100 ms',
  '100 ms to 1 s',
  'over 1 s',
];
const CPU_STEPS = 8;

/** From dark to light (viridis): the order shows without colours too. */
const RAMP = [
  '#440154',
  '#46327e',
  '#365c8d',
  '#277f8e',
  '#1fa187',
  '#4ac16d',
  '#a0da39',
  '#fde725',
];
/** Okabe and Ito, with two greys for what has no owner. */
const HUES = ['#e69f00', '#0072b2', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#f0e442'];
const MODULE_PATTERNS: readonly MapPattern[] = ['solid', 'stripes', 'dots', 'bars', 'cross'];

const MODULE_LOOKS: readonly ShadeLook[] = MODULE_PATTERNS.flatMap((pattern) =>
  HUES.map((hue) => look('', hue, pattern)),
);

function look(label: string, colour: string, pattern: MapPattern = 'solid'): ShadeLook {
  return { label, light: colour, dark: colour, pattern };
}

const UNOWNED: ShadeLook = MAP_LOOKS.other;

/** The looks of a shading; `cpus` is how many the machine has. */
export function shadeLooks(shading: Shading, cpus: number): readonly ShadeLook[] {
  switch (shading) {
    case 'class':
      return MAP_CLASSES.map((name) => MAP_LOOKS[name]);
    case 'stage':
      return [...BASE, { ...UNOWNED, label: 'of no request' }, ...stageLooks()];
    case 'module':
      return [...BASE, { ...UNOWNED, label: 'of no module' }, ...MODULE_LOOKS];
    case 'cpu':
      return [...BASE, ...cpuLooks(cpus)];
    case 'age':
      return [...BASE, ...AGE_LABELS.map((label, i) => look(label, RAMP[RAMP.length - 1 - i]!))];
  }
}

function stageLooks(): ShadeLook[] {
  return LOAD_STAGES.map((stage, i) =>
    look(`stage ${stage}`, HUES[i % HUES.length]!, i < HUES.length ? 'solid' : 'stripes'),
  );
}

function cpuLooks(cpus: number): ShadeLook[] {
  const steps = Math.min(cpus, CPU_STEPS);
  return Array.from({ length: steps }, (_, i) => {
    const first = Math.ceil((i * cpus) / steps);
    const last = Math.ceil(((i + 1) * cpus) / steps) - 1;
    return look(first === last ? `CPU ${first}` : `CPUs ${first} to ${last}`, RAMP[i]!);
  });
}

/** The place of a module's look in the looks of `module`; always the same for the same name. */
export function moduleShade(module: string): number {
  if (module === '') return OWN;
  return OWN + 1 + (fnv1a(module) % MODULE_LOOKS.length);
}

/** What a shading needs beside the state. */
export interface ShadeContext {
  readonly requests: RequestLog;
  /** How many the machine has. */
  readonly cpus: number;
}

/** The module an area is for: its own, or that of its request once that is known. */
function moduleOf(state: AddressState, requests: RequestLog, index: number): string {
  const { module, request } = state.area(index);
  if (module !== '' || request === 0) return module;
  return requests.get(request)?.module ?? '';
}

/** The range [start, end) in cells, by a shading; a cell has the look that takes most of it. */
export function shadeCells(
  state: AddressState,
  range: { readonly start: VirtAddr; readonly end: VirtAddr; readonly cellBytes: Bytes },
  shading: Shading,
  context: ShadeContext,
): ShadedCells {
  const { start, end, cellBytes } = range;
  if (shading === 'class') {
    const { codes } = mapCells(state, start, end, cellBytes);
    return { codes, bytes: classBytes(state, start, end) };
  }
  const looks = shadeLooks(shading, context.cpus).length;
  const shadeOf = shader(state, shading, context);
  const codes = new Uint8Array(Math.ceil((end - start) / cellBytes));
  const bytes = new Float64Array(looks);
  /** The most any look takes of the cell being filled, free apart. */
  const share = new Float64Array(looks);
  let cell = 0;
  const close = (): void => {
    let most = FREE;
    for (let i = 1; i < looks; i += 1) {
      if (share[i]! > (most === FREE ? 0 : share[most]!)) most = i;
    }
    codes[cell] = most;
    share.fill(0);
    cell += 1;
  };
  state.forEachIn(start, end, (from, to, index) => {
    const code = index < 0 ? FREE : state.isLazy(index) ? PARKED : shadeOf(index);
    bytes[code]! += to - from;
    if (cellBytes === PAGE_SIZE) {
      codes.fill(code, Math.floor((from - start) / PAGE_SIZE), Math.ceil((to - start) / PAGE_SIZE));
      return;
    }
    for (let at = from; at < to; ) {
      const cellEnd = start + (cell + 1) * cellBytes;
      const upTo = Math.min(to, cellEnd);
      share[code]! += upTo - at;
      at = upTo;
      if (at === cellEnd) close();
    }
  });
  if (cellBytes !== PAGE_SIZE && cell < codes.length) close();
  return { codes, bytes };
}

function shader(
  state: AddressState,
  shading: Exclude<Shading, 'class'>,
  { requests, cpus }: ShadeContext,
): (index: number) => number {
  switch (shading) {
    case 'stage':
      return (index) => {
        const { stage } = state.area(index);
        return stage === null ? OWN : OWN + 1 + LOAD_STAGES.indexOf(stage);
      };
    case 'module':
      return (index) => moduleShade(moduleOf(state, requests, index));
    case 'cpu': {
      const steps = Math.min(cpus, CPU_STEPS);
      return (index) => {
        const { cpu } = state.area(index);
        return OWN + Math.min(steps - 1, Math.floor((cpu * steps) / cpus));
      };
    }
    case 'age':
      return (index) => {
        const age = state.t - state.area(index).since;
        const step = AGE_LIMITS.findIndex((limit) => age < limit);
        return OWN + (step < 0 ? AGE_LIMITS.length : step);
      };
  }
}

/** The modules that hold most of [start, end), at most `count`, largest first. */
export function largestModules(
  state: AddressState,
  requests: RequestLog,
  range: { readonly start: VirtAddr; readonly end: VirtAddr },
  count: number,
): { readonly module: string; readonly bytes: Bytes }[] {
  const held = new Map<string, number>();
  state.forEachIn(range.start, range.end, (from, to, index) => {
    if (index < 0 || state.isLazy(index)) return;
    const module = moduleOf(state, requests, index);
    if (module !== '') held.set(module, (held.get(module) ?? 0) + to - from);
  });
  return [...held]
    .map(([module, bytes]) => ({ module, bytes }))
    .sort((a, b) => b.bytes - a.bytes || (a.module < b.module ? -1 : 1))
    .slice(0, count);
}
