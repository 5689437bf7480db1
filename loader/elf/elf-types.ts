// SPDX-License-Identifier: MIT
/**
 * Shapes of the ELF room: what a kernel expects of a module file, and what a file holds.
 *
 * Numbers from 64-bit files are doubles: exact up to 2^53, and still very large above it, so that
 * "does it fit" is always answered as the kernel answers it. Where the kernel itself cuts a value
 * to 32 bits (section flags, sizes during layout) the low 32 bits are read from the file.
 */

import type { Bytes } from '../base/index.ts';
import type { LogLevel } from '../engine/index.ts';
import type { ElfHeader, ElfSection } from './elf-records.ts';
import type { ElfView } from './elf-view.ts';

export type ElfArch = 'i386' | 'x86_64' | 'arm' | 'arm64';

/** What decides which module files the running kernel takes and how it lays them out. */
export interface ElfKernel {
  readonly arch: ElfArch;
  readonly wordBits: 32 | 64;
  /** sizeof(struct module) of the running kernel; `undefined` = any size is taken. */
  readonly structModuleSize: Bytes | undefined;
  /** CONFIG_MODVERSIONS */
  readonly modversions: boolean;
  /** CONFIG_KALLSYMS */
  readonly kallsyms: boolean;
  /** CONFIG_KALLSYMS_ALL */
  readonly kallsymsAll: boolean;
  /** CONFIG_MODULE_UNLOAD: `.exit*` sections are core with it, init without. */
  readonly moduleUnload: boolean;
  /** CONFIG_SMP: a per-cpu section is allocated apart. */
  readonly smp: boolean;
  /** CONFIG_LIVEPATCH */
  readonly livepatch: boolean;
  /** CONFIG_STRICT_MODULE_RWX */
  readonly strictModuleRwx: boolean;
  /** Whose name offset is checked: every non-NULL section (6.12) or the SHF_ALLOC ones (6.1). */
  readonly sectionNameCheck: 'all' | 'alloc';
  /** struct module and `.modinfo` are checked (6.4 on); default true. */
  readonly thisModuleCheck?: boolean;
  /** A symbol's section index must be one of the file's; default as `sectionNameCheck` is 'all'. */
  readonly symbolIndexCheck?: boolean;
  /** Tables of names must be STRTAB sections (6.12 stable); default true. */
  readonly stringTableTypes?: boolean;
  /** The symbol names' table and the names' offsets are checked (6.13 on); default false. */
  readonly strtabCheck?: boolean;
  /** Relocations of the per-CPU section are applied (6.19); default false. */
  readonly percpuRelocations?: boolean;
  /** Sections read-only after init: the first of a name, or each of them; default 'first'. */
  readonly roAfterInit?: 'first' | 'all';
}

/** A line the kernel prints, without a trailing newline. */
export interface ElfMessage {
  readonly level: LogLevel;
  readonly text: string;
}

/** A refusal: the errno is positive, as in `ERRNO`. */
export interface ElfRefusal {
  readonly ok: false;
  readonly errno: number;
  readonly message: ElfMessage | null;
}

export type ReadElfResult = { readonly ok: true; readonly elf: ModuleElf } | ElfRefusal;

/** Section indexes `load_info` caches; 0 = none (kernel/module/internal.h). */
export interface ElfIndex {
  readonly sym: number;
  readonly str: number;
  readonly mod: number;
  /** `.modinfo`, any flags */
  readonly info: number;
  /** `__versions` with SHF_ALLOC; 0 with MODULE_INIT_IGNORE_MODVERSIONS */
  readonly vers: number;
  /** `.data..percpu` with SHF_ALLOC on SMP */
  readonly pcpu: number;
}

/** The symbol table, read from the file at each call: nothing is kept per symbol. */
export interface ElfSymbols {
  readonly count: number;
  name(i: number): string;
  nameOffset(i: number): number;
  value(i: number): number;
  size(i: number): Bytes;
  /** st_info: binding << 4 | type */
  info(i: number): number;
  other(i: number): number;
  shndx(i: number): number;
}

