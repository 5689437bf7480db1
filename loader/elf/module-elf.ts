// SPDX-License-Identifier: MIT
/**
 * A module file that passed the checks, read again at almost each question
 * (kernel/module/main.c, Linux 6.12).
 */
import type { Bytes } from '../base/index.ts';
import { hasPrefix } from './c-string.ts';
import { findSec, modinfoArea } from './elf-checks.ts';
import { EM, SHN, STB } from './elf-constants.ts';
import type { ElfHeader, ElfSection } from './elf-records.ts';
import type {
  ElfExport,
  ElfIndex,
  ElfKernel,
  ElfParam,
  ElfSymbolCase,
  ElfSymbols,
  ElfVersion,
  ModuleElf,
  ReadElfResult,
  RelocationRefusal,
  SymbolPlace,
} from './elf-types.ts';
import { type CheckedElf, checkElf } from './elf-validity.ts';
import type { ElfView } from './elf-view.ts';
import { readExports, readVersions } from './exports.ts';
import { modinfoAll, modinfoEntries, modinfoGet } from './modinfo.ts';
import { readParams, readStringAt } from './params.ts';
import { relocationTables } from './relocation.ts';
import { checkRelocations } from './relocation-check.ts';
import { SymbolTable } from './symbol-table.ts';

class ParsedModule implements ModuleElf {
  readonly view: ElfView;
  readonly index: ElfIndex;
  readonly infoName: string;
  readonly name: string;
  readonly hazards: readonly string[];
  readonly #kernel: ElfKernel;
  readonly #values = new Map<string, string | undefined>();

  constructor(checked: CheckedElf, kernel: ElfKernel) {
    this.view = checked.view;
    this.index = checked.index;
    this.infoName = checked.infoName;
    this.name = checked.name;
    this.hazards = checked.hazards;
    this.#kernel = kernel;
  }

  get bytes(): Uint8Array {
    return this.view.bytes;
  }

  get header(): ElfHeader {
    return this.view.header;
  }

  get sections(): ElfSection[] {
    return Array.from({ length: this.header.shnum }, (_, i) => this.view.section(i));
  }

  section(index: number): ElfSection {
    if (!(index >= 0 && index < this.header.shnum)) {
      throw new RangeError(`section ${index} of a module with ${this.header.shnum} sections`);
    }
    return this.view.section(index);
  }

  findSec(name: string): ElfSection | undefined {
    const found = findSec(this.view, name);
    return found === 0 ? undefined : this.view.section(found);
  }

  // Without a .modinfo the kernel looks where section 0 points; so does this.
  get modinfo(): [tag: string, value: string][] {
    return modinfoEntries(modinfoArea(this.view, this.index.info));
  }

  modinfoGet(tag: string): string | undefined {
    return modinfoGet(modinfoArea(this.view, this.index.info), tag);
  }

