// SPDX-License-Identifier: MIT
/** The sums of what the modules of a source cost. */
import type { Bytes } from '../base/index.ts';
import type { CostMemoryType, ModuleCost } from './module-cost.ts';

export interface CostTotals {
  readonly files: number;
  /** Files that the kernel would refuse; they count in the bytes as far as they get. */
  readonly refused: number;
  readonly file_bytes: Bytes;
  readonly module_bytes: Bytes;
  readonly core: Bytes;
  readonly init: Bytes;
  readonly total: Bytes;
  readonly text: Bytes;
  /** Bytes of whole pages by memory type. */
  readonly memory: Readonly<Partial<Record<CostMemoryType, Bytes>>>;
  /** All modules loaded one after the other: what stays, and the most one of them takes. */
  readonly va: { readonly resident: Bytes; readonly largest_peak: Bytes; readonly largest: string };
  /** Every file failing once at that stage. */
  readonly wasted: {
    readonly kread: Bytes;
    readonly decompress: Bytes;
    readonly becoming: Bytes;
    readonly load: Bytes;
  };
}

export function totalsOf(modules: readonly ModuleCost[]): CostTotals {
  const add = (value: (module: ModuleCost) => number | null): number =>
    modules.reduce((sum, module) => sum + (value(module) ?? 0), 0);
  const memory: Partial<Record<CostMemoryType, Bytes>> = {};
  let largest: ModuleCost | undefined;
  for (const module of modules) {
    for (const { type, bytes } of module.memory) memory[type] = (memory[type] ?? 0) + bytes;
    if (!largest || module.va.peak > largest.va.peak) largest = module;
  }
  return {
    files: modules.length,
    refused: add(({ refused }) => (refused ? 1 : 0)),
    file_bytes: add((module) => module.file_bytes),
    module_bytes: add((module) => module.module_bytes),
    core: add((module) => module.core),
    init: add((module) => module.init),
    total: add((module) => module.total),
    text: add((module) => module.text),
    memory,
    va: {
      resident: add((module) => module.va.resident),
      largest_peak: largest?.va.peak ?? 0,
      largest: largest?.path ?? '',
    },
    wasted: {
      kread: add((module) => module.wasted.kread),
      decompress: add((module) => module.wasted.decompress),
      becoming: add((module) => module.wasted.becoming),
      load: add((module) => module.wasted.load),
    },
  };
}
