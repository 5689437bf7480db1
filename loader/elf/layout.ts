// SPDX-License-Identifier: MIT
/**
 * Sizes of a module's seven memory areas and the place of each section in them (layout_sections in
 * kernel/module/main.c and layout_symtab in kernel/module/kallsyms.c, Linux 6.4 to 6.12).
 *
 * Model: on arm and arm64 the kernel also grows `.plt` and `.init.plt` for the far calls it finds;
 * they are laid out here at the size they have in the file.
 */
import { type Bytes, PAGE_SIZE } from '../base/index.ts';
import { countCoreSymbols } from './core-symbols.ts';
import { refuse } from './elf-checks.ts';
import { SHF, SHT } from './elf-constants.ts';
import type {
  ElfKernel,
  ElfRefusal,
  ModMem,
  ModMemType,
  ModuleElf,
  ModuleLayout,
  SectionPlace,
} from './elf-types.ts';
import type { ElfView } from './elf-view.ts';
import { align32, initSections, LAYOUT_MASKS, sectionFlags } from './section-flags.ts';

/** enum mod_mem_type */
export const MOD_MEM_TYPES: readonly ModMemType[] = [
  'TEXT',
  'DATA',
  'RODATA',
  'RO_AFTER_INIT',
  'INIT_TEXT',
  'INIT_DATA',
  'INIT_RODATA',
];
const TEXT = 0;
const DATA = 1;
const RODATA = 2;
const RO_AFTER_INIT = 3;
const INIT_TEXT = 4;
const INIT_DATA = 5;
const INIT_RODATA = 6;
const INVALID = -1;

/** Memory type by layout mask. Init code has no read-only-after-init area. */
const CORE_TYPES = [TEXT, RODATA, RO_AFTER_INIT, DATA, DATA];
const INIT_TYPES = [INIT_TEXT, INIT_RODATA, INVALID, INIT_DATA, INIT_DATA];

const UNPLACED = 0xff;

/** Type bits of a 32-bit sh_entsize: an offset of 256 MiB and more runs into them. */
const TYPE_SHIFT = 28;
const OFFSET_MASK = 0x0fff_ffff;

/**
 * module_enforce_rwx_sections (kernel/module/strict_rwx.c): no section may be both writable and
 * executable. Runs just before the layout.
 */
export function checkRwxSections(elf: ModuleElf, kernel: ElfKernel): ElfRefusal | undefined {
  if (!kernel.strictModuleRwx) return undefined;
  const { view } = elf;
  const both = SHF.WRITE | SHF.EXECINSTR;
  for (let i = 0; i < view.header.shnum; i += 1) {
    if ((view.shFlags(i) & both) !== both) continue;
    return refuse(`${elf.name}: section ${view.name(i)} (index ${i}) has invalid WRITE|EXEC flags`);
  }
  return undefined;
}

/** The running sizes and places while sections are laid out. */
class Draft {
  readonly view: ElfView;
  readonly flags: Uint32Array;
  readonly sizes = new Uint32Array(MOD_MEM_TYPES.length);
  readonly types: Uint8Array;
  readonly offsets: Uint32Array;

  constructor(view: ElfView, flags: Uint32Array) {
    this.view = view;
    this.flags = flags;
    this.types = new Uint8Array(flags.length).fill(UNPLACED);
    this.offsets = new Uint32Array(flags.length);
  }

  /** module_get_offset_and_type: sizes are unsigned ints and wrap as such. */
  place(section: number, type: number): void {
    const offset = align32(this.sizes[type]!, this.view.shAlignLow(section));
    this.sizes[type] = offset + this.view.shSizeLow(section);
    if (this.view.wide) {
      this.types[section] = type;
      this.offsets[section] = offset;
    } else {
      const entsize = (offset | (type << TYPE_SHIFT)) >>> 0;
      this.types[section] = entsize >>> TYPE_SHIFT;
      this.offsets[section] = entsize & OFFSET_MASK;
    }
  }
}

function layoutSections(draft: Draft, init: Uint8Array): void {
  const { flags, types } = draft;
  for (const isInit of [0, 1]) {
    const byMask = isInit ? INIT_TYPES : CORE_TYPES;
    for (let m = 0; m < LAYOUT_MASKS.length; m += 1) {
      const { need, not } = LAYOUT_MASKS[m]!;
      const type = byMask[m]!;
      if (type === INVALID) continue;
      for (let i = 0; i < flags.length; i += 1) {
        const f = flags[i]!;
        if ((f & need) !== need || (f & not) !== 0) continue;
        if (types[i] === UNPLACED && init[i] === isInit) draft.place(i, type);
      }
    }
  }
}

