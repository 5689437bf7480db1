// SPDX-License-Identifier: MIT
/** Plans the bundled `boot` catalog from its tables. */

import type { Bytes } from '../base/index.ts';
import { Random } from '../engine/index.ts';
import { BOOT_ALIASES, BOOT_LINKS, BOOT_MODULES, BOOT_SOFTDEPS } from './boot-modules.ts';
import { drawKernelSymbols } from './kernel-symbols.ts';
import type { ModuleContent, ModulePlan, PlannedExport } from './module-plan.ts';

/** A module with an init function has an exit function of this size. */
const EXIT_TEXT: Bytes = 24;

/** Tables of a catalog, one entry a line. */
export interface CatalogTables {
  readonly modules: string;
  readonly links: string;
  readonly aliases: string;
  readonly softdeps: string;
  /** What a file is larger than the table says, as with its debug sections left in. */
  readonly fileFactor: number;
  readonly arch: 'i386' | 'x86_64';
}

export function planBoot(): ModulePlan[] {
  return planTables({
    modules: BOOT_MODULES,
    links: BOOT_LINKS,
    aliases: BOOT_ALIASES,
    softdeps: BOOT_SOFTDEPS,
    fileFactor: 1,
    arch: 'i386',
  });
}

/** Plans the modules of a catalog's tables. */
export function planTables(tables: CatalogTables): ModulePlan[] {
  const modules = new Map<string, BootModule>();
  for (const row of rowsOf(tables.modules)) {
    const module = new BootModule(row, tables);
    modules.set(module.name, module);
  }
  const find = (name: string): BootModule => {
    const module = modules.get(name);
    if (!module) throw new Error(`the catalog's table has no module ${name}`);
    return module;
  };
  for (const [user, owner, ...symbols] of rowsOf(tables.links)) {
    find(user!).use(find(owner!), symbols);
  }
  for (const [name, alias] of rowsOf(tables.aliases)) find(name!).aliases.push(alias!);
  for (const [name, ...softdep] of rowsOf(tables.softdeps)) {
    find(name!).softdeps.push(softdep.join(' '));
  }
  return [...modules.values()];
}

function rowsOf(table: string): string[][] {
  const lines = table.trim() === '' ? [] : table.trim().split('\n');
  return lines.map((line) => line.split(' '));
}

class BootModule implements ModulePlan {
  readonly name: string;
  readonly path: string;
  readonly fileSize: Bytes;
  readonly arch: 'i386' | 'x86_64';
  readonly depends: BootModule[] = [];
  readonly exports: PlannedExport[] = [];
  readonly imports: string[] = [];
  readonly aliases: string[] = [];
  readonly softdeps: string[] = [];
  readonly #numbers: readonly number[];

  constructor([path, ...numbers]: readonly string[], { fileFactor, arch }: CatalogTables) {
    const file = path!.slice(path!.lastIndexOf('/') + 1);
    this.name = file.replaceAll('-', '_');
    this.path = `kernel/${path}.ko`;
    this.#numbers = numbers.map(Number);
    this.fileSize = Math.round(this.#numbers[0]! * fileFactor);
    this.arch = arch;
  }

  use(owner: BootModule, symbols: readonly string[]): void {
    this.depends.push(owner);
    for (const symbol of symbols) {
      const gpl = symbol.endsWith('!');
      const name = gpl ? symbol.slice(0, -1) : symbol;
      this.imports.push(name);
      if (!owner.exports.some((known) => known.name === name)) owner.exports.push({ name, gpl });
    }
  }

  content(): ModuleContent {
    const [, text, rodata, data, bss, initText, symbols, kernelSymbols] = this.#numbers;
    const random = new Random(this.fileSize);
    const known = kernelSymbols! + this.imports.length + this.exports.length;
    return {
      text: text!,
      rodata: rodata!,
      data: data!,
      bss: bss!,
      roAfterInit: 0,
      initText: initText!,
      exitText: initText! > 0 ? EXIT_TEXT : 0,
      localSymbols: Math.max(0, symbols! - known - 20),
      kernelSymbols: drawKernelSymbols(kernelSymbols!, random),
      aliases: this.aliases,
      softdeps: this.softdeps,
      params: [],
    };
  }
}
