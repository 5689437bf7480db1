// SPDX-License-Identifier: MIT
/** The ground a module is written on: word size, relocation types, sections and symbols by need. */
import type { Bytes } from '../base/index.ts';
import { ELF32, ELF64, type ElfClass, EM, SHF, SHT, STB, STT } from './elf-constants.ts';
import { ElfWriter, type WriterSection, type WriterSymbol } from './elf-writer.ts';
import type { ModuleSpec } from './module-spec.ts';

/** Relocation types by use: a whole pointer, a 32-bit distance from the place, a call. */
const R_386 = { POINTER: 1, PC32: 2, CALL: 2 } as const;
const R_X86_64 = { POINTER: 1, PC32: 2, CALL: 4 } as const;

/** Section flags by use. */
export const AX = SHF.ALLOC | SHF.EXECINSTR;
export const A = SHF.ALLOC;
export const WA = SHF.ALLOC | SHF.WRITE;
/** SHF_MERGE | SHF_STRINGS */
export const MS = 0x30;

export class ModuleDraft {
  readonly spec: ModuleSpec;
  readonly wide: boolean;
  readonly word: Bytes;
  readonly cls: ElfClass;
  readonly elf: ElfWriter;
  readonly #reloc: typeof R_386 | typeof R_X86_64;
  readonly #undefined = new Map<string, WriterSymbol>();

  constructor(spec: ModuleSpec) {
    this.spec = spec;
    this.wide = spec.arch === 'x86_64';
    this.word = this.wide ? 8 : 4;
    this.cls = this.wide ? ELF64 : ELF32;
    this.#reloc = this.wide ? R_X86_64 : R_386;
    this.elf = new ElfWriter(this.cls.wordBits, this.wide ? EM.EM_X86_64 : EM.EM_386);
  }

  add(
    name: string,
    flags: number,
    align: Bytes,
    data: Uint8Array,
    part: Partial<WriterSection> = {},
  ): WriterSection {
    const base = { name, type: SHT.PROGBITS, flags, align, entsize: 0, data, size: data.length };
    return this.elf.section({ ...base, ...part });
  }

  global(name: string, section: WriterSection, type: number, size: Bytes): WriterSymbol {
    return this.elf.symbol({ name, section, value: 0, size, bind: STB.GLOBAL, type });
  }

  /** The undefined symbol of that name, one for all uses. */
  undefinedSymbol(name: string): WriterSymbol {
    let symbol = this.#undefined.get(name);
    if (!symbol) {
      const shape = { section: undefined, value: 0, size: 0, bind: STB.GLOBAL, type: STT.NOTYPE };
      symbol = this.elf.symbol({ name, ...shape });
      this.#undefined.set(name, symbol);
    }
    return symbol;
  }

  pointer(section: WriterSection, at: number, symbol: WriterSymbol, addend = 0): void {
    this.elf.relocate(section, at, this.#reloc.POINTER, symbol, addend);
  }

  /** A 32-bit distance from the place itself. */
  distance(section: WriterSection, at: number, symbol: WriterSymbol, addend = 0): void {
    this.elf.relocate(section, at, this.#reloc.PC32, symbol, addend);
  }

  /** The displacement of a call instruction. */
  call(section: WriterSection, at: number, symbol: WriterSymbol): void {
    this.elf.relocate(section, at, this.#reloc.CALL, symbol, -4);
  }
}
