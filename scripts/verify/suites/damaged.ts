// SPDX-License-Identifier: MIT
// Copies of small modules with one thing wrong: each field of the ELF header and of every section
// header, cuts at every boundary, and what the damaged-*.ts beside this file add. Each copy has a
// name of its own, so that one that stays loaded does not stand in the way of the next.

import { Random } from '../../../loader/engine/index.ts';
import { type Step, type Suite, scenarioOf } from '../suite.ts';
import { type Damage, otherValue } from './damage.ts';
import { damagedLinks } from './damaged-links.ts';
import { damagedPercpu, damagedTables } from './damaged-tables.ts';
import { damagedNames, damagedParams, damagedTexts } from './damaged-texts.ts';
import { ElfEdit, SECTION_FIELDS, THIS_MODULE } from './elf-edit.ts';

const BASES = ['crc4.ko', 'test_module.ko', 'ms_export.ko'];
/** How many copies go by between looks at what is loaded, and at everything when none is. */
const LOOK_EVERY = 12;
const READ_EVERY = 100;
const LISTS = ['/proc/modules', '/proc/vmallocinfo'];
const READS = ['/sys/kernel/debug/modules/stats', ...LISTS];
/** Offset and width of each field of an ELF32 header. */
const HEADER: readonly (readonly [number, number])[] = [
  ...Array.from({ length: 16 }, (_, i) => [i, 1] as const),
  [16, 2],
  [18, 2],
  [20, 4],
  [24, 4],
  [28, 4],
  [32, 4],
  [36, 4],
  [40, 2],
  [42, 2],
  [44, 2],
  [46, 2],
  [48, 2],
  [50, 2],
];
/**
 * Moved anywhere, these make the kernel go by bytes no file determines: symbol names are read where
 * the table says, behind the copy too, and struct module has fields wherever this build put them.
 * Places that do determine them are in damaged-tables.ts.
 */
const BEYOND_THE_FILE = ['.symtab', '.strtab', THIS_MODULE];
const BLACKLISTED = 'ms_blacklisted';

export const damaged: Suite = {
  name: 'damaged',
  summary: 'copies of small modules with one thing wrong',
  variants: ['xz', 'gzip', 'zstd'],
  seeds: [1, 2],
  async cases(modules, seed) {
    const random = new Random(seed);
    const files = new Map(BASES.map((base) => [base, modules.get(base)!]));
    const steps: Step[] = [];
    let count = 0;
    const add = (base: string, { what, name, change }: Damage): void => {
      const short = base.replace('.ko', '');
      const elf = new ElfEdit(modules.get(base)!);
      elf.setName(name ?? `${short}_${count}`);
      change(elf);
      const path = `damaged/${short}-${what}.ko`;
      if (files.has(path)) throw new Error(`two copies ${path}`);
      files.set(path, elf.bytes);
      steps.push({ finit_module: path });
      if (count % LOOK_EVERY === 0) for (const read of LISTS) steps.push({ read });
      steps.push({ delete_module: name ?? `${short}_${count}` });
      count += 1;
      if (count % READ_EVERY === 0) for (const read of READS) steps.push({ read });
    };
    BASES.forEach((base, n) => {
      for (const damage of damages(modules.get(base)!, random, n === 0)) add(base, damage);
    });
    const tables = BASES[(seed + 1) % 2]!;
    for (const damage of damagedTables(new ElfEdit(modules.get(tables)!))) add(tables, damage);
    for (const damage of damagedLinks()) add(BASES[0]!, damage);
    for (const damage of damagedTexts(BLACKLISTED)) add(BASES[0]!, damage);
    for (const damage of damagedPercpu()) add('ms_percpu.ko', damage);
    for (const damage of damagedParams()) add('ms_param.ko', damage);
    for (const damage of damagedNames()) add(BASES[1]!, damage);
    for (const read of READS) steps.push({ read });
    const kernel = { base: 'v6.12' as const, blacklist: [BLACKLISTED] };
    return [{ scenario: scenarioOf(`damaged ${seed}`, steps, { seed, kernel }), files }];
  },
};

/** `whole`: every field; otherwise a draw of them. */
function* damages(bytes: Uint8Array, random: Random, whole: boolean): Generator<Damage> {
  const sound = new ElfEdit(bytes);
  const sections = Array.from({ length: sound.sections }, (_, i) => i);
  const take = (share: number): boolean => whole || random.float() < share;
  const field = (what: string, at: number, width: number): Damage => ({
    what,
    change: (elf) => otherValue(elf, at, width, random),
  });
  for (const [at, width] of HEADER) if (take(0.3)) yield field(`header-${at}`, at, width);
  for (const i of sections) {
    for (const [n, name] of SECTION_FIELDS.entries()) {
      if (name === 'offset' && BEYOND_THE_FILE.includes(sound.nameOf(i))) continue;
      if (take(0.1)) yield field(`section-${i}-${name}`, sound.headerAt(i) + 4 * n, 4);
    }
  }
  const table = sound.headerAt(0);
  const ends = [0, 1, 51, 52, table, table + 40, bytes.length];
  for (const i of sections) {
    const offset = sound.field(i, 'offset');
    ends.push(offset, offset + sound.field(i, 'size'));
  }
  for (const end of [...new Set(ends.flatMap((e) => [e - 1, e, e + 1]))].sort((a, b) => a - b)) {
    if (end < 0 || end >= bytes.length || !take(0.15)) continue;
    yield { what: `cut-${end}`, change: (elf) => elf.cut(end) };
  }
  yield* wrongSymbols(sound, random);
}

/** Every symbol with another section, or another name or type when it is an undefined one. */
function* wrongSymbols(sound: ElfEdit, random: Random): Generator<Damage> {
  const { sections } = sound;
  const others = [0, 0xfff1, 0xfff2, 0xff00, 0xffff, sections, sections + 1];
  for (let i = 0; i < sound.symbols; i++) {
    const at = sound.symbolAt(i);
    const kind = sound.symbol(i, 'shndx') === 0 && i > 0 ? random.below(3) : 2;
    const what = `symbol-${i}-${['name', 'info', 'section'][kind]}`;
    if (kind === 0) yield { what, change: (elf) => otherValue(elf, at, 1, random) };
    else if (kind === 1) yield { what, change: (elf) => otherValue(elf, at + 12, 1, random) };
    else {
      const shndx = others[random.below(others.length)]!;
      yield { what, change: (elf) => elf.setSymbol(i, { shndx }) };
    }
  }
}