/** What kallsyms adds; true when a symbol's name ran out of the file. */
function layoutSymtab(draft: Draft, elf: ModuleElf, kernel: ElfKernel): Kallsyms {
  const { view, flags, sizes, types } = draft;
  const { index } = elf;
  const { sym, str } = index;

  flags[sym]! |= SHF.ALLOC;
  draft.place(sym, INIT_DATA);
  const init = new Uint8Array(types.length);
  for (let i = 0; i < types.length; i += 1) {
    const type = types[i]!;
    init[i] = type >= INIT_TEXT && type <= INIT_RODATA ? 1 : 0;
  }
  const counted = countCoreSymbols(view, index, kernel, flags, init);
  const { nsrc, ndst, strsz } = counted;

  const symoffs = align32(sizes[DATA]!, view.shAlignLow(sym));
  sizes[DATA] = symoffs + ndst * view.cls.sym + strsz + ndst;

  flags[str]! |= SHF.ALLOC;
  draft.place(str, INIT_DATA);
  sizes[INIT_DATA] = align32(sizes[INIT_DATA]!, view.cls.kallsymsAlign) + view.cls.kallsyms + nsrc;
  return counted;
}

interface Kallsyms {
  readonly nsrc: number;
  readonly ndst: number;
  readonly strsz: Bytes;
  readonly overrun: boolean;
}

const NO_KALLSYMS: Kallsyms = { nsrc: 0, ndst: 0, strsz: 0, overrun: false };

/** PAGE_ALIGN of an unsigned int: the last page below 4 GiB wraps to 0. */
function pageAlign32(size: number): number {
  return align32(size, PAGE_SIZE);
}

/** Copies that leave their area or the file: the real kernel would overwrite or fault. */
function findHazards(draft: Draft, kallsyms: Kallsyms): readonly string[] {
  const hazards: string[] = [];
  const { view, types, offsets, flags, sizes } = draft;
  if (kallsyms.overrun) hazards.push('a symbol name runs out of the file');
  for (let i = 0; i < types.length && hazards.length < 8; i += 1) {
    if ((flags[i]! & SHF.ALLOC) === 0 || view.shType(i) === SHT.NOBITS) continue;
    const size = view.shSize(i);
    if (size === 0) continue;
    const type = types[i]!;
    if (type >= MOD_MEM_TYPES.length) {
      hazards.push(`section ${i}: its offset overwrites its memory type`);
    } else if (offsets[i]! + size > pageAlign32(sizes[type]!)) {
      hazards.push(`section ${i}: copied past the end of its memory`);
    }
    if (view.shOffset(i) + size > view.bytes.length) {
      hazards.push(`section ${i}: copied from outside the file`);
    }
  }
  return hazards.length > 0 ? hazards : NO_HAZARDS;
}

const NO_HAZARDS: readonly string[] = [];

/** The result; places stay in typed arrays, five bytes a section. */
class Layout implements ModuleLayout {
  readonly types: readonly ModMem[];
  readonly core: Bytes;
  readonly init: Bytes;
  readonly total: Bytes;
  readonly text: Bytes;
  readonly kallsyms: { readonly nsrc: number; readonly ndst: number; readonly strsz: Bytes };
  readonly hazards: readonly string[];
  readonly #types: Uint8Array;
  readonly #offsets: Uint32Array;

  constructor(draft: Draft, kallsyms: Kallsyms) {
    this.types = MOD_MEM_TYPES.map((type, t) => {
      const raw = draft.sizes[t]!;
      return { type, raw, size: pageAlign32(raw) };
    });
    const size = (t: number) => this.types[t]!.size;
    this.core = size(TEXT) + size(DATA) + size(RODATA) + size(RO_AFTER_INIT);
    this.init = size(INIT_TEXT) + size(INIT_DATA) + size(INIT_RODATA);
    this.total = this.core + this.init;
    this.text = size(TEXT) + size(INIT_TEXT);
    this.kallsyms = { nsrc: kallsyms.nsrc, ndst: kallsyms.ndst, strsz: kallsyms.strsz };
    this.hazards = findHazards(draft, kallsyms);
    this.#types = draft.types;
    this.#offsets = draft.offsets;
  }

  get places(): SectionPlace[] {
    const places: SectionPlace[] = [];
    for (let section = 0; section < this.#types.length; section += 1) {
      const type = MOD_MEM_TYPES[this.#types[section]!];
      if (type) places.push({ section, type, offset: this.#offsets[section]! });
    }
    return places;
  }
}

/** layout_sections, then layout_symtab: what move_module will allocate. */
export function layoutModule(elf: ModuleElf, kernel: ElfKernel): ModuleLayout {
  const flags = sectionFlags(elf.view, elf.index, kernel);
  const draft = new Draft(elf.view, flags);
  layoutSections(draft, initSections(elf.view, flags, kernel));
  const kallsyms = kernel.kallsyms ? layoutSymtab(draft, elf, kernel) : NO_KALLSYMS;
  return new Layout(draft, kallsyms);
}
