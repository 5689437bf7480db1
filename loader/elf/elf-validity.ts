// SPDX-License-Identifier: MIT
/**
 * The checks a module file must pass before anything in it is used, each with its own message and
 * in the kernel's order (elf_validity_cache_copy, kernel/module/main.c, Linux 6.12 stable).
 * Kernels that check the names of SHF_ALLOC sections only did it all in one pass: that order is in
 * `elf-validity-one-pass.ts`.
 */
import { cString, hasPrefix } from './c-string.ts';
import {
  badSymbolLink,
  checkNameIndex,
  checkNameTable,
  checkSectionZero,
  checkThisModule,
  earlyName,
  type FoundIndexes,
  findSec,
  insideFile,
  MISSING_NAME,
  noSymbols,
  refuse,
} from './elf-checks.ts';
import { ELF32, ELF64, EM, ET_REL, IGNORE_MODVERSIONS, SHT } from './elf-constants.ts';
import type { ElfArch, ElfIndex, ElfKernel, ElfRefusal } from './elf-types.ts';
import { onePassIndexes } from './elf-validity-one-pass.ts';
import { ElfView } from './elf-view.ts';
import { NAME_MAX } from './name-reader.ts';

/** What the checks leave behind: the file's view, its cached indexes and names. */
export interface CheckedElf {
  readonly ok: true;
  readonly view: ElfView;
  readonly index: ElfIndex;
  readonly infoName: string;
  readonly name: string;
  readonly hazards: readonly string[];
}

const NO_HAZARDS: readonly string[] = [];

/**
 * elf_check_arch. Model: arm also refuses odd entry points and old floating-point flags, which no
 * relocatable file has; they are not looked at.
 */
function machineFits(machine: number, arch: ElfArch): boolean {
  switch (arch) {
    case 'i386':
      return machine === EM.EM_386 || machine === EM.EM_486;
    case 'x86_64':
      return machine === EM.EM_X86_64;
    case 'arm':
      return machine === EM.EM_ARM;
    case 'arm64':
      return machine === EM.EM_AARCH64;
  }
}

/** elf_validity_ehdr and the table bounds: everything before the first section header is read. */
function checkHeader(bytes: Uint8Array, kernel: ElfKernel): ElfView | ElfRefusal {
  const cls = kernel.wordBits === 64 ? ELF64 : ELF32;
  if (bytes.length < cls.ehdr) return refuse(`Invalid ELF header len ${bytes.length}`);
  if (!hasPrefix(bytes, 0, '\x7fELF')) return refuse('Invalid ELF header magic: != \x7fELF');
  const view = new ElfView(bytes, kernel.wordBits);
  const { type, machine, shoff, shnum } = view.header;
  if (type !== ET_REL) return refuse(`Invalid ELF header type: ${type} != ${ET_REL}`);
  if (!machineFits(machine, kernel.arch)) {
    return refuse(`Invalid architecture in ELF header: ${machine}`);
  }
  if (view.shentsize !== cls.shdr) return refuse('Invalid ELF section header size');
  if (shoff >= bytes.length || shnum * cls.shdr > bytes.length - shoff) {
    return refuse('Invalid ELF section header overflow');
  }
  return view;
}

/** elf_validity_cache_sechdrs, after the header. */
function checkSectionHeaders(view: ElfView): ElfRefusal | undefined {
  const bad = checkSectionZero(view);
  if (bad) return bad;
  for (let i = 1; i < view.header.shnum; i += 1) {
    const type = view.shType(i);
    if (type === SHT.NULL || type === SHT.NOBITS || insideFile(view, i)) continue;
    return refuse(`Invalid ELF section in module (section ${i} type ${type})`);
  }
  return undefined;
}

/** elf_validity_cache_secstrings */
function checkSectionNames(view: ElfView, kernel: ElfKernel): ElfRefusal | undefined {
  const bad = checkNameIndex(view);
  if (bad) return bad;
  const table = view.header.shstrndx;
  const tableType = view.shType(table);
  const typed = kernel.stringTableTypes ?? true;
  if (typed && tableType !== SHT.STRTAB)
    return refuse(`Invalid ELF section name table type: ${tableType}`);
  const badTable = checkNameTable(view);
  if (badTable) return badTable;
  const size = view.shSize(table);
  for (let i = 0; i < view.header.shnum; i += 1) {
    const type = view.shType(i);
    if (type === SHT.NULL || view.shName(i) < size) continue;
    return refuse(`Invalid ELF section name in module (section ${i} type ${type})`);
  }
  return undefined;
}

