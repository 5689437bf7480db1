// SPDX-License-Identifier: MIT
/**
 * Raw access to a module file as a kernel of one word size sees it: header, section headers,
 * symbols. The class byte of the file plays no part, because the kernel does not look at it
 * (elf_validity_ehdr, kernel/module/main.c, Linux 6.12). All reads are little endian.
 */
import { cString, equals } from './c-string.ts';
import { ELF32, ELF64, type ElfClass } from './elf-constants.ts';
import type { ElfHeader, ElfSection } from './elf-records.ts';
import { NAME_MAX } from './name-reader.ts';

const TWO32 = 0x1_0000_0000;

export class ElfView {
  readonly bytes: Uint8Array;
  readonly data: DataView;
  readonly cls: ElfClass;
  readonly wide: boolean;
  readonly header: ElfHeader;
  readonly shentsize: number;

  /** `bytes` must hold at least an ELF header of that class. */
  constructor(bytes: Uint8Array, wordBits: 32 | 64) {
    this.bytes = bytes;
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.wide = wordBits === 64;
    this.cls = this.wide ? ELF64 : ELF32;
    const tail = this.wide ? 58 : 46;
    this.header = {
      type: this.data.getUint16(16, true),
      machine: this.data.getUint16(18, true),
      shoff: this.wide ? this.u64(40) : this.u32(32),
      shnum: this.data.getUint16(tail + 2, true),
      shstrndx: this.data.getUint16(tail + 4, true),
    };
    this.shentsize = this.data.getUint16(tail, true);
  }

  /** 32 bits at `at`; bytes outside the file read as zero. */
  u32(at: number): number {
    if (at >= 0 && at + 4 <= this.bytes.length) return this.data.getUint32(at, true);
    let value = 0;
    for (let i = 3; i >= 0; i -= 1) value = value * 256 + (this.bytes[at + i] ?? 0);
    return value;
  }

  /** 64 bits at `at`, rounded to a double above 2^53. */
  u64(at: number): number {
    return this.u32(at + 4) * TWO32 + this.u32(at);
  }

  /** A field as wide as the class's word. */
  word(at: number): number {
    return this.wide ? this.u64(at) : this.u32(at);
  }

  /** File offset of a section header. */
  shdr(i: number): number {
    return this.header.shoff + i * this.cls.shdr;
  }

  shName(i: number): number {
    return this.u32(this.shdr(i));
  }

  shType(i: number): number {
    return this.u32(this.shdr(i) + 4);
  }

  /** Low 32 bits of sh_flags. */
  shFlags(i: number): number {
    return this.u32(this.shdr(i) + 8);
  }

  shAddr(i: number): number {
    return this.word(this.shdr(i) + (this.wide ? 16 : 12));
  }

  shOffset(i: number): number {
    return this.word(this.shdr(i) + (this.wide ? 24 : 16));
  }

  shSize(i: number): number {
    return this.word(this.shdr(i) + (this.wide ? 32 : 20));
  }

  /** Low 32 bits of sh_size, which is all that an `unsigned int` size takes up. */
  shSizeLow(i: number): number {
    return this.u32(this.shdr(i) + (this.wide ? 32 : 20));
  }

  shLink(i: number): number {
    return this.u32(this.shdr(i) + (this.wide ? 40 : 24));
  }

  shInfo(i: number): number {
    return this.u32(this.shdr(i) + (this.wide ? 44 : 28));
  }

  shAddralign(i: number): number {
    return this.word(this.shdr(i) + (this.wide ? 48 : 32));
  }

  /** `(unsigned int)(sh_addralign ?: 1)`, as ALIGN casts it. */
  shAlignLow(i: number): number {
    const at = this.shdr(i) + (this.wide ? 48 : 32);
    const low = this.u32(at);
    return low === 0 && !(this.wide && this.u32(at + 4) !== 0) ? 1 : low;
  }

  shEntsize(i: number): number {
    return this.word(this.shdr(i) + (this.wide ? 56 : 36));
  }

  /** File offset of section `i`'s name; on 32 bits the pointer wraps. */
  nameAt(i: number): number {
    const table = this.shOffset(this.header.shstrndx);
    const at = table + this.shName(i);
    return this.wide ? at : at % TWO32;
  }

  /** strcmp(section name, text) == 0 */
  nameIs(i: number, text: string): boolean {
    return equals(this.bytes, this.nameAt(i), text);
  }

  name(i: number): string {
    return cString(this.bytes, this.nameAt(i), NAME_MAX);
  }

  section(i: number): ElfSection {
    return {
      index: i,
      name: this.name(i),
      nameOffset: this.shName(i),
      type: this.shType(i),
      flags: this.shFlags(i),
      addr: this.shAddr(i),
      offset: this.shOffset(i),
      size: this.shSize(i),
      link: this.shLink(i),
      info: this.shInfo(i),
      addralign: this.shAddralign(i),
      entsize: this.shEntsize(i),
    };
  }

  /** Offset `a + b` in the file as the kernel's pointer arithmetic finds it. */
  pointer(a: number, b: number): number {
    return this.wide ? a + b : (a + b) % TWO32;
  }
}
