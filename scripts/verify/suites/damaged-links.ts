// SPDX-License-Identifier: MIT
// Damage to what ties a module to others: its symbols one by one, and its relocations.

import type { Damage } from './damage.ts';
import type { ElfEdit, SymbolFields } from './elf-edit.ts';

const UNKNOWN = 'nobody_has_this';
const COMMON = 0xfff2;
const ABS = 0xfff1;
/** Far from anything that is mapped: the kernel faults. */
const FAR = 0x7fff_ffff;

export function* damagedLinks(): Generator<Damage> {
  yield* addedSymbols();
  yield* changedSymbols();
  yield* relocations();
}

/** A further symbol that nothing refers to. */
function* addedSymbols(): Generator<Damage> {
  const added = (what: string, name: string, fields: SymbolFields): Damage => ({
    what: `added-${what}`,
    change: (elf) => elf.addSymbol(name, fields),
  });
  for (const [binding, bits] of Object.entries({
    local: 0,
    global: 1,
    weak: 2,
    unique: 10,
    os: 12,
  })) {
    yield added(`undefined-${binding}`, UNKNOWN, { info: bits << 4 });
  }
  for (let type = 1; type < 16; type += type < 7 ? 1 : 4) {
    yield added(`undefined-type-${type}`, UNKNOWN, { info: 0x10 | type });
    yield added(`weak-type-${type}`, UNKNOWN, { info: 0x20 | type });
  }
  yield added('kernel', '_printk', {});
  yield added('kernel-gpl', 'synchronize_rcu', {});
  yield added('kernel-weak', '_printk', { info: 0x20 });
  yield added('got', '_GLOBAL_OFFSET_TABLE_', {});
  yield added('self', 'crc4', {});
  yield added('other-module', 'crc16', {});
  yield added('nameless', '', {});
  yield added('nameless-weak', '', { info: 0x20 });
  yield added('percent', '%s%n%x', {});
  yield added('bytes', 'a\x01\x7f\x80\xffz\\', {});
  yield added('newline', 'one\ntwo', {});
  yield added('spaces', ' a b ', {});
  yield added('long', 'x'.repeat(300), {});
  yield added('longer-than-a-line', 'y'.repeat(3000), {});
  yield added('common', UNKNOWN, { shndx: COMMON, size: 4 });
  yield added('common-weak', UNKNOWN, { shndx: COMMON, info: 0x20 });
  yield added('common-lto', '__gnu_lto_v1', { shndx: COMMON });
  yield added('common-slim', '__gnu_lto_slim', { shndx: COMMON, size: 1 });
  yield added('absolute', UNKNOWN, { shndx: ABS, value: 0xffff_ffff });
  for (const shndx of [0xff00, 0xff1f, 0xff20, 0xff3f, 0xfff0, 0xfff3, 0xfffe, 0xffff]) {
    yield added(`section-${shndx.toString(16)}`, UNKNOWN, { shndx });
  }
  yield {
    what: 'added-behind-last-section',
    change: (elf) => elf.addSymbol(UNKNOWN, { shndx: elf.sections }),
  };
  yield {
    what: 'added-in-last-section',
    change: (elf) => elf.addSymbol(UNKNOWN, { shndx: elf.sections - 1, value: 0xffff_ffff }),
  };
  for (let type = 0; type < 16; type += type < 7 ? 1 : 4) {
    yield {
      what: `added-in-text-type-${type}`,
      change: (elf) => elf.addSymbol(UNKNOWN, { shndx: elf.section('.text'), info: type }),
    };
  }
  yield {
    what: 'added-outside-text',
    change: (elf) => elf.addSymbol(UNKNOWN, { shndx: elf.section('.text'), value: FAR, size: FAR }),
  };
  yield {
    what: 'added-many',
    change: (elf) => {
      for (let i = 0; i < 30; i++)
        elf.addSymbol(`${UNKNOWN}_${i}`, i % 7 === 0 ? { info: 0x20 } : {});
    },
  };
  yield {
    what: 'added-three-errors',
    change: (elf) => {
      elf.addSymbol('a', {});
      elf.addSymbol('b', { shndx: COMMON });
      elf.addSymbol('c', { shndx: 0xff00 });
      elf.addSymbol('d', {});
    },
  };
}