/** find_any_unique_sec: the index, 0 for none, the negative count for several. */
function findAnyUniqueSec(view: ElfView, name: string): number {
  let found = 0;
  let count = 0;
  for (let i = 1; i < view.header.shnum; i += 1) {
    if (!view.nameIs(i, name)) continue;
    count += 1;
    found = i;
  }
  return count > 1 ? -count : found;
}

/** elf_validity_cache_index_{info,mod,sym,str} */
function findIndexes(view: ElfView, kernel: ElfKernel): FoundIndexes | ElfRefusal {
  const info = findAnyUniqueSec(view, '.modinfo');
  if (info < 0) return refuse('Only one .modinfo section must exist.');
  const name = earlyName(view, info) ?? MISSING_NAME;

  const mod = findAnyUniqueSec(view, '.gnu.linkonce.this_module');
  if (mod <= 0) {
    return refuse(`module ${name}: Exactly one .gnu.linkonce.this_module section must exist.`);
  }
  const badModule = checkThisModule(view, mod, name, kernel);
  if (badModule) return badModule;

  const { shnum } = view.header;
  let sym = 0;
  let tables = 0;
  for (let i = 1; i < shnum; i += 1) {
    if (view.shType(i) !== SHT.SYMTAB) continue;
    tables += 1;
    sym = i;
  }
  if (tables !== 1) return noSymbols(name);

  const str = view.shLink(sym);
  if (str === 0 || str >= shnum) return badSymbolLink(str, shnum);
  const strType = view.shType(str);
  if ((kernel.stringTableTypes ?? true) && strType !== SHT.STRTAB) {
    return refuse(`Invalid ELF symbol string table type: ${strType}`);
  }
  if (kernel.strtabCheck) {
    const bad = checkStrtab(view, sym, str);
    if (bad) return bad;
  }
  return { sym, str, mod, info };
}

/** elf_validity_cache_strtab(), Linux 6.13. Its last message has no line end in the kernel. */
function checkStrtab(view: ElfView, sym: number, str: number): ElfRefusal | undefined {
  const size = view.shSize(str);
  const at = view.shOffset(str);
  if (size === 0) return refuse('empty symbol string table');
  if (view.bytes[at] !== 0) return refuse('symbol string table missing leading NUL');
  if (view.bytes[at + size - 1] !== 0) return refuse("symbol string table isn't NUL terminated");
  const count = Math.floor(view.shSize(sym) / view.cls.sym);
  for (let i = 0; i < count; i += 1) {
    const name = view.data.getUint32(view.shOffset(sym) + i * view.cls.sym, true);
    if (name >= size) return refuse('symbol name out of bounds in string table');
  }
  return undefined;
}

/** Reads of the checks themselves that leave the file: names nothing has checked, mostly. */
function findHazards(view: ElfView, found: FoundIndexes): readonly string[] {
  const { bytes } = view;
  const hazards: string[] = [];
  for (let i = 1; i < view.header.shnum && hazards.length < 8; i += 1) {
    if (view.nameAt(i) >= bytes.length) {
      hazards.push(`section ${i}: name at ${view.nameAt(i)}, outside the file`);
    }
  }
  for (const [what, i] of [
    ['.gnu.linkonce.this_module', found.mod],
    ['.modinfo', found.info],
    ['symbol string table', found.str],
  ] as const) {
    if (i !== 0 && !insideFile(view, i)) hazards.push(`${what}: contents outside the file`);
  }
  return hazards.length > 0 ? hazards : NO_HAZARDS;
}

/** elf_validity_cache_copy: every check, then the indexes and names `load_info` keeps. */
export function checkElf(
  bytes: Uint8Array,
  kernel: ElfKernel,
  flags: number,
): CheckedElf | ElfRefusal {
  const view = checkHeader(bytes, kernel);
  if (!(view instanceof ElfView)) return view;
  const allNames = kernel.sectionNameCheck === 'all';
  const bad = allNames ? (checkSectionHeaders(view) ?? checkSectionNames(view, kernel)) : undefined;
  if (bad) return bad;
  const found = allNames ? findIndexes(view, kernel) : onePassIndexes(view, kernel);
  if ('ok' in found) return found;

  const nameAt = view.pointer(view.shOffset(found.mod), view.cls.moduleName);
  const name = cString(bytes, nameAt, NAME_MAX);
  const infoName = earlyName(view, found.info);
  return {
    ok: true,
    view,
    index: {
      ...found,
      vers: (flags & IGNORE_MODVERSIONS) !== 0 ? 0 : findSec(view, '__versions'),
      pcpu: kernel.smp ? findSec(view, '.data..percpu') : 0,
    },
    infoName: infoName === undefined || infoName === name ? name : infoName,
    name,
    hazards: findHazards(view, found),
  };
}
