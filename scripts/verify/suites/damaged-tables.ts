// SPDX-License-Identifier: MIT
// Damage to the sections the loader goes by: symbols, their names, modinfo, struct module. Each
// value of a field that some rule asks about, and contents that lie elsewhere in the file.

import type { Damage } from './damage.ts';
import { type ElfEdit, type SectionField, THIS_MODULE } from './elf-edit.ts';

const SECTIONS = ['.symtab', '.strtab', '.modinfo', THIS_MODULE] as const;
const [SYMTAB, STRTAB, MODINFO] = SECTIONS;
/** By name of <elf.h>: NULL, PROGBITS, SYMTAB, STRTAB, RELA, NOTE, NOBITS, REL, DYNSYM, any. */
const TYPES = [0, 1, 2, 3, 4, 7, 8, 9, 11, 0x7000_0001];
/** W, A, X and all together; merged strings; those Linux gives a meaning: ro_after_init, livepatch. */
const FLAGS = [0, 1, 2, 3, 4, 5, 6, 7, 0x30, 0x0020_0002, 0x0020_0003, 0x0010_0002, 0xffff_ffff];
const ALIGNS = [1, 3, 64, 4096, 8192, 0x8000_0000];
const ENTSIZES = [0, 1, 0xffff_ffff];

/** Every value of `sound` that is tried, section by section. */
export function* damagedTables(sound: ElfEdit): Generator<Damage> {
  for (const name of SECTIONS) {
    const short = name.split('.').at(-1)!;
    const i = sound.section(name);
    const size = sound.field(i, 'size');
    const values: Partial<Record<SectionField, readonly number[]>> = {
      type: TYPES,
      flags: flagsOf(name),
      addralign: ALIGNS,
      entsize: ENTSIZES,
      link: linksOf(sound, i),
      info: [0, 1, sound.sections, 0xffff_ffff],
      size: sizesOf(name, size),
    };
    for (const [field, list] of Object.entries(values) as [SectionField, readonly number[]][]) {
      for (const value of list) {
        if (value === sound.field(i, field)) continue;
        const what = `${short}-${field}-${value.toString(16)}`;
        yield { what, change: (elf) => elf.set(i, field, value) };
      }
    }
    yield* moved(name, short);
  }
  yield* placed();
  yield* twice();
}

/** A struct module that lies in read-only memory is the kernel's end, in whichever; one will do. */
function flagsOf(name: string): number[] {
  return name === THIS_MODULE ? [0, 1, 2, 4, 5, 7, 0x30, 0xffff_ffff] : FLAGS;
}

/** Nothing, itself, the other string table, a section of another kind, one that is not there. */
function linksOf(sound: ElfEdit, self: number): number[] {
  return [0, 1, self, sound.sections - 1, sound.sections, 0xffff_ffff];
}

/**
 * A symbol table that is longer takes the bytes behind it for symbols, whose names no file
 * determines; relocations go on using the symbols of a shorter one. Names and modinfo behind the
 * end of their section are looked at all the same.
 */
function sizesOf(name: string, size: number): number[] {
  if (name === SYMTAB) return [0, size - 16, size - 1, size + 1];
  return [
    0,
    1,
    15,
    16,
    17,
    32,
    size >> 1,
    size - 16,
    size - 4,
    size - 1,
    size + 1,
    size + 4,
    size * 2,
  ];
}

/** The contents elsewhere: as before, at an odd place, over a page's end; or the place out of reach. */
function* moved(name: string, short: string): Generator<Damage> {
  for (const [what, align, past] of [
    ['end', 32, 0],
    ['odd', 32, 1],
    ['page', 4096, 4096 - 20],
  ] as const) {
    const change = (elf: ElfEdit): void => {
      const i = elf.section(name);
      elf.replace(i, elf.contents(i), align, past);
    };
    yield { what: `${short}-moved-${what}`, change };
  }
  for (const [what, place] of [
    ['end', (elf: ElfEdit, size: number) => elf.bytes.length - size + 1],
    ['length', (elf: ElfEdit) => elf.bytes.length],
    ['top', () => 0xffff_ffff],
    ['wrap', (_: ElfEdit, size: number) => 2 ** 32 - size],
  ] as const) {
    const change = (elf: ElfEdit): void => {
      const i = elf.section(name);
      elf.set(i, 'offset', place(elf, elf.field(i, 'size')));
    };
    yield { what: `${short}-beyond-${what}`, change };
  }
}