  /** The same for tags that each load looks at. */
  #remembered(tag: string): string | undefined {
    let value = this.#values.get(tag);
    if (value === undefined && !this.#values.has(tag)) {
      value = this.modinfoGet(tag);
      this.#values.set(tag, value);
    }
    return value;
  }

  modinfoAll(tag: string): string[] {
    return modinfoAll(modinfoArea(this.view, this.index.info), tag);
  }

  get vermagic(): string | undefined {
    return this.#remembered('vermagic');
  }

  get license(): string | undefined {
    return this.modinfoGet('license');
  }

  get depends(): string[] {
    return (this.modinfoGet('depends') ?? '').split(',').filter((name) => name !== '');
  }

  get intree(): boolean {
    return this.modinfoGet('intree') !== undefined;
  }

  get livepatch(): boolean {
    return this.#remembered('livepatch') !== undefined;
  }

  get params(): { name: string; type: string }[] {
    return this.modinfoAll('parmtype').map((text) => {
      const colon = text.indexOf(':');
      return colon < 0
        ? { name: text, type: '' }
        : { name: text.slice(0, colon), type: text.slice(colon + 1) };
    });
  }

  get importNs(): string[] {
    return this.modinfoAll('import_ns');
  }

  symbols(): ElfSymbols {
    return new SymbolTable(this.view, this.index);
  }

  undefinedSymbols(): string[] {
    return this.symbolCases()
      .filter((symbol) => symbol.kind === 'undefined')
      .map((symbol) => symbol.name);
  }

  symbolCases(): ElfSymbolCase[] {
    const { view } = this;
    const { shnum, machine } = view.header;
    const table = new SymbolTable(view, this.index);
    const x86 = machine === EM.EM_386 || machine === EM.EM_X86_64;
    const cases: ElfSymbolCase[] = [];
    for (let i = 1; i < table.count; i += 1) {
      const shndx = table.shndx(i);
      const kind =
        shndx === SHN.UNDEF ? 'undefined' : shndx === SHN.COMMON ? 'common' : 'bad_section';
      if (kind === 'bad_section') {
        if (shndx === SHN.ABS || shndx === SHN.LIVEPATCH || shndx < shnum) continue;
        // Kernels of the one-pass checks do not look: they read past the section headers.
        if (!(this.#kernel.symbolIndexCheck ?? this.#kernel.sectionNameCheck === 'all')) continue;
      }
      if (kind === 'common' && hasPrefix(view.bytes, table.nameAt(i), '__gnu_lto')) continue;
      const name = table.name(i);
      const weak = table.info(i) >> 4 === STB.WEAK || (x86 && name === '_GLOBAL_OFFSET_TABLE_');
      cases.push({ index: i, name, kind, shndx, weak });
    }
    return cases;
  }

  exports(): ElfExport[] {
    return readExports(this.view, this.index, this.#kernel.arch);
  }

  versions(): ElfVersion[] {
    return readVersions(this.view, this.index);
  }

  paramEntries(): ElfParam[] {
    return readParams(this.view, this.index);
  }

  stringAt(place: SymbolPlace): string | undefined {
    return readStringAt(this.view, this.index, place);
  }

  get hasInit(): boolean {
    return this.initAt !== undefined;
  }

  get hasExit(): boolean {
    return this.exitAt !== undefined;
  }

  get initAt(): SymbolPlace | undefined {
    return this.#thisModuleRefersTo('init_module');
  }

  get exitAt(): SymbolPlace | undefined {
    return this.#thisModuleRefersTo('cleanup_module');
  }

  /** The symbol of that name, when a relocation of struct module names it. */
  #thisModuleRefersTo(name: string): SymbolPlace | undefined {
    const table = new SymbolTable(this.view, this.index);
    for (const relocations of relocationTables(this.view).get(this.index.mod) ?? []) {
      for (let i = 0; i < relocations.count; i += 1) {
        const symbol = relocations.sym(i);
        if (symbol >= table.count || !table.nameIs(symbol, name)) continue;
        return { section: table.shndx(symbol), value: table.value(symbol) };
      }
    }
    return undefined;
  }

  unknownRelocation(): RelocationRefusal | undefined {
    return checkRelocations(this.view, this.index, this.#kernel, this.name).refusal;
  }

  relocationHazards(): readonly string[] {
    return checkRelocations(this.view, this.index, this.#kernel, this.name).hazards;
  }

  get hasCtors(): boolean {
    return findSec(this.view, '.ctors') !== 0;
  }

  get hasInitArray(): boolean {
    return findSec(this.view, '.init_array') !== 0;
  }

  get hasObsparm(): boolean {
    return findSec(this.view, '__obsparm') !== 0;
  }

  get percpu(): { size: Bytes; align: Bytes } | undefined {
    const { pcpu } = this.index;
    if (pcpu === 0) return undefined;
    return { size: this.view.shSize(pcpu), align: this.view.shAddralign(pcpu) };
  }
}

/**
 * Checks a module file as the kernel does before it uses anything in it. `flags` are those of
 * finit_module. The result keeps a reference to `bytes`.
 */
export function readElf(bytes: Uint8Array, kernel: ElfKernel, flags: number): ReadElfResult {
  const checked = checkElf(bytes, kernel, flags);
  return checked.ok ? { ok: true, elf: new ParsedModule(checked, kernel) } : checked;
}
