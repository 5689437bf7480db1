// SPDX-License-Identifier: MIT
/**
 * What depmod wants to know of a module file: the symbols it exports and needs, its aliases and
 * softdeps (libkmod-elf.c, kmod 30).
 */
import { cString, ElfView, hasPrefix, insideFile, modinfoEntries, SHT } from '../elf/index.ts';

export interface ModuleScan {
  readonly exports: readonly string[];
  /** Undefined symbols in the order of the symbol table. */
  readonly needs: readonly string[];
  readonly aliases: readonly string[];
  readonly softdeps: readonly string[];
}

const EHDR_BYTES = { 32: 52, 64: 64 } as const;
/** Longer names exist only in damaged files. */
const NAME_MAX = 512;
/** struct modversion_info, include/linux/module.h, Linux 6.12 */
const VERSION_BYTES = 64;

interface Sections {
  symtab: number;
  strtab: number;
  ksymtabStrings: number;
  versions: number;
  modinfo: number;
}

const SECTION_NAMES: readonly (readonly [keyof Sections, string])[] = [
  ['symtab', '.symtab'],
  ['strtab', '.strtab'],
  ['ksymtabStrings', '__ksymtab_strings'],
  ['versions', '__versions'],
  ['modinfo', '.modinfo'],
];

/** Undefined when the file is no ELF file with readable section headers. */
export function scanModule(bytes: Uint8Array): ModuleScan | undefined {
  if (!hasPrefix(bytes, 0, '\x7fELF')) return undefined;
  const wordBits = bytes[4] === 1 ? 32 : bytes[4] === 2 ? 64 : undefined;
  if (wordBits === undefined || bytes.length < EHDR_BYTES[wordBits]) return undefined;
  const view = new ElfView(bytes, wordBits);
  const { shoff, shnum, shstrndx } = view.header;
  if (view.shentsize !== view.cls.shdr || shstrndx >= shnum) return undefined;
  if (shoff + shnum * view.cls.shdr > bytes.length) return undefined;

  const sections = findSections(view);
  const symbols = readSymbols(view, sections);
  const exports =
    symbols.crcs.length > 0 ? symbols.crcs : readStrings(view, sections.ksymtabStrings);
  const needs = new Set(symbols.undefined);
  for (const name of readVersions(view, sections.versions)) needs.add(name);
  const aliases: string[] = [];
  const softdeps: string[] = [];
  if (sections.modinfo !== 0) {
    const area = {
      bytes,
      start: view.shOffset(sections.modinfo),
      size: view.shSize(sections.modinfo),
    };
    for (const [tag, value] of modinfoEntries(area)) {
      if (tag === 'alias') aliases.push(value);
      else if (tag === 'softdep') softdeps.push(value);
    }
  }
  return { exports, needs: [...needs], aliases, softdeps };
}

function findSections(view: ElfView): Sections {
  const found: Sections = { symtab: 0, strtab: 0, ksymtabStrings: 0, versions: 0, modinfo: 0 };
  for (let i = 1; i < view.header.shnum; i += 1) {
    const type = view.shType(i);
    if (type === SHT.NULL || type === SHT.NOBITS || !insideFile(view, i)) continue;
    for (const [key, name] of SECTION_NAMES) {
      if (found[key] === 0 && view.nameIs(i, name)) found[key] = i;
    }
  }
  return found;
}

/** One walk over the symbol table: `__crc_NAME` symbols, and undefined ones. */
function readSymbols(
  view: ElfView,
  { symtab, strtab }: Sections,
): { crcs: string[]; undefined: string[] } {
  const crcs: string[] = [];
  const missing: string[] = [];
  if (symtab === 0 || strtab === 0) return { crcs, undefined: missing };
  const { bytes } = view;
  const step = view.cls.sym;
  const base = view.shOffset(symtab);
  const names = view.shOffset(strtab);
  const namesSize = view.shSize(strtab);
  const count = Math.floor(view.shSize(symtab) / step);
  const shndxAt = view.wide ? 6 : 14;
  for (let i = 1; i < count; i += 1) {
    const at = base + i * step;
    const offset = view.u32(at);
    if (offset >= namesSize) continue;
    const start = names + offset;
    if (bytes[start] === 0x5f && hasPrefix(bytes, start, '__crc_')) {
      crcs.push(cString(bytes, start + 6, NAME_MAX));
    }
    const shndx = bytes[at + shndxAt]! | (bytes[at + shndxAt + 1]! << 8);
    if (shndx !== 0 || bytes[start] === 0) continue;
    missing.push(cString(bytes, start, NAME_MAX));
  }
  return { crcs, undefined: missing };
}

/** Names in `__ksymtab_strings`. */
function readStrings(view: ElfView, section: number): string[] {
  if (section === 0) return [];
  const { bytes } = view;
  const end = view.shOffset(section) + view.shSize(section);
  const names: string[] = [];
  let at = view.shOffset(section);
  while (at < end) {
    if (bytes[at] === 0) {
      at += 1;
      continue;
    }
    const name = cString(bytes, at, Math.min(NAME_MAX, end - at));
    names.push(name);
    at += name.length;
  }
  return names;
}

function readVersions(view: ElfView, section: number): string[] {
  if (section === 0 || view.shSize(section) % VERSION_BYTES !== 0) return [];
  const base = view.shOffset(section);
  const count = view.shSize(section) / VERSION_BYTES;
  const word = view.wide ? 8 : 4;
  return Array.from({ length: count }, (_, i) =>
    cString(view.bytes, base + i * VERSION_BYTES + word, VERSION_BYTES - word),
  );
}
