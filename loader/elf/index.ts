/** Contents of the ELF room: reading, checking, laying out and writing module files. */

export { cString, hasPrefix } from './c-string.ts';
export { insideFile } from './elf-checks.ts';
export type { ElfClass } from './elf-constants.ts';
export { SHF, SHT } from './elf-constants.ts';
export type { ElfHeader, ElfSection } from './elf-records.ts';
export type {
  ElfArch,
  ElfExport,
  ElfIndex,
  ElfKernel,
  ElfMessage,
  ElfParam,
  ElfParamArray,
  ElfRefusal,
  ElfSymbolCase,
  ElfSymbols,
  ElfVersion,
  ModMem,
  ModMemType,
  ModuleElf,
  ModuleLayout,
  ModuleLayoutBefore64,
  OldLayout,
  ReadElfResult,
  RelocationRefusal,
  SectionPlace,
  SymbolPlace,
} from './elf-types.ts';
export { ElfView } from './elf-view.ts';
export { type ExtractedModinfo, extractModinfo } from './extract-modinfo.ts';
export { checkRwxSections, layoutModule, MOD_MEM_TYPES } from './layout.ts';
export { layoutBefore64 } from './layout-before-64.ts';
export type { ModinfoArea } from './modinfo.ts';
export { modinfoEntries } from './modinfo.ts';
export { readElf } from './module-elf.ts';
export type { ModuleFileFacts, SectionFacts, StandInResult, SymbolFacts } from './module-facts.ts';
export type { ModuleSizes, ModuleSpec, SpecExport, SpecParam } from './module-spec.ts';
export { sectionFlags } from './section-flags.ts';
export { standInModule } from './stand-in.ts';
export { moduleLength, writeModule } from './write-module.ts';
