// SPDX-License-Identifier: MIT
/**
 * Stand-ins for module files of which only the facts are known. A stand-in has the sections,
 * symbols and `.modinfo` of the file, and its size; exports, parameters and the entries of struct
 * module are written so that a loader finds them. All other contents are zeros.
 *
 * Model: parameters have the permissions 0444, and their variables begin as zeros; what the file's
 * own setters and getters do is not known. i386 only.
 */
import { alignUp, type Bytes } from '../base/index.ts';
import { ELF32, EM, SHT } from './elf-constants.ts';
import { ElfFile } from './elf-file.ts';
import type { ModuleFileFacts, SectionFacts, StandInResult } from './module-facts.ts';
import { writeLatin1 } from './string-table.ts';
import { SuffixTable } from './suffix-table.ts';

/** R_386_32 */
const R_386_32 = 1;
const STT_SECTION = 3;
const PARAM_BYTES = ELF32.kernelParam;
const PERMISSIONS = 0o444;

/** The file, or why the facts do not hold together. */
export function standInModule(facts: ModuleFileFacts): StandInResult {
  try {
    return { ok: true, bytes: new StandIn(facts).write() };
  } catch (error) {
    if (error instanceof FactsError) return { ok: false, message: error.message };
    throw error;
  }
}

class FactsError extends Error {}

interface Pointer {
  readonly offset: number;
  /** Number of the symbol it refers to, and what is added. */
  readonly symbol: number;
  readonly addend: number;
}

class StandIn {
  readonly #facts: ModuleFileFacts;
  readonly #offsets: readonly number[];
  readonly #tableAt: number;
  readonly #file: ElfFile;
  readonly #view: DataView;

  constructor(facts: ModuleFileFacts) {
    this.#facts = facts;
    const { offsets, end } = placeSections(facts.sections);
    this.#offsets = offsets;
    this.#tableAt = alignUp(end, 4);
    const least = this.#tableAt + facts.sections.length * ELF32.shdr;
    if (least > facts.file_bytes) {
      throw new FactsError(`sections of ${least} bytes in a file of ${facts.file_bytes}`);
    }
    this.#file = new ElfFile(ELF32, EM.EM_386, facts.file_bytes);
    this.#view = new DataView(this.#file.bytes.buffer);
  }

