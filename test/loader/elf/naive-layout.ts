// SPDX-License-Identifier: MIT
/**
 * The layout of a module said again, slowly: BigInt arithmetic on lists of sections and symbols,
 * with nothing shared with the loader but the parsed file.
 */
import type { ElfKernel, ModuleElf } from '../../../loader/elf/index.ts';

interface Section {
  readonly name: string;
  flags: number;
  readonly size: bigint;
  readonly align: bigint;
  type: string | undefined;
  /** The number sh_entsize holds for the type, offset bits mixed in. */
  typeNumber: bigint;
}

const TYPE_ORDER = [
  'TEXT',
  'DATA',
  'RODATA',
  'RO_AFTER_INIT',
  'INIT_TEXT',
  'INIT_DATA',
  'INIT_RODATA',
];

const WRITE = 1;
const ALLOC = 2;
const EXEC = 4;
const RO_AFTER_INIT = 0x200000;

const u32 = (value: bigint) => BigInt.asUintN(32, value);

function align(value: bigint, to: bigint): bigint {
  const mask = u32(to - 1n);
  return u32(u32(value + mask) & ~mask);
}

export type Sizes = Record<string, bigint>;

/** Bytes of each memory type before rounding to pages. */
export function naiveLayout(elf: ModuleElf, kernel: ElfKernel): Sizes {
  const raw = elf.bytes;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const wide = kernel.wordBits === 64;
  // Sizes and alignments exactly as in the file, without a double in between.
  const exact = (index: number, at32: number, at64: number) => {
    const at = elf.header.shoff + index * (wide ? 64 : 40);
    return wide ? view.getBigUint64(at + at64, true) : BigInt(view.getUint32(at + at32, true));
  };
  const sections: Section[] = elf.sections.map((s) => ({
    name: s.name,
    flags: s.flags,
    size: exact(s.index, 20, 32),
    align: exact(s.index, 32, 48) || 1n,
    type: undefined,
    typeNumber: 15n,
  }));
  for (const i of [elf.index.vers, elf.index.info, elf.index.pcpu]) sections[i]!.flags &= ~ALLOC;
  for (const name of ['.data..ro_after_init', '__jump_table']) {
    const found = sections.slice(1).find((s) => s.flags & ALLOC && s.name === name);
    if (found) found.flags |= RO_AFTER_INIT;
  }
  const isInit = (name: string) =>
    name.startsWith('.init') || (!kernel.moduleUnload && name.startsWith('.exit'));

  const sizes: Sizes = {};
  const place = (s: Section, type: string) => {
    const offset = align(sizes[type] ?? 0n, s.align);
    sizes[type] = u32(offset + s.size);
    s.type = type;
    const number = BigInt(TYPE_ORDER.indexOf(type));
    s.typeNumber = wide ? number : (offset | (number << 28n)) >> 28n;
  };
  const passes: [init: boolean, prefix: string][] = [
    [false, ''],
    [true, 'INIT_'],
  ];
  for (const [init, prefix] of passes) {
    const choose: [string, (flags: number) => boolean][] = [
      ['TEXT', (f) => (f & EXEC) !== 0],
      ['RODATA', (f) => (f & WRITE) === 0],
      ['RO_AFTER_INIT', (f) => !init && (f & RO_AFTER_INIT) !== 0],
      ['DATA', (f) => (f & WRITE) !== 0],
      ['DATA', () => true],
    ];
    for (const [type, fits] of choose) {
      for (const s of sections) {
        if (!(s.flags & ALLOC) || s.type !== undefined || isInit(s.name) !== init) continue;
        if (fits(s.flags)) place(s, prefix + type);
      }
    }
  }
  if (!kernel.kallsyms) return sizes;

  const symtab = sections[elf.index.sym]!;
  const strtab = sections[elf.index.str]!;
  symtab.flags |= ALLOC;
  place(symtab, 'INIT_DATA');
  const entry = wide ? 24n : 16n;
  const symbols = elf.symbols();
  const nsrc = symtab.size / entry;
  let ndst = 0n;
  let strsz = 0n;
  const strings = elf.section(elf.index.str).offset;
  for (let i = 0; i < Number(nsrc); i += 1) {
    const shndx = symbols.shndx(i);
    const home = sections[shndx];
    let core = i === 0;
    if (shndx !== 0 && home && symbols.nameOffset(i) !== 0) {
      const kept = kernel.kallsymsAll
        ? home.flags & ALLOC
        : home.flags & ALLOC && home.flags & EXEC;
      if (kept && (home.typeNumber < 4n || home.typeNumber > 6n)) core = true;
      if (kernel.kallsymsAll && elf.index.pcpu !== 0 && shndx === elf.index.pcpu) core = true;
    }
    if (!core) continue;
    let at = strings + symbols.nameOffset(i);
    if (!wide) at %= 2 ** 32;
    let length = 0n;
    while (raw[at]) {
      at += 1;
      length += 1n;
    }
    ndst += 1n;
    strsz += length + 1n;
  }
  sizes.DATA = u32(align(sizes.DATA ?? 0n, symtab.align) + ndst * entry + strsz + ndst);
  strtab.flags |= ALLOC;
  place(strtab, 'INIT_DATA');
  sizes.INIT_DATA = u32(align(sizes.INIT_DATA!, wide ? 8n : 4n) + (wide ? 32n : 16n) + nsrc);
  return sizes;
}