/** Symbol 0, names that lie elsewhere, what is exported. */
function* changedSymbols(): Generator<Damage> {
  const changed = (what: string, name: string, fields: SymbolFields): Damage => ({
    what: `symbol-${what}`,
    change: (elf) => elf.setSymbol(name === '' ? 0 : elf.findSymbol(name), fields),
  });
  yield changed('first-name', '', { name: 1 });
  yield changed('first-section', '', { shndx: 3 });
  yield changed('first-common', '', { shndx: COMMON });
  yield changed('first-behind', '', { shndx: 0x1234 });
  yield changed('export-undefined', 'crc4', { shndx: 0 });
  yield changed('export-common', 'crc4', { shndx: COMMON });
  yield changed('export-absolute', 'crc4', { shndx: ABS });
  yield changed('export-nameless', 'crc4', { name: 0 });
  yield changed('export-local', 'crc4', { info: 0x02 });
  yield changed('this-module-undefined', '__this_module', { shndx: 0 });
  yield changed('this-module-nameless', '__this_module', { name: 0 });
  yield changed('export-name-undefined', '__kstrtab_crc4', { shndx: 0 });
  for (const [what, place] of [
    ['end-of-table', (elf: ElfEdit) => elf.field(elf.section('.strtab'), 'size') - 1],
    ['behind-table', (elf: ElfEdit) => elf.field(elf.section('.strtab'), 'size')],
    ['in-headers', (elf: ElfEdit) => elf.headerAt(1) - elf.field(elf.section('.strtab'), 'offset')],
    [
      'before-table',
      (elf: ElfEdit) =>
        2 ** 32 -
        elf.field(elf.section('.strtab'), 'offset') +
        elf.field(elf.section('.modinfo'), 'offset'),
    ],
  ] as const) {
    // The copy that stays is made from another place: there a name before the table is the end.
    for (const shndx of what === 'before-table' ? [0] : [0, 3]) {
      yield {
        what: `symbol-name-${what}-${shndx}`,
        change: (elf) =>
          elf.setSymbol(elf.findSymbol('crc4.c'), { name: place(elf), shndx, info: 0x10 }),
      };
    }
  }
  // A name that nobody reads may lie anywhere.
  yield changed('name-far-unread', 'crc4.c', { name: FAR });
  yield changed('name-far-undefined', 'crc4.c', { name: FAR, shndx: 0 });
  yield changed('name-far-in-text', 'crc4.c', { name: FAR, shndx: 3, info: 2 });
}

/** `.rel.text` of crc4: one entry, in a function that nobody calls. */
function* relocations(): Generator<Damage> {
  const REL = '.rel.text';
  const entry = (what: string, offset: number | undefined, info: number): Damage => ({
    what: `relocation-${what}`,
    change: (elf) => {
      const at = elf.field(elf.section(REL), 'offset');
      if (offset !== undefined) elf.put(at, 4, offset);
      elf.put(at + 4, 4, info);
    },
  });
  const RODATA = 6;
  for (let type = 0; type < 12; type++)
    yield entry(`type-${type}`, undefined, (RODATA << 8) | type);
  for (const type of [20, 21, 22, 23, 42, 43, 127, 128, 255]) {
    yield entry(`type-${type}`, undefined, (RODATA << 8) | type);
  }
  for (const symbol of [0, 1, 31, 32, 40])
    yield entry(`symbol-${symbol}`, undefined, (symbol << 8) | 1);
  yield entry('symbol-far', undefined, 0xffff_ff01);
  for (const offset of [0, 0x7d, 0x80, 0x81, 0x200]) {
    yield entry(`offset-${offset.toString(16)}`, offset, (RODATA << 8) | 1);
  }
  yield entry('offset-far', FAR, (RODATA << 8) | 1);

  const header = (what: string, change: (elf: ElfEdit, i: number) => void): Damage => ({
    what: `relocations-${what}`,
    change: (elf) => change(elf, elf.section(REL)),
  });
  for (const size of [0, 1, 7, 9, 15]) {
    yield header(`size-${size}`, (elf, i) => elf.set(i, 'size', size));
  }
  for (const entsize of [0, 1, 16]) {
    yield header(`entsize-${entsize}`, (elf, i) => elf.set(i, 'entsize', entsize));
  }
  for (const type of [0, 1, 4, 8, 9, 0x6fff_ff00]) {
    yield header(`type-${type.toString(16)}`, (elf, i) => elf.set(i, 'type', type));
  }
  for (const flags of [0, 1, 2, 4, 0x0010_0000, 0x0010_0040]) {
    yield header(`flags-${flags.toString(16)}`, (elf, i) => elf.set(i, 'flags', flags));
  }
  for (const link of [0, 1, 0xffff_ffff]) {
    yield header(`link-${link.toString(16)}`, (elf, i) => elf.set(i, 'link', link));
  }
  for (const name of [REL, '.modinfo', '.symtab', '.strtab', '.rodata', '.comment', '.bss']) {
    yield header(`of${name.replaceAll('.', '-')}`, (elf, i) => {
      elf.set(i, 'info', elf.section(name));
      elf.put(elf.field(i, 'offset'), 4, 0);
    });
  }
  yield header('of-none', (elf, i) => elf.set(i, 'info', 0));
  yield header('of-nobody', (elf, i) => elf.set(i, 'info', elf.sections));
  yield header('of-far', (elf, i) => elf.set(i, 'info', 0xffff_ffff));
  yield {
    what: 'exports-not-relocated',
    change: (elf) => elf.set(elf.section('.rel__ksymtab_gpl'), 'size', 0),
  };
  yield {
    what: 'exports-cut',
    change: (elf) => elf.set(elf.section('__ksymtab_gpl'), 'size', 11),
  };
  yield {
    what: 'exports-ordinary',
    change: (elf) => {
      const at =
        elf.field(elf.section('.shstrtab'), 'offset') +
        elf.field(elf.section('__ksymtab_gpl'), 'name');
      elf.text(at, '__ksymtab\0\0\0\0');
    },
  };
}
