// SPDX-License-Identifier: MIT
/**
 * Symbols a module exports and the checksums it expects of others: `__ksymtab*`, `__kcrctab*`,
 * `__versions` (struct kernel_symbol in kernel/module/internal.h and struct modversion_info in
 * include/linux/module.h, Linux 6.12).
 */
import { cString } from './c-string.ts';
import { findSec } from './elf-checks.ts';
import { SHT } from './elf-constants.ts';
import type { ElfArch, ElfExport, ElfIndex, ElfVersion } from './elf-types.ts';
import type { ElfView } from './elf-view.ts';
import { NAME_MAX } from './name-reader.ts';
import { PointerReader, pointerSize } from './relocation.ts';

/** CONFIG_HAVE_ARCH_PREL32_RELOCATIONS: kernel_symbol holds three 32-bit offsets. */
function hasPrel32(arch: ElfArch): boolean {
  return arch === 'x86_64' || arch === 'arm64';
}

/** Whether a section's contents lie in the file. */
function hasContents(view: ElfView, section: number): boolean {
  const type = view.shType(section);
  return section !== 0 && type !== SHT.NULL && type !== SHT.NOBITS;
}

function exportsOf(
  view: ElfView,
  reader: PointerReader,
  arch: ElfArch,
  gpl: boolean,
  found: ElfExport[],
): void {
  const suffix = gpl ? '_gpl' : '';
  const section = findSec(view, `__ksymtab${suffix}`);
  if (section === 0 || !hasContents(view, section)) return;
  const crcs = findSec(view, `__kcrctab${suffix}`);
  const crcAt = hasContents(view, crcs) ? view.shOffset(crcs) : -1;
  const crcCount = crcAt < 0 ? 0 : Math.floor(view.shSize(crcs) / 4);
  const field = hasPrel32(arch) ? 4 : pointerSize(view.cls);
  const count = Math.floor(view.shSize(section) / (3 * field));
  for (let i = 0; i < count; i += 1) {
    const at = i * 3 * field;
    const name = reader.string(reader.at(section, at + field));
    if (name === undefined) continue;
    found.push({
      name,
      gpl,
      namespace: reader.string(reader.at(section, at + 2 * field)) ?? '',
      crc: i < crcCount ? view.u32(crcAt + i * 4) : undefined,
    });
  }
}

/** Exports in table order, GPL-only ones last. Entries whose name cannot be found are left out. */
export function readExports(view: ElfView, index: ElfIndex, arch: ElfArch): ElfExport[] {
  const reader = new PointerReader(view, index);
  const found: ElfExport[] = [];
  exportsOf(view, reader, arch, false, found);
  exportsOf(view, reader, arch, true, found);
  return found;
}

/** struct modversion_info: a long and a name, 64 bytes in all. */
const VERSION_ENTRY = 64;

export function readVersions(view: ElfView, index: ElfIndex): ElfVersion[] {
  if (index.vers === 0 || !hasContents(view, index.vers)) return [];
  const base = view.shOffset(index.vers);
  const word = pointerSize(view.cls);
  const count = Math.floor(view.shSize(index.vers) / VERSION_ENTRY);
  const versions: ElfVersion[] = [];
  for (let i = 0; i < count; i += 1) {
    const at = base + i * VERSION_ENTRY;
    versions.push({ crc: view.word(at), name: cString(view.bytes, at + word, NAME_MAX) });
  }
  return versions;
}
