/**
 * Assembles a relocatable ELF file from sections, symbols and relocations. Knows nothing about
 * kernel modules; `write-module.ts` does.
 */
import { alignUp, type Bytes } from '../units.ts';
import { ELF32, ELF64, ET_REL, SHF, SHT, STB, STT } from './elf-constants.ts';
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

interface Relocation {
  readonly offset: number;
  readonly type: number;
  readonly symbol: WriterSymbol;
  readonly addend: number;
}

/** One section header as it will be written. */
interface Header {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly data: Uint8Array;
  size: Bytes;
  link: number;
  info: number;
  readonly align: Bytes;
  readonly entsize: Bytes;
  offset: number;
}

const NOTHING = new Uint8Array(0);

export class ElfWriter {
  readonly #wide: boolean;
  readonly #machine: number;
  readonly #sections: WriterSection[] = [];
  readonly #symbols: WriterSymbol[] = [];
  readonly #sectionSymbols = new Map<WriterSection, WriterSymbol>();
  readonly #relocations = new Map<WriterSection, Relocation[]>();

  constructor(wordBits: 32 | 64, machine: number) {
    this.#wide = wordBits === 64;
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

  /**
   * The file. One of `fileSize` bytes is reached, if the contents need fewer, by zeros: whole words
   * at the end of `padding`, which aligned tables may follow, the rest at the end of the file.
   */
  finish(fileSize = 0, padding?: WriterSection): Uint8Array<ArrayBuffer> {
    const cls = this.#wide ? ELF64 : ELF32;
    const headers: Header[] = [this.#header({ type: SHT.NULL })];
    const indexes = new Map<WriterSection, number>();
    const targets: { header: Header; target: WriterSection }[] = [];
    for (const section of this.#sections) {
      indexes.set(section, headers.length);
      headers.push(this.#header(section));
      if (!this.#relocations.has(section)) continue;
      const header = this.#header({
        name: `${this.#wide ? '.rela' : '.rel'}${section.name}`,
        type: this.#wide ? SHT.RELA : SHT.REL,
        flags: SHF.INFO_LINK,
        align: this.#wide ? 8 : 4,
        entsize: this.#wide ? cls.rela : cls.rel,
        size: this.#relocations.get(section)!.length * (this.#wide ? cls.rela : cls.rel),
      });
      targets.push({ header, target: section });
      headers.push(header);
    }

    const strings = new StringTable();
    const locals = [
      ...this.#sectionSymbols.values(),
      ...this.#symbols.filter((s) => s.bind === STB.LOCAL),
    ];
    const symbols = [...locals, ...this.#symbols.filter((s) => s.bind !== STB.LOCAL)];
    const numbers = new Map(symbols.map((symbol, i) => [symbol, i + 1]));
    const symtabIndex = headers.length;
    headers.push(
      this.#header({
        name: '.symtab',
        type: SHT.SYMTAB,
        align: this.#wide ? 8 : 4,
        entsize: cls.sym,
        data: this.#symtab(symbols, indexes, strings),
        link: symtabIndex + 1,
        info: locals.length + 1,
      }),
      this.#header({ name: '.strtab', type: SHT.STRTAB, data: strings.bytes() }),
    );
    const names = new StringTable();
    for (const header of headers) names.add(header.name);
    names.add('.shstrtab');
    headers.push(this.#header({ name: '.shstrtab', type: SHT.STRTAB, data: names.bytes() }));

    let shoff = this.#place(headers);
    const missing = fileSize - (shoff + headers.length * cls.shdr);
    if (padding && missing > 0) {
      const header = headers[indexes.get(padding)!]!;
      const word = this.#wide ? 8 : 4;
      header.size += Math.floor(missing / word) * word;
      shoff = this.#place(headers);
    }
    const file = new Uint8Array(Math.max(shoff + headers.length * cls.shdr, fileSize));
    for (const { header, target } of targets) {
      header.link = symtabIndex;
      header.info = indexes.get(target)!;
      this.#writeRelocations(file, header.offset, this.#relocations.get(target)!, numbers);
    }
    for (const header of headers) file.set(header.data, header.offset);
    this.#writeEhdr(file, shoff, headers.length);
    headers.forEach((header, i) => {
      this.#writeShdr(file, shoff + i * cls.shdr, header, names.add(header.name));
    });
    return file;
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

  #word(data: DataView, at: number, value: number): void {
    data.setUint32(at, value >>> 0, true);
    if (this.#wide) data.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true);
  }

  #symtab(
    symbols: readonly WriterSymbol[],
    indexes: ReadonlyMap<WriterSection, number>,
    strings: StringTable,
  ): Uint8Array {
    const size = this.#wide ? ELF64.sym : ELF32.sym;
    const table = new Uint8Array((symbols.length + 1) * size);
    const data = new DataView(table.buffer);
    symbols.forEach((symbol, i) => {
      const at = (i + 1) * size;
      const info = (symbol.bind << 4) | symbol.type;
      const shndx = symbol.section ? indexes.get(symbol.section)! : 0;
      data.setUint32(at, strings.add(symbol.name), true);
      data.setUint8(at + (this.#wide ? 4 : 12), info);
      data.setUint16(at + (this.#wide ? 6 : 14), shndx, true);
      this.#word(data, at + (this.#wide ? 8 : 4), symbol.value);
      this.#word(data, at + (this.#wide ? 16 : 8), symbol.size);
    });
    return table;
  }

  #writeRelocations(
    file: Uint8Array<ArrayBuffer>,
    base: number,
    relocations: readonly Relocation[],
    numbers: ReadonlyMap<WriterSymbol, number>,
  ): void {
    const data = new DataView(file.buffer);
    relocations.forEach(({ offset, type, symbol, addend }, i) => {
      const number = numbers.get(symbol)!;
      if (this.#wide) {
        const at = base + i * ELF64.rela;
        this.#word(data, at, offset);
        data.setUint32(at + 8, type, true);
        data.setUint32(at + 12, number, true);
        this.#word(data, at + 16, addend);
      } else {
        const at = base + i * ELF32.rel;
        data.setUint32(at, offset, true);
        data.setUint32(at + 4, ((number << 8) | type) >>> 0, true);
      }
    });
  }

  #writeEhdr(file: Uint8Array<ArrayBuffer>, shoff: number, shnum: number): void {
    const data = new DataView(file.buffer);
    file.set([0x7f, 0x45, 0x4c, 0x46, this.#wide ? 2 : 1, 1, 1]);
    data.setUint16(16, ET_REL, true);
    data.setUint16(18, this.#machine, true);
    data.setUint32(20, 1, true);
    this.#word(data, this.#wide ? 40 : 32, shoff);
    const at = this.#wide ? 52 : 40;
    data.setUint16(at, this.#wide ? ELF64.ehdr : ELF32.ehdr, true);
    data.setUint16(at + 6, this.#wide ? ELF64.shdr : ELF32.shdr, true);
    data.setUint16(at + 8, shnum, true);
    data.setUint16(at + 10, shnum - 1, true);
  }

  #writeShdr(file: Uint8Array<ArrayBuffer>, at: number, header: Header, name: number): void {
    const data = new DataView(file.buffer);
    const word = this.#wide ? 8 : 4;
    data.setUint32(at, name, true);
    data.setUint32(at + 4, header.type, true);
    let next = at + 8;
    const words = [header.flags, 0, header.offset, header.size];
    for (const value of words) {
      this.#word(data, next, value);
      next += word;
    }
    data.setUint32(next, header.link, true);
    data.setUint32(next + 4, header.info, true);
    this.#word(data, next + 8, header.align);
    this.#word(data, next + 8 + word, header.entsize);
  }
}
