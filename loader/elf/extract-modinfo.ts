// SPDX-License-Identifier: MIT
/**
 * Name and modinfo of a file that may or may not be a module, for scanning directories: no kernel
 * is needed, the class is taken from the file, nothing but headers and `.modinfo` is read.
 */
import { cString, hasPrefix } from './c-string.ts';
import { insideFile } from './elf-checks.ts';
import { ELF32, ELF64, ET_REL, SHT } from './elf-constants.ts';
import { ElfView } from './elf-view.ts';
import { modinfoEntries } from './modinfo.ts';

export interface ExtractedModinfo {
  readonly wordBits: 32 | 64;
  readonly machine: number;
  /** The name in struct module. */
  readonly name: string;
  /** Size of the file's struct module: that of the kernel it was built for. */
  readonly structModuleSize: number;
  readonly modinfo: readonly (readonly [tag: string, value: string])[];
}

/** Undefined when the file is not a relocatable ELF file that holds a struct module. */
export function extractModinfo(bytes: Uint8Array): ExtractedModinfo | undefined {
  if (!hasPrefix(bytes, 0, '\x7fELF')) return undefined;
  const cls = bytes[4] === 1 ? ELF32 : bytes[4] === 2 ? ELF64 : undefined;
  if (!cls || bytes.length < cls.ehdr) return undefined;
  const view = new ElfView(bytes, cls.wordBits);
  const { type, machine, shoff, shnum, shstrndx } = view.header;
  if (type !== ET_REL || view.shentsize !== cls.shdr || shstrndx >= shnum) return undefined;
  if (shoff + shnum * cls.shdr > bytes.length) return undefined;

  let mod = 0;
  let info = 0;
  for (let i = 1; i < shnum; i += 1) {
    const sectionType = view.shType(i);
    if (sectionType === SHT.NULL || sectionType === SHT.NOBITS || !insideFile(view, i)) continue;
    if (mod === 0 && view.nameIs(i, '.gnu.linkonce.this_module')) mod = i;
    else if (info === 0 && view.nameIs(i, '.modinfo')) info = i;
  }
  if (mod === 0) return undefined;
  const area = { bytes, start: view.shOffset(info), size: view.shSize(info) };
  return {
    wordBits: cls.wordBits,
    machine,
    name: cString(bytes, view.shOffset(mod) + cls.moduleName, cls.moduleNameLen),
    structModuleSize: view.shSize(mod),
    modinfo: info === 0 ? [] : modinfoEntries(area),
  };
}
