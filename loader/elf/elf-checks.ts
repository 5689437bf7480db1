// SPDX-License-Identifier: MIT
/**
 * Single checks of a module file, shared by the two orders in which kernels make them
 * (kernel/module/main.c, Linux 6.12).
 */

import { ERRNO } from '../base/index.ts';
import { LOG_LEVEL, type LogLevel } from '../engine/index.ts';
import { SHF, SHT } from './elf-constants.ts';
import type { ElfKernel, ElfRefusal } from './elf-types.ts';
import type { ElfView } from './elf-view.ts';
import { type ModinfoArea, modinfoGet } from './modinfo.ts';

/** The sections both orders of checking must find. */
export interface FoundIndexes {
  readonly sym: number;
  readonly str: number;
  readonly mod: number;
  readonly info: number;
}

export function refuse(text: string, level: LogLevel = LOG_LEVEL.ERR): ElfRefusal {
  return { ok: false, errno: ERRNO.ENOEXEC, message: { level, text } };
}

/** `%d` of an unsigned 32-bit field. */
export function signed(value: number): number {
  return value | 0;
}

/** validate_section_offset: an end that wraps is also an end beyond the file. */
export function insideFile(view: ElfView, i: number): boolean {
  return view.shOffset(i) + view.shSize(i) <= view.bytes.length;
}

/** Section 0 must be empty: the loader uses it as "none". */
export function checkSectionZero(view: ElfView): ElfRefusal | undefined {
  const type = view.shType(0);
  if (type === SHT.NULL && view.shSize(0) === 0 && view.shAddr(0) === 0) return undefined;
  return refuse(
    `ELF Spec violation: section 0 type(${signed(type)})!=SH_NULL or non-zero len or addr`,
  );
}

export function checkNameIndex(view: ElfView): ElfRefusal | undefined {
  const { shstrndx, shnum } = view.header;
  if (shstrndx !== 0 && shstrndx < shnum) return undefined;
  return refuse(
    `Invalid ELF section name index: ${shstrndx} || e_shstrndx (${shstrndx}) >= e_shnum (${shnum})`,
  );
}

/** The name table is not empty and its last byte is NUL. */
export function checkNameTable(view: ElfView): ElfRefusal | undefined {
  const table = view.header.shstrndx;
  const size = view.shSize(table);
  if (size === 0) return refuse('empty section name table');
  if (view.bytes[view.shOffset(table) + size - 1] !== 0) {
    return refuse("ELF Spec violation: section name table isn't null terminated");
  }
  return undefined;
}

/** The first section of that name with SHF_ALLOC in the file; 0 = none (find_sec). */
export function findSec(view: ElfView, name: string): number {
  for (let i = 1; i < view.header.shnum; i += 1) {
    if ((view.shFlags(i) & SHF.ALLOC) !== 0 && view.nameIs(i, name)) return i;
  }
  return 0;
}

export function modinfoArea(view: ElfView, info: number): ModinfoArea {
  return { bytes: view.bytes, start: view.shOffset(info), size: view.shSize(info) };
}

/** The name for messages that come before the name in struct module is trusted. */
export function earlyName(view: ElfView, info: number): string | undefined {
  return info === 0 ? undefined : modinfoGet(modinfoArea(view, info), 'name');
}

export const MISSING_NAME = '(missing .modinfo section or name field)';

/** The struct module of the file: NOBITS, not allocated, or of another kernel's size. */
export function checkThisModule(
  view: ElfView,
  mod: number,
  name: string,
  kernel: ElfKernel,
): ElfRefusal | undefined {
  const section = `module ${name}: .gnu.linkonce.this_module`;
  if (view.shType(mod) === SHT.NOBITS) return refuse(`${section} section must have a size set`);
  if ((view.shFlags(mod) & SHF.ALLOC) === 0) {
    return refuse(`${section} must occupy memory during process execution`);
  }
  const want = kernel.structModuleSize;
  if (want !== undefined && view.shSize(mod) !== want) {
    return refuse(
      `${section} section size must match the kernel's built struct module size at run time`,
    );
  }
  return undefined;
}

export function noSymbols(name: string): ElfRefusal {
  return refuse(`${name}: module has no symbols (stripped?)`, LOG_LEVEL.WARNING);
}

export function badSymbolLink(link: number, shnum: number): ElfRefusal {
  const n = signed(link);
  return refuse(`Invalid ELF sh_link!=SHN_UNDEF(${n}) or (sh_link(${n}) >= hdr->e_shnum(${shnum})`);
}