/** Places whose bytes are known: another section's, the file's start, zeros. */
function* placed(): Generator<Damage> {
  const over =
    (name: string, other: string, past = 0) =>
    (elf: ElfEdit) =>
      elf.set(elf.section(name), 'offset', elf.field(elf.section(other), 'offset') + past);
  yield { what: 'modinfo-over-strtab', change: over(MODINFO, STRTAB) };
  yield { what: 'modinfo-over-symtab', change: over(MODINFO, SYMTAB) };
  yield { what: 'modinfo-behind-first', change: over(MODINFO, MODINFO, 12) };
  yield { what: 'modinfo-inside-tag', change: over(MODINFO, MODINFO, 3) };
  yield { what: 'strtab-over-shstrtab', change: over(STRTAB, '.shstrtab') };
  yield { what: 'strtab-over-modinfo', change: over(STRTAB, MODINFO) };
  yield { what: 'strtab-one-later', change: over(STRTAB, STRTAB, 1) };
  yield { what: 'this-module-four-early', change: over(THIS_MODULE, THIS_MODULE, -4) };
  yield { what: 'this-module-in-name', change: over(THIS_MODULE, THIS_MODULE, 2) };
  for (const name of [MODINFO, STRTAB]) {
    const change = (elf: ElfEdit): void => elf.set(elf.section(name), 'offset', 0);
    yield { what: `${name.slice(1)}-at-start`, change };
  }
  for (const name of [SYMTAB, STRTAB, MODINFO]) {
    const change = (elf: ElfEdit): void => {
      const i = elf.section(name);
      elf.replace(i, new Uint8Array(elf.field(i, 'size')));
    };
    yield { what: `${name.slice(1)}-zeros`, change };
  }
  yield {
    what: 'this-module-zeros',
    name: '',
    change: (elf) => {
      const i = elf.section(THIS_MODULE);
      elf.replace(i, new Uint8Array(elf.field(i, 'size')), 32);
    },
  };
}

/** Two of what there must be one of, or none. */
function* twice(): Generator<Damage> {
  const copied = (name: string, into: string) => (elf: ElfEdit) => {
    const [from, to] = [elf.section(name), elf.section(into)];
    for (const field of ['name', 'type', 'flags', 'offset', 'size', 'link', 'info'] as const) {
      elf.set(to, field, elf.field(from, field));
    }
  };
  for (const name of [...SECTIONS, '.shstrtab']) {
    yield { what: `two${name.replaceAll('.', '-')}`, change: copied(name, '.comment') };
  }
  yield {
    what: 'second-table-type',
    change: (elf) => elf.set(elf.section('.comment'), 'type', 2),
  };
  yield {
    what: 'two-texts',
    change: copied('.text', '.comment'),
  };
}

/**
 * Per-CPU data whose size or alignment is beyond what the kernel's allocator serves, and an exit in
 * a text that is empty, which makes it NULL.
 */
export function* damagedPercpu(): Generator<Damage> {
  const PERCPU = '.data..percpu';
  yield {
    what: 'exit-nowhere',
    change: (elf) => elf.set(elf.section('.exit.text'), 'size', 0),
  };
  for (const align of [0, 3, 48, 4096, 8192, 12_288, 0x8000_0000, 0xffff_ffff]) {
    const change = (elf: ElfEdit): void => elf.set(elf.section(PERCPU), 'addralign', align);
    yield { what: `percpu-align-${align.toString(16)}`, change };
  }
  for (const size of [32_769, 40_000]) {
    const change = (elf: ElfEdit): void =>
      elf.replace(elf.section(PERCPU), new Uint8Array(size), 32);
    yield { what: `percpu-size-${size}`, change };
  }
}