/** A symbol simplify_symbols looks at: undefined, common, or of a section that is not there. */
export interface ElfSymbolCase {
  readonly index: number;
  readonly name: string;
  readonly kind: 'undefined' | 'common' | 'bad_section';
  readonly shndx: number;
  /** May stay undefined: STB_WEAK, or `_GLOBAL_OFFSET_TABLE_` on x86 (ignore_undef_symbol). */
  readonly weak: boolean;
}

export interface ElfExport {
  readonly name: string;
  readonly gpl: boolean;
  /** Symbol namespace, '' = none. */
  readonly namespace: string;
  readonly crc: number | undefined;
}

export interface ElfVersion {
  readonly crc: number;
  readonly name: string;
}

/** One entry of `__param` (struct kernel_param, include/linux/moduleparam.h). */
export interface ElfParam {
  readonly name: string;
  /** Symbol behind `ops`, e.g. `param_ops_int`, `param_array_ops`; undefined = not resolvable. */
  readonly ops: string | undefined;
  /**
   * Function behind `ops->set`, e.g. `param_set_int` for `param_ops_int`; for ops of the module's
   * own, the symbol found in the ops structure. '' = its name is not known, undefined = none.
   */
  readonly set: string | undefined;
  /** Function behind `ops->get`, likewise. */
  readonly get: string | undefined;
  readonly perm: number;
  readonly level: number;
  readonly flags: number;
  /** KERNEL_PARAM_OPS_FL_NOARG of the ops: `name` without a value is taken. */
  readonly noarg: boolean;
  /** The variable behind `arg`, or the structure below; undefined = not in this file. */
  readonly arg: SymbolPlace | undefined;
  readonly array: ElfParamArray | undefined;
  /** struct kparam_string, for `param_ops_string` */
  readonly string:
    | { readonly maxlen: number; readonly string: SymbolPlace | undefined }
    | undefined;
}

/** struct kparam_array, for `param_array_ops`. */
export interface ElfParamArray {
  readonly max: number;
  readonly elemsize: number;
  /** The elements' own, as in ElfParam. */
  readonly ops: string | undefined;
  readonly set: string | undefined;
  readonly get: string | undefined;
  /** How many elements were given; undefined = not kept. */
  readonly num: SymbolPlace | undefined;
  readonly elem: SymbolPlace | undefined;
}

/** A relocation the kernel refuses while applying them. */
export interface RelocationRefusal {
  readonly errno: number;
  readonly message: ElfMessage | null;
  readonly section: number;
  readonly type: number;
}

/**
 * A module file that passed the kernel's validity checks. It holds the file's bytes and a few
 * numbers; the methods read the file again at each call and keep nothing, so thousands may live
 * at once. Do not change the bytes while it is in use.
 */
export interface ModuleElf {
  readonly bytes: Uint8Array;
  /** Raw fields, for this room's own use. */
  readonly view: ElfView;
  readonly header: ElfHeader;
  readonly index: ElfIndex;
  /** modinfo `name=`, else the name in struct module: blacklist and vermagic messages use it. */
  readonly infoName: string;
  /** The name in struct module: duplicate checks and all later messages use it. */
  readonly name: string;
  /** Decoded anew at each read. */
  readonly sections: readonly ElfSection[];
  section(index: number): ElfSection;
  /** The first section of that name with SHF_ALLOC set in the file (find_sec). */
  findSec(name: string): ElfSection | undefined;

  /** `tag=value` strings of `.modinfo` in file order. */
  readonly modinfo: readonly (readonly [tag: string, value: string])[];
  modinfoGet(tag: string): string | undefined;
  modinfoAll(tag: string): string[];
  readonly vermagic: string | undefined;
  readonly license: string | undefined;
  readonly depends: readonly string[];
  readonly intree: boolean;
  readonly livepatch: boolean;
  /** `parmtype` entries: name and type, e.g. `numdummies`, `int`. */
  readonly params: readonly { readonly name: string; readonly type: string }[];
  readonly importNs: readonly string[];

