// SPDX-License-Identifier: MIT
/**
 * The order of the checks before they were split into steps: section names before section
 * contents, one pass over the sections, the symbol table before struct module, names checked for
 * SHF_ALLOC sections only (elf_validity_cache_copy, kernel/module/main.c, Linux 6.4 to 6.12).
 * Linux 6.1 to 6.3 take the first sections of the names (`thisModuleCheck`).
 */
import { LOG_LEVEL } from '../engine/index.ts';
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
import { SHF, SHT } from './elf-constants.ts';
import type { ElfKernel, ElfRefusal } from './elf-types.ts';
import type { ElfView } from './elf-view.ts';

/** What one pass over the sections counts. */
interface Tally {
  mods: number;
  infos: number;
  syms: number;
  mod: number;
  info: number;
  sym: number;
}

/** elf_validity_check()'s pass, then setup_load_info() (kernel/module/main.c, Linux 6.1 to 6.3). */
function loadInfoIndexes(view: ElfView): FoundIndexes | ElfRefusal {
  const ignored: Tally = { mods: 0, infos: 0, syms: 0, mod: 0, info: 0, sym: 0 };
  for (let i = 1; i < view.header.shnum; i += 1) {
    const bad = checkSection(view, i, ignored);
    if (bad) return bad;
  }
  const info = findSec(view, '.modinfo');
  const name = earlyName(view, info) ?? MISSING_NAME;
  let sym = 0;
  for (let i = 1; i < view.header.shnum && sym === 0; i += 1) {
    if (view.shType(i) === SHT.SYMTAB) sym = i;
  }
  if (sym === 0) return noSymbols(name);
  const mod = findSec(view, '.gnu.linkonce.this_module');
  if (mod === 0) return refuse(`${name}: No module found in object`, LOG_LEVEL.WARNING);
  return { sym, str: view.shLink(sym), mod, info };
}

function checkSection(view: ElfView, i: number, tally: Tally): ElfRefusal | undefined {
  const type = view.shType(i);
  if (type === SHT.NULL || type === SHT.NOBITS) return undefined;
  if (type === SHT.SYMTAB) {
    const link = view.shLink(i);
    if (link === 0 || link >= view.header.shnum) return badSymbolLink(link, view.header.shnum);
    tally.syms += 1;
    tally.sym = i;
  }
  if (!insideFile(view, i)) {
    return refuse(`Invalid ELF section in module (section ${i} type ${type})`);
  }
  if (view.nameIs(i, '.gnu.linkonce.this_module')) {
    tally.mods += 1;
    tally.mod = i;
  } else if (view.nameIs(i, '.modinfo')) {
    tally.infos += 1;
    tally.info = i;
  }
  const names = view.shSize(view.header.shstrndx);
  if ((view.shFlags(i) & SHF.ALLOC) !== 0 && view.shName(i) >= names) {
    return refuse(`Invalid ELF section name in module (section ${i} type ${type})`);
  }
  return undefined;
}

/** Everything from the name table's index to the size of struct module. */
export function onePassIndexes(view: ElfView, kernel: ElfKernel): FoundIndexes | ElfRefusal {
  const badIndex = checkNameIndex(view);
  if (badIndex) return badIndex;
  const table = view.header.shstrndx;
  if (!insideFile(view, table)) {
    return refuse(`Invalid ELF section hdr(type ${view.shType(table)})`);
  }
  const badTable = checkNameTable(view) ?? checkSectionZero(view);
  if (badTable) return badTable;

  if (kernel.thisModuleCheck === false) return loadInfoIndexes(view);

  const tally: Tally = { mods: 0, infos: 0, syms: 0, mod: 0, info: 0, sym: 0 };
  for (let i = 1; i < view.header.shnum; i += 1) {
    const bad = checkSection(view, i, tally);
    if (bad) return bad;
  }
  if (tally.infos > 1) return refuse('Only one .modinfo section must exist.');
  const name = earlyName(view, tally.info) ?? MISSING_NAME;
  if (tally.syms !== 1) return noSymbols(name);
  if (tally.mods !== 1) {
    return refuse(`module ${name}: Only one .gnu.linkonce.this_module section must exist.`);
  }
  const badModule = checkThisModule(view, tally.mod, name, kernel);
  if (badModule) return badModule;
  return { sym: tally.sym, str: view.shLink(tally.sym), mod: tally.mod, info: tally.info };
}
