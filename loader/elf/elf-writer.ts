// SPDX-License-Identifier: MIT
/**
 * Assembles a relocatable ELF file from sections, symbols and relocations. Knows nothing about
 * kernel modules; `write-module.ts` does.
 */
import { alignUp, type Bytes } from '../base/index.ts';
import { ELF32, ELF64, type ElfClass, SHF, SHT, STB, STT } from './elf-constants.ts';
import { ElfFile, type ShdrFields } from './elf-file.ts';
import { StringTable } from './string-table.ts';

export interface WriterSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly align: Bytes;
  readonly entsize: Bytes;
  /** Contents; for NOBITS none. */
  readonly data: Uint8Array;
  /** Bytes the section takes up; differs from `data.length` for NOBITS only. */
  readonly size: Bytes;
}

export interface WriterSymbol {
  readonly name: string;
  /** Undefined = an undefined symbol. */
  readonly section: WriterSection | undefined;
  readonly value: number;
  readonly size: Bytes;
  readonly bind: number;
  readonly type: number;
}

/** Local functions of one size, one behind the other from the start of a section. */
interface FunctionRun {
  readonly section: WriterSection;
  /** The functions are called by this and their number, from 0 on. */
  readonly stem: string;
  readonly count: number;
  readonly size: Bytes;
}

interface Relocation {
  readonly offset: number;
  readonly type: number;
  readonly symbol: WriterSymbol;
  readonly addend: number;
}

/** A section before its place in the file is known. */
interface Header extends Omit<ShdrFields, 'name'> {
  readonly name: string;
  readonly data: Uint8Array;
}

/** A file before it has its places. */
interface Plan {
  /** All sections, the last three among them. */
  readonly headers: readonly Header[];
  readonly indexes: ReadonlyMap<WriterSection, number>;
  /** Sections of relocations, and what each is for. */
  readonly targets: readonly { readonly header: Header; readonly target: WriterSection }[];
  readonly symtab: Header;
  readonly strtab: Header;
  readonly shstrtab: Header;
  /** The strings of `strtab` and of `shstrtab`. */
  readonly strings: StringTable;
  readonly names: StringTable;
  /** Offset of the first name of each run of functions. */
  readonly series: readonly number[];
}

const NOTHING = new Uint8Array(0);

export class ElfWriter {
  readonly #wide: boolean;
  readonly #cls: ElfClass;
  readonly #machine: number;
  readonly #sections: WriterSection[] = [];
  /** Not local ones. */
  readonly #symbols: WriterSymbol[] = [];
  readonly #runs: FunctionRun[] = [];
  readonly #sectionSymbols = new Map<WriterSection, WriterSymbol>();
  readonly #relocations = new Map<WriterSection, Relocation[]>();

  constructor(wordBits: 32 | 64, machine: number) {
    this.#wide = wordBits === 64;
    this.#cls = this.#wide ? ELF64 : ELF32;
    this.#machine = machine;
  }

  section(section: WriterSection): WriterSection {
    this.#sections.push(section);
    return section;
  }

  symbol(symbol: WriterSymbol): WriterSymbol {
    this.#symbols.push(symbol);
    return symbol;
  }

  /** Debris of compilers: local functions that nothing refers to. */
  localFunctions(run: FunctionRun): void {
    this.#runs.push(run);
  }

  /** The symbol that stands for a section itself. */
  sectionSymbol(section: WriterSection): WriterSymbol {
    let symbol = this.#sectionSymbols.get(section);
    if (!symbol) {
      symbol = { name: '', section, value: 0, size: 0, bind: STB.LOCAL, type: STT.SECTION };
      this.#sectionSymbols.set(section, symbol);
    }
    return symbol;
  }

  /** A REL entry with the addend in place on 32 bits, a RELA entry on 64. */
  relocate(
    section: WriterSection,
    offset: number,
    type: number,
    symbol: WriterSymbol,
    addend = 0,
  ): void {
    let list = this.#relocations.get(section);
    if (!list) {
      list = [];
      this.#relocations.set(section, list);
    }
    list.push({ offset, type, symbol, addend });
    if (!this.#wide) {
      const { buffer, byteOffset } = section.data;
      new DataView(buffer, byteOffset).setInt32(offset, addend, true);
    }
  }

  /** Bytes of the file that `finish()` makes of the contents alone. */
  length(): Bytes {
    const { headers } = this.#plan();
    return this.#place(headers) + headers.length * this.#cls.shdr;
  }