  write(): Uint8Array<ArrayBuffer> {
    const { sections, shstrndx, symbols, modinfo } = this.#facts;
    const file = this.#file;
    const names = new SuffixTable(sections.map(({ name }) => name));
    const symtab = sections.findIndex(({ type }) => type === SHT.SYMTAB);
    const strtab = sections[symtab]?.link ?? 0;
    const strings = new SuffixTable(symbols.map(([name]) => name));
    this.#fits('section names', shstrndx, names.size);
    if (symtab >= 0) {
      this.#fits('symbol names', strtab, strings.size);
      this.#fits('symbols', symtab, symbols.length * ELF32.sym);
    }
    file.ehdr(this.#tableAt, sections.length, shstrndx);
    sections.forEach((section, i) => {
      const header = { ...section, name: names.at(section.name)!, offset: this.#offsets[i]! };
      file.shdr(this.#tableAt + i * ELF32.shdr, header);
    });
    names.write(file.bytes, this.#offsets[shstrndx]!);
    if (symtab >= 0) {
      strings.write(file.bytes, this.#offsets[strtab]!);
      symbols.forEach(([name, value, size, info, , shndx], i) => {
        const fields = { value, size, bind: info >> 4, type: info & 15 };
        file.symbol(this.#offsets[symtab]! + i * ELF32.sym, strings.at(name)!, shndx, fields);
      });
    }
    this.#strings('.modinfo', modinfo);
    this.#thisModule();
    const pointers = new Map<number, Pointer[]>();
    for (const suffix of ['', '_gpl']) this.#exports(`__ksymtab${suffix}`, pointers);
    this.#parameters(pointers);
    this.#relocations(pointers);
    return file.bytes;
  }

  #section(name: string): number {
    return this.#facts.sections.findIndex((section) => section.name === name);
  }

  #symbol(name: string): number {
    return this.#facts.symbols.findIndex(([found]) => found === name);
  }

  #fits(what: string, section: number, bytes: Bytes): void {
    const size = this.#facts.sections[section]?.size ?? 0;
    if (bytes > size) throw new FactsError(`${what}: ${bytes} bytes in a section of ${size}`);
  }

  #strings(name: string, texts: readonly string[]): void {
    const section = this.#section(name);
    if (section < 0) return;
    this.#fits(
      name,
      section,
      texts.reduce((sum, text) => sum + text.length + 1, 0),
    );
    let at = this.#offsets[section]!;
    for (const text of texts) at = writeLatin1(this.#file.bytes, at, text) + 1;
  }

  /** The name in struct module. */
  #thisModule(): void {
    const section = this.#section('.gnu.linkonce.this_module');
    const name = this.#facts.modinfo.find((text) => text.startsWith('name='))?.slice(5);
    if (section < 0 || name === undefined) return;
    writeLatin1(this.#file.bytes, this.#offsets[section]! + ELF32.moduleName, name);
  }

  /** struct kernel_symbol: value, name, namespace, in the order of the `__ksymtab_` symbols. */
  #exports(table: string, pointers: Map<number, Pointer[]>): void {
    const section = this.#section(table);
    if (section < 0) return;
    const list: Pointer[] = [];
    for (const [symbol, value, , , , shndx] of this.#facts.symbols) {
      if (shndx !== section || !symbol.startsWith('__ksymtab_')) continue;
      const name = symbol.slice('__ksymtab_'.length);
      const text = this.#symbol(`__kstrtab_${name}`);
      const target = this.#symbol(name);
      if (text < 0) throw new FactsError(`${table}: no __kstrtab_${name}`);
      const [, at, , , , strings] = this.#facts.symbols[text]!;
      writeLatin1(this.#file.bytes, this.#offsets[strings]! + at, name);
      const space = this.#symbol(`__kstrtabns_${name}`);
      list.push(
        { offset: value, symbol: Math.max(target, 0), addend: 0 },
        { offset: value + 4, symbol: text, addend: 0 },
        {
          offset: value + 8,
          symbol: space < 0 ? text : space,
          addend: space < 0 ? name.length : 0,
        },
      );
    }
    pointers.set(section, list);
  }

  /** struct kernel_param, in the order of the `__param_` symbols. */
  #parameters(pointers: Map<number, Pointer[]>): void {
    const section = this.#section('__param');
    if (section < 0) return;
    const list: Pointer[] = [];
    for (const [symbol, at, size, , , shndx] of this.#facts.symbols) {
      if (shndx !== section || !symbol.startsWith('__param_') || size !== PARAM_BYTES) continue;
      this.#parameter(symbol.slice('__param_'.length), at, list, pointers);
    }
    const known = pointers.get(section) ?? [];
    pointers.set(section, [...known, ...list]);
  }

  #parameter(name: string, at: number, list: Pointer[], pointers: Map<number, Pointer[]>): void {
    const { symbols, modinfo } = this.#facts;
    const place = (of: string): number => this.#symbol(of);
    const text = place(`__param_str_${name}`);
    if (text >= 0) {
      const [, value, , , , shndx] = symbols[text]!;
      writeLatin1(this.#file.bytes, this.#offsets[shndx]! + value, name);
      list.push({ offset: at, symbol: text, addend: 0 });
    }
    const thisModule = place('__this_module');
    if (thisModule >= 0) list.push({ offset: at + 4, symbol: thisModule, addend: 0 });
    const prefix = `parmtype=${name}:`;
    const type = modinfo.find((entry) => entry.startsWith(prefix))?.slice(prefix.length) ?? '';
    const array = place(`__param_arr_${name}`);
    const string = place(`__param_string_${name}`);
    const element = type.replace(/^array of /, '');
    const opsName =
      array >= 0 ? 'param_array_ops' : string >= 0 ? 'param_ops_string' : `param_ops_${type}`;
    const ops = place(opsName);
    if (ops >= 0) list.push({ offset: at + 8, symbol: ops, addend: 0 });
    const section = this.#offsets[this.#section('__param')]!;
    this.#view.setUint16(section + at + 12, PERMISSIONS, true);
    const variable = place(name);
    const arg = array >= 0 ? array : string >= 0 ? string : variable;
    if (arg >= 0) list.push({ offset: at + 16, symbol: arg, addend: 0 });
    if (array >= 0) this.#array(array, element, variable, pointers);
    else if (string >= 0) this.#string(string, variable, pointers);
  }

  /** struct kparam_array: max, elemsize, then pointers to the count, the ops and the elements. */
  #array(array: number, element: string, variable: number, pointers: Map<number, Pointer[]>): void {
    const { symbols } = this.#facts;
    const [, at, , , , section] = symbols[array]!;
    const elemsize = ELEMENT_BYTES[element] ?? 4;
    const bytes = variable < 0 ? 0 : symbols[variable]![2];
    const base = this.#offsets[section]! + at;
    this.#view.setUint32(base, Math.floor(bytes / elemsize), true);
    this.#view.setUint32(base + 4, elemsize, true);
    const list = pointers.get(section) ?? [];
    pointers.set(section, list);
    const ops = this.#symbol(`param_ops_${element}`);
    if (ops >= 0) list.push({ offset: at + 12, symbol: ops, addend: 0 });
    if (variable >= 0) list.push({ offset: at + 16, symbol: variable, addend: 0 });
  }

