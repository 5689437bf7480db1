// SPDX-License-Identifier: MIT
// Files that a suite made of another by changing one thing in place, by their names.

import { ElfEdit, THIS_MODULE } from '../suites/elf-edit.ts';

const SHF_WRITE = 1;
const SHF_ALLOC = 2;
const STRUCT_MODULE_MORE = 4;

interface Derivation {
  readonly base: string;
  change(elf: ElfEdit): void;
}

/** One header of the section called `name`. */
function change(
  base: string,
  name: string,
  edit: (elf: ElfEdit, section: number) => void,
): Derivation {
  return { base, change: (elf) => edit(elf, elf.section(name)) };
}

const clear = (elf: ElfEdit, section: number, flag: number): void =>
  elf.set(section, 'flags', elf.field(section, 'flags') & ~flag);

/** The suite `special2`, one file each: what the kernels of part A of the list answer differently. */
const DERIVATIONS: Readonly<Record<string, Derivation>> = {
  'oot-write-exec': change('ms_export.ko', '.text', (elf, text) =>
    elf.set(text, 'flags', elf.field(text, 'flags') | SHF_WRITE),
  ),
  'dup-names': change('crc4.ko', '.note.Linux', (elf, note) =>
    elf.set(note - 1, 'name', elf.field(note, 'name')),
  ),
  'modinfo-not-alloc': change('crc4.ko', '.modinfo', (elf, info) => clear(elf, info, SHF_ALLOC)),
  'modinfo-twice': change('crc4.ko', '.modinfo', (elf, info) =>
    elf.set(elf.section('.comment'), 'name', elf.field(info, 'name')),
  ),
  'this-module-renamed': change('crc4.ko', THIS_MODULE, (elf, module) =>
    elf.set(module, 'name', elf.field(elf.section('.data'), 'name')),
  ),
  'this-module-not-alloc': change('crc4.ko', THIS_MODULE, (elf, module) =>
    clear(elf, module, SHF_ALLOC),
  ),
  'this-module-larger': change('crc4.ko', THIS_MODULE, (elf, module) =>
    elf.set(module, 'size', elf.field(module, 'size') + STRUCT_MODULE_MORE),
  ),
  'symtab-twice': change('crc4.ko', '.comment', (elf, comment) => elf.set(comment, 'type', 2)),
};

/**
 * The file at `path` when it is such a one, out of the stand-in `plain` gives for its base.
 * `moduleName` is the name in its struct module. What a file does not say of itself (which section
 * was changed) was chosen to give the recorded answers.
 */
export function derivedFile(
  path: string,
  moduleName: string | undefined,
  plain: (name: string) => Uint8Array | undefined,
): Uint8Array | undefined {
  const what = /^special2\/([\w-]+)\.ko$/.exec(path)?.[1];
  const derivation = what === undefined ? undefined : DERIVATIONS[what];
  const base = derivation && plain(derivation.base);
  if (derivation === undefined || base === undefined) return undefined;
  const elf = new ElfEdit(base);
  if (moduleName !== undefined) elf.setName(moduleName);
  derivation.change(elf);
  return elf.bytes;
}