  symbols(): ElfSymbols;
  /** Names of undefined symbols in table order, weak ones included. */
  undefinedSymbols(): string[];
  /** What simplify_symbols would stop at or resolve, in table order. */
  symbolCases(): ElfSymbolCase[];
  exports(): ElfExport[];
  versions(): ElfVersion[];
  /** `__param` entries, as parse_args sees them. */
  paramEntries(): ElfParam[];
  /** The string that the pointer at that place of the file's data refers to. */
  stringAt(place: SymbolPlace): string | undefined;
  readonly hasInit: boolean;
  readonly hasExit: boolean;
  /** The symbols struct module's init and exit point to. */
  readonly initAt: SymbolPlace | undefined;
  readonly exitAt: SymbolPlace | undefined;
  /** The first relocation of an unknown type, in the order the kernel applies them. */
  unknownRelocation(): RelocationRefusal | undefined;
  /** Relocations before that one which read a symbol or write a place the file does not have. */
  relocationHazards(): readonly string[];
  readonly hasCtors: boolean;
  readonly hasInitArray: boolean;
  readonly hasObsparm: boolean;
  /** The per-cpu section's size and alignment; undefined without one. */
  readonly percpu: { readonly size: Bytes; readonly align: Bytes } | undefined;
  /**
   * Where the real kernel would read outside the file (a name offset that nothing checks, a string
   * that runs past the end): its behaviour there is not defined, the model reads zeros.
   */
  readonly hazards: readonly string[];
}

/** Order of `enum mod_mem_type`, which is also the order of allocation. */
export type ModMemType =
  | 'TEXT'
  | 'DATA'
  | 'RODATA'
  | 'RO_AFTER_INIT'
  | 'INIT_TEXT'
  | 'INIT_DATA'
  | 'INIT_RODATA';

export interface ModMem {
  readonly type: ModMemType;
  /** Bytes before rounding; 0 = nothing is allocated. */
  readonly raw: Bytes;
  /**
   * Bytes of whole pages: what is allocated and reported. In the last page below 4 GiB it wraps to
   * 0 with `raw` still set: the kernel then asks for 0 bytes, gets none and fails with -ENOMEM.
   */
  readonly size: Bytes;
}

/** Where one section goes. */
export interface SectionPlace {
  readonly section: number;
  readonly type: ModMemType;
  readonly offset: Bytes;
}

export interface SymbolPlace {
  readonly section: number;
  /** Offset in that section. */
  readonly value: number;
}

/** Memory of a module (layout_sections and layout_symtab, Linux 6.4 and later). */
export interface ModuleLayout {
  /** All seven types in enum order, empty ones with size 0. */
  readonly types: readonly ModMem[];
  /** Page-aligned sums: TEXT + DATA + RODATA + RO_AFTER_INIT, and the three init types. */
  readonly core: Bytes;
  readonly init: Bytes;
  readonly total: Bytes;
  /** TEXT + INIT_TEXT */
  readonly text: Bytes;
  readonly places: readonly SectionPlace[];
  /** Symbols in the file's table, those kept after init, and the bytes of the kept names. */
  readonly kallsyms: { readonly nsrc: number; readonly ndst: number; readonly strsz: Bytes };
  /** Where the real kernel would run outside its buffers during layout or copying. */
  readonly hazards: readonly string[];
}

/** Memory of a module before 6.4: two contiguous areas. */
export interface ModuleLayoutBefore64 {
  readonly core: OldLayout;
  readonly init: OldLayout;
  readonly hazards: readonly string[];
}

/** struct module_layout: size and the running ends of its parts. */
export interface OldLayout {
  readonly size: Bytes;
  readonly textSize: Bytes;
  readonly roSize: Bytes;
  readonly roAfterInitSize: Bytes;
}