  /**
   * The file. One of `fileSize` bytes is reached, if the contents need fewer, by zeros: whole words
   * at the end of `padding`, which aligned tables may follow, the rest at the end of the file.
   */
  finish(fileSize = 0, padding?: WriterSection): Uint8Array<ArrayBuffer> {
    const { shdr } = this.#cls;
    const plan = this.#plan();
    const { headers, indexes, symtab, strtab, shstrtab, strings, names } = plan;
    let shoff = this.#place(headers);
    const missing = fileSize - (shoff + headers.length * shdr);
    if (padding && missing > 0) {
      const header = headers[indexes.get(padding)!]!;
      const word = this.#wide ? 8 : 4;
      header.size += Math.floor(missing / word) * word;
      shoff = this.#place(headers);
    }
    const size = Math.max(shoff + headers.length * shdr, fileSize);
    const file = new ElfFile(this.#cls, this.#machine, size);
    for (const header of headers) file.bytes.set(header.data, header.offset);
    const numbers = this.#writeSymtab(file, symtab.offset, plan);
    for (const { header, target } of plan.targets) {
      header.link = headers.indexOf(symtab);
      header.info = indexes.get(target)!;
      this.#relocations.get(target)!.forEach((relocation, i) => {
        const symbol = numbers.get(relocation.symbol)!;
        file.relocation(header.offset + i * header.entsize, { ...relocation, symbol });
      });
    }
    strings.write(file.bytes, strtab.offset);
    names.write(file.bytes, shstrtab.offset);
    file.ehdr(shoff, headers.length);
    headers.forEach((header, i) => {
      file.shdr(shoff + i * shdr, { ...header, name: names.add(header.name) });
    });
    return file.bytes;
  }

  /** Which sections there are, how large each is, and how symbols and sections are called. */
  #plan(): Plan {
    const cls = this.#cls;
    const headers: Header[] = [this.#header({ type: SHT.NULL })];
    const indexes = new Map<WriterSection, number>();
    const targets: { header: Header; target: WriterSection }[] = [];
    for (const section of this.#sections) {
      indexes.set(section, headers.length);
      headers.push(this.#header(section));
      const relocations = this.#relocations.get(section);
      if (!relocations) continue;
      const entsize = this.#wide ? cls.rela : cls.rel;
      const header = this.#header({
        name: `${this.#wide ? '.rela' : '.rel'}${section.name}`,
        type: this.#wide ? SHT.RELA : SHT.REL,
        flags: SHF.INFO_LINK,
        align: this.#wide ? 8 : 4,
        entsize,
        size: relocations.length * entsize,
      });
      targets.push({ header, target: section });
      headers.push(header);
    }

    const strings = new StringTable();
    const series = this.#runs.map(({ stem, count }) => strings.addSeries(stem, count));
    const locals = this.#runs.reduce((sum, { count }) => sum + count, this.#sectionSymbols.size);
    for (const { name } of this.#symbols) strings.add(name);
    const symtab = this.#header({
      name: '.symtab',
      type: SHT.SYMTAB,
      align: this.#wide ? 8 : 4,
      entsize: cls.sym,
      size: (1 + locals + this.#symbols.length) * cls.sym,
      link: headers.length + 1,
      info: 1 + locals,
    });
    const strtab = this.#header({ name: '.strtab', type: SHT.STRTAB, size: strings.size });
    const shstrtab = this.#header({ name: '.shstrtab', type: SHT.STRTAB });
    headers.push(symtab, strtab, shstrtab);
    const names = new StringTable();
    for (const header of headers) names.add(header.name);
    shstrtab.size = names.size;
    return { headers, indexes, targets, symtab, strtab, shstrtab, strings, names, series };
  }

  /** Gives each section its offset; that of the section headers behind them. */
  #place(headers: readonly Header[]): number {
    let end = this.#wide ? ELF64.ehdr : ELF32.ehdr;
    for (const header of headers.slice(1)) {
      end = alignUp(end, header.align);
      header.offset = end;
      if (header.type !== SHT.NOBITS) end += header.size;
    }
    return alignUp(end, this.#wide ? 8 : 4);
  }

  #header(part: Partial<Header> & { readonly type: number }): Header {
    const data = part.data ?? NOTHING;
    const isNull = part.type === SHT.NULL;
    return {
      name: '',
      flags: 0,
      data,
      size: data.length,
      link: 0,
      info: 0,
      align: isNull ? 0 : 1,
      entsize: 0,
      offset: 0,
      ...part,
    };
  }

  /** Local symbols, then the others; the number of each that something may refer to. */
  #writeSymtab(
    file: ElfFile,
    base: number,
    { indexes, strings, series }: Plan,
  ): ReadonlyMap<WriterSymbol, number> {
    const numbers = new Map<WriterSymbol, number>();
    const { sym } = this.#cls;
    let at = base + sym;
    const write = (symbol: WriterSymbol): void => {
      numbers.set(symbol, (at - base) / sym);
      const shndx = symbol.section ? indexes.get(symbol.section)! : 0;
      file.symbol(at, strings.add(symbol.name), shndx, symbol);
      at += sym;
    };
    for (const symbol of this.#sectionSymbols.values()) write(symbol);
    this.#runs.forEach(({ section, stem, count, size }, i) => {
      const shndx = indexes.get(section)!;
      file.localFunctions(at, { name: series[i]!, stem: stem.length, shndx, size, count });
      at += count * sym;
    });
    for (const symbol of this.#symbols) write(symbol);
    return numbers;
  }
}
