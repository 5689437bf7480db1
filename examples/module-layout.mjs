// SPDX-License-Identifier: MIT
// What a module file takes once it is loaded, by memory type, as layout_and_allocate() decides it.
import { KERNEL_PRESETS, openCatalog } from 'modstorm';
import { layoutModule, readElf } from 'modstorm/elf';

const source = openCatalog('boot');
const { features } = KERNEL_PRESETS['v6.12'];
const kernel = {
  arch: source.identity.arch,
  wordBits: 32,
  structModuleSize: source.identity.structModuleSize,
  modversions: false,
  kallsyms: features.kallsyms,
  kallsymsAll: features.kallsyms_all,
  moduleUnload: features.module_unload,
  smp: features.smp,
  livepatch: features.livepatch,
  strictModuleRwx: features.strict_module_rwx,
  sectionNameCheck: features.section_name_check,
};

const file = source.files.find(({ path }) => path.endsWith('/xfs.ko'));
const read = readElf(file.read(), kernel, 0);
if (!read.ok) throw new Error('refused');
console.log(`${file.path}: ${file.size} bytes`);
for (const { type, size } of layoutModule(read.elf, kernel).types) {
  console.log(`${type.padEnd(14)} ${size}`);
}
