// SPDX-License-Identifier: MIT
/** Numbers of the ELF format that the loader uses (include/uapi/linux/elf.h, Linux 6.12). */

export const ET_REL = 1;

export const EM = { EM_386: 3, EM_486: 6, EM_ARM: 40, EM_X86_64: 62, EM_AARCH64: 183 } as const;

export const SHT = {
  NULL: 0,
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  RELA: 4,
  NOTE: 7,
  NOBITS: 8,
  REL: 9,
} as const;

export const SHF = {
  WRITE: 0x1,
  ALLOC: 0x2,
  EXECINSTR: 0x4,
  INFO_LINK: 0x40,
  RELA_LIVEPATCH: 0x100000,
  /** Set by the loader itself on `.data..ro_after_init` and `__jump_table`. */
  RO_AFTER_INIT: 0x200000,
} as const;

export const SHN = { UNDEF: 0, LIVEPATCH: 0xff20, ABS: 0xfff1, COMMON: 0xfff2 } as const;

export const STB = { LOCAL: 0, GLOBAL: 1, WEAK: 2 } as const;
export const STT = { NOTYPE: 0, OBJECT: 1, FUNC: 2, SECTION: 3 } as const;

/** MODULE_INIT_IGNORE_MODVERSIONS (include/uapi/linux/module.h) */
export const IGNORE_MODVERSIONS = 1;

/** Sizes and places inside the structures of one word size. */
export interface ElfClass {
  readonly wordBits: 32 | 64;
  readonly ehdr: number;
  readonly shdr: number;
  readonly sym: number;
  readonly rel: number;
  readonly rela: number;
  /** Offset of `name` in struct module: after the state and the list node. */
  readonly moduleName: number;
  /** MODULE_NAME_LEN: 64 less a long. */
  readonly moduleNameLen: number;
  /** struct mod_kallsyms: bytes and alignment. */
  readonly kallsyms: number;
  readonly kallsymsAlign: number;
  /** struct kernel_param */
  readonly kernelParam: number;
}

export const ELF32: ElfClass = {
  wordBits: 32,
  ehdr: 52,
  shdr: 40,
  sym: 16,
  rel: 8,
  rela: 12,
  moduleName: 12,
  moduleNameLen: 60,
  kallsyms: 16,
  kallsymsAlign: 4,
  kernelParam: 20,
};

export const ELF64: ElfClass = {
  wordBits: 64,
  ehdr: 64,
  shdr: 64,
  sym: 24,
  rel: 16,
  rela: 24,
  moduleName: 24,
  moduleNameLen: 56,
  kallsyms: 32,
  kallsymsAlign: 8,
  kernelParam: 40,
};
