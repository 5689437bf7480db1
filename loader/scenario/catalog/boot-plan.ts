/** Plans the bundled `boot` catalog from its tables. */
import { Random } from '../../engine/random.ts';
import type { Bytes } from '../../units.ts';
import { BOOT_ALIASES, BOOT_LINKS, BOOT_MODULES, BOOT_SOFTDEPS } from './boot-modules.ts';
import { drawKernelSymbols } from './kernel-symbols.ts';
import type { ModuleContent, ModulePlan, PlannedExport } from './module-plan.ts';

/** A module with an init function has an exit function of this size. */
const EXIT_TEXT: Bytes = 24;

export function planBoot(): ModulePlan[] {
  const modules = new Map<string, BootModule>();
  for (const row of rowsOf(BOOT_MODULES)) {
    const module = new BootModule(row);
    modules.set(module.name, module);
  }
  const find = (name: string): BootModule => {
    const module = modules.get(name);
    if (!module) throw new Error(`the boot catalog has no module ${name}`);
    return module;
  };
  for (const [user, owner, ...symbols] of rowsOf(BOOT_LINKS)) {
    find(user!).use(find(owner!), symbols);
  }
  for (const [name, alias] of rowsOf(BOOT_ALIASES)) find(name!).aliases.push(alias!);
  for (const [name, ...softdep] of rowsOf(BOOT_SOFTDEPS)) {
    find(name!).softdeps.push(softdep.join(' '));
  }
  return [...modules.values()];
}

function rowsOf(table: string): string[][] {
  return table
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
}

class BootModule implements ModulePlan {
  readonly name: string;
  readonly path: string;
  readonly fileSize: Bytes;
  readonly depends: BootModule[] = [];
  readonly exports: PlannedExport[] = [];
  readonly imports: string[] = [];
  readonly aliases: string[] = [];
  readonly softdeps: string[] = [];
  readonly #numbers: readonly number[];

  constructor([path, ...numbers]: readonly string[]) {
    const file = path!.slice(path!.lastIndexOf('/') + 1);
    this.name = file.replaceAll('-', '_');
    this.path = `kernel/${path}.ko`;
    this.#numbers = numbers.map(Number);
    this.fileSize = this.#numbers[0]!;
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
