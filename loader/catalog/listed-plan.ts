// SPDX-License-Identifier: MIT
/** Plans modules of which only name, size and needs are known, as /proc/modules tells them. */
import type { Bytes } from '../base/index.ts';
import { Random } from '../engine/index.ts';
import { drawKernelSymbols } from './kernel-symbols.ts';
import type { ModuleContent, ModulePlan, PlannedExport } from './module-plan.ts';

export interface ListedModule {
  readonly name: string;
  /** What the module keeps in memory: column 2 of /proc/modules. */
  readonly size: Bytes;
  /** Modules it uses symbols of. */
  readonly needs: readonly string[];
}

/** What an export and an import take in the file, at least. */
const LINK: Bytes = 300;
const LEAST: Bytes = 2900;
/** A file is larger than what stays of it; the mean of Debian's modules. */
const FILE_FACTOR = 1.5;

/** Needs that nobody lists are left out; a circle of needs is cut. */
export function planListed(list: readonly ListedModule[]): ModulePlan[] {
  const plans = new Map<string, Listed>();
  const given = new Map(list.map((module) => [module.name.replaceAll('-', '_'), module]));
  const visit = (name: string, above: ReadonlySet<string>): Listed | undefined => {
    const known = plans.get(name);
    const module = given.get(name);
    if (known || module === undefined || above.has(name)) return known;
    const within = new Set([...above, name]);
    const depends = [...new Set(module.needs.map((need) => need.replaceAll('-', '_')))].flatMap(
      (need) => visit(need, within) ?? [],
    );
    const plan = new Listed(name, module.size, depends);
    plans.set(name, plan);
    return plan;
  };
  for (const name of given.keys()) visit(name, new Set());
  return [...plans.values()];
}

class Listed implements ModulePlan {
  readonly name: string;
  readonly path: string;
  readonly fileSize: Bytes;
  readonly depends: readonly ModulePlan[];
  readonly exports: readonly PlannedExport[];
  readonly imports: readonly string[];
  readonly #size: Bytes;

  constructor(name: string, size: Bytes, depends: readonly Listed[]) {
    this.name = name;
    this.path = `kernel/listed/${name}.ko`;
    this.depends = depends;
    this.exports = [{ name: `${name}_interface`, gpl: false }];
    this.imports = depends.map((needed) => needed.exports[0]!.name);
    this.#size = size;
    this.fileSize = Math.round(Math.max(size * FILE_FACTOR, LEAST + LINK * (2 + depends.length)));
  }

  /** Model: how the size divides into sections is that of Debian's modules on average. */
  content(): ModuleContent {
    const room = Math.max(0, this.#size - 4096);
    const part = (share: number): Bytes => Math.floor(room * share);
    return {
      text: Math.max(64, part(0.45)),
      rodata: part(0.2),
      data: part(0.15),
      bss: part(0.05),
      roAfterInit: 0,
      initText: 64,
      exitText: 24,
      localSymbols: Math.min(500, Math.floor(room / 1500)),
      kernelSymbols: drawKernelSymbols(5, new Random(this.fileSize)),
      aliases: [`listed:${this.name}`],
      softdeps: [],
      params: [],
    };
  }
}