  /** struct kparam_string: the size, then a pointer to the buffer. */
  #string(string: number, variable: number, pointers: Map<number, Pointer[]>): void {
    const { symbols } = this.#facts;
    const [, at, , , , section] = symbols[string]!;
    if (variable < 0) return;
    this.#view.setUint32(this.#offsets[section]! + at, symbols[variable]![2], true);
    const list = pointers.get(section) ?? [];
    pointers.set(section, list);
    list.push({ offset: at + 4, symbol: variable, addend: 0 });
  }

  /**
   * As many entries as each table of relocations has: first the pointers that matter, then
   * references of the first places to the section itself.
   */
  #relocations(pointers: ReadonlyMap<number, readonly Pointer[]>): void {
    const { sections, symbols } = this.#facts;
    sections.forEach((table, i) => {
      if (table.type !== SHT.REL) return;
      const known = [...(pointers.get(table.info) ?? []), ...this.#entries(table)];
      const itself = symbols.findIndex(
        ([, , , info, , shndx]) => (info & 15) === STT_SECTION && shndx === table.info,
      );
      const count = Math.floor(table.size / ELF32.rel);
      for (let n = 0; n < count; n++) {
        const { offset, symbol, addend } = known[n] ?? {
          offset: 0,
          symbol: Math.max(itself, 0),
          addend: 0,
        };
        const at = this.#offsets[i]! + n * ELF32.rel;
        this.#file.relocation(at, { offset, type: R_386_32, symbol, addend });
        const target = sections[table.info]!;
        if (addend !== 0 && target.type !== SHT.NOBITS) {
          this.#view.setInt32(this.#offsets[table.info]! + offset, addend, true);
        }
      }
    });
  }

  /** init and exit of struct module; where in it they stand is the kernel's build's business. */
  #entries(table: SectionFacts): Pointer[] {
    const { sections } = this.#facts;
    const target = sections[table.info];
    if (target?.name !== '.gnu.linkonce.this_module') return [];
    return ['init_module', 'cleanup_module'].flatMap((name, i) => {
      const symbol = this.#symbol(name);
      return symbol < 0 ? [] : [{ offset: target.size - 8 + 4 * i, symbol, addend: 0 }];
    });
  }
}

/** Bytes of an array's element by its type. */
const ELEMENT_BYTES: Readonly<Record<string, Bytes>> = {
  byte: 1,
  bool: 1,
  invbool: 1,
  short: 2,
  ushort: 2,
  int: 4,
  uint: 4,
  long: 4,
  ulong: 4,
  hexint: 4,
  charp: 4,
  ullong: 8,
};

/** One behind the other. Offsets in the file need no alignment: the loader copies each section. */
function placeSections(sections: readonly SectionFacts[]): { offsets: number[]; end: number } {
  let end: number = ELF32.ehdr;
  const offsets = sections.map(({ type, size }, i) => {
    if (i === 0) return 0;
    if (type === SHT.NULL || type === SHT.NOBITS) return end;
    const at = end;
    end += size;
    return at;
  });
  return { offsets, end };
}
