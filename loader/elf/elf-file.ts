// SPDX-License-Identifier: MIT
/** The bytes of an ELF file that is being written, entry by entry (elf.h). */
import type { Bytes } from '../base/index.ts';
import { type ElfClass, ET_REL, STB, STT } from './elf-constants.ts';

export interface SymbolFields {
  readonly value: number;
  readonly size: Bytes;
  readonly bind: number;
  readonly type: number;
}

/** Symbols named by a stem and their number, from 0 on; all values and sizes below 4 GiB. */
export interface FunctionSeries {
  /** Offset of the first name; the others follow it. */
  readonly name: number;
  /** Characters of the stem. */
  readonly stem: number;
  readonly shndx: number;
  readonly size: Bytes;
  readonly count: number;
}

export interface RelocationFields {
  readonly offset: number;
  readonly type: number;
  /** Number of the symbol. */
  readonly symbol: number;
  /** Written on 64 bits only; on 32 bits it stands in the place itself. */
  readonly addend: number;
}

export interface ShdrFields {
  /** Offset of the name in the table of section names. */
  readonly name: number;
  readonly type: number;
  readonly flags: number;
  offset: number;
  size: Bytes;
  link: number;
  info: number;
  readonly align: Bytes;
  readonly entsize: Bytes;
}

/** Writes entries at given offsets; what nobody writes is zero. */
export class ElfFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #data: DataView;
  readonly #cls: ElfClass;
  readonly #machine: number;
  readonly #wide: boolean;

  constructor(cls: ElfClass, machine: number, size: Bytes) {
    this.bytes = new Uint8Array(size);
    this.#data = new DataView(this.bytes.buffer);
    this.#cls = cls;
    this.#machine = machine;
    this.#wide = cls.wordBits === 64;
  }

  /** Elf_Ehdr, at the start; `shstrndx` is the section of the section names. */
  ehdr(shoff: number, shnum: number, shstrndx = shnum - 1): void {
    const data = this.#data;
    this.bytes.set([0x7f, 0x45, 0x4c, 0x46, this.#wide ? 2 : 1, 1, 1]);
    data.setUint16(16, ET_REL, true);
    data.setUint16(18, this.#machine, true);
    data.setUint32(20, 1, true);
    this.#word(this.#wide ? 40 : 32, shoff);
    const at = this.#wide ? 52 : 40;
    data.setUint16(at, this.#cls.ehdr, true);
    data.setUint16(at + 6, this.#cls.shdr, true);
    data.setUint16(at + 8, shnum, true);
    data.setUint16(at + 10, shstrndx, true);
  }

  /** Elf_Shdr */
  shdr(at: number, header: ShdrFields): void {
    const data = this.#data;
    const word = this.#wide ? 8 : 4;
    data.setUint32(at, header.name, true);
    data.setUint32(at + 4, header.type, true);
    const { flags, offset, size } = header;
    [flags, 0, offset, size].forEach((value, i) => {
      this.#word(at + 8 + i * word, value);
    });
    const next = at + 8 + 4 * word;
    data.setUint32(next, header.link, true);
    data.setUint32(next + 4, header.info, true);
    this.#word(next + 8, header.align);
    this.#word(next + 8 + word, header.entsize);
  }

  /** Elf_Sym; `name` is the offset of its name in the string table. */
  symbol(at: number, name: number, shndx: number, symbol: SymbolFields): void {
    const { value, size, bind, type } = symbol;
    const data = this.#data;
    data.setUint32(at, name, true);
    data.setUint8(at + (this.#wide ? 4 : 12), (bind << 4) | type);
    data.setUint16(at + (this.#wide ? 6 : 14), shndx, true);
    this.#word(at + (this.#wide ? 8 : 4), value);
    this.#word(at + (this.#wide ? 16 : 8), size);
  }

  /** One Elf_Sym behind the other: local functions side by side, whose names end in their numbers. */
  localFunctions(from: number, { name, stem, shndx, size, count }: FunctionSeries): void {
    const data = this.#data;
    const step = this.#cls.sym;
    const [info, section, value, bytes] = this.#wide ? [4, 6, 8, 16] : [12, 14, 4, 8];
    let next = name;
    for (let i = 0, at = from; i < count; i += 1, at += step) {
      data.setUint32(at, next, true);
      data.setUint8(at + info!, (STB.LOCAL << 4) | STT.FUNC);
      data.setUint16(at + section!, shndx, true);
      data.setUint32(at + value!, i * size, true);
      data.setUint32(at + bytes!, size, true);
      next += stem + String(i).length + 1;
    }
  }

  /** Elf_Rel on 32 bits, Elf_Rela on 64. */
  relocation(at: number, { offset, type, symbol, addend }: RelocationFields): void {
    const data = this.#data;
    this.#word(at, offset);
    if (this.#wide) {
      data.setUint32(at + 8, type, true);
      data.setUint32(at + 12, symbol, true);
      this.#word(at + 16, addend);
    } else {
      data.setUint32(at + 4, ((symbol << 8) | type) >>> 0, true);
    }
  }

  #word(at: number, value: number): void {
    this.#data.setUint32(at, value >>> 0, true);
    if (this.#wide) this.#data.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true);
  }
}
