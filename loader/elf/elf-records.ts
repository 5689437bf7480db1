// SPDX-License-Identifier: MIT
import type { Bytes } from '../base/index.ts';

/** The records of an ELF file as the kernel reads them (include/uapi/linux/elf.h, Linux 6.12). */

export interface ElfHeader {
  readonly type: number;
  readonly machine: number;
  readonly shoff: number;
  readonly shnum: number;
  readonly shstrndx: number;
}

/** One section header (Elf32_Shdr, Elf64_Shdr). */
export interface ElfSection {
  readonly index: number;
  /** Bytes of the name as Latin-1; empty when the offset lies outside the file. */
  readonly name: string;
  readonly nameOffset: number;
  readonly type: number;
  /** Low 32 bits of sh_flags; the kernel tests none above. */
  readonly flags: number;
  readonly addr: number;
  readonly offset: number;
  readonly size: Bytes;
  readonly link: number;
  readonly info: number;
  readonly addralign: number;
  readonly entsize: number;
}
