// SPDX-License-Identifier: MIT
// Copies of small modules with one thing wrong: each field of the ELF header and of every section
// header, cuts at every boundary, names, modinfo, symbols, signature trailers.

import { Random } from '../../loader/engine/index.ts';
import type { ScenarioInput } from '../../loader/scenario/schema.ts';
import { type Suite, scenarioOf } from '../../scripts/verify/suite.ts';

type Step = NonNullable<ScenarioInput['steps']>[number];

const BASES = ['crc4.ko', 'test_module.ko', 'ms_export.ko'];
const READ_EVERY = 60;
const READS = ['/sys/kernel/debug/modules/stats', '/proc/modules', '/proc/vmallocinfo'];
/** Offset and width of each field of an ELF32 header and section header. */
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
const SECTION = [
  'name',
  'type',
  'flags',
  'addr',
  'offset',
  'size',
  'link',
  'info',
  'addralign',
  'entsize',
];
/**
 * Moved elsewhere, these make the kernel go by bytes no file determines: symbol names are read where
 * the table says, behind the copy too, and struct module has fields wherever this build put them.
 */
const BEYOND_THE_FILE = ['.symtab', '.strtab', '.gnu.linkonce.this_module'];
const TRAILER = '~Module signature appended~\n';

interface Section {
  readonly at: number;
  readonly name: string;
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}

export const damaged: Suite = {
  name: 'damaged',
  summary: 'copies of small modules with one thing wrong',
  variants: ['xz', 'gzip', 'zstd'],
  seeds: [1, 2],
  async cases(modules, seed) {
    const random = new Random(seed);
    const files = new Map(modules);
    const steps: Step[] = [];
    let count = 0;
    const add = (base: string, what: string, bytes: Uint8Array): void => {
      const path = `damaged/${base.replace('.ko', '')}-${what}.ko`;
      files.set(path, bytes);
      steps.push({ finit_module: path }, { delete_module: base.replace('.ko', '') });
      count += 1;
      if (count % READ_EVERY === 0) for (const read of READS) steps.push({ read });
    };
    BASES.forEach((base, n) => {
      const bytes = modules.get(base)!;
      for (const [what, copy] of damagedCopies(bytes, random, n === 0)) add(base, what, copy);
    });
    for (const read of READS) steps.push({ read });
    return [{ scenario: scenarioOf(`damaged ${seed}`, steps, { seed }), files }];
  },
};

/** `whole`: every field; otherwise a draw of them. */
function* damagedCopies(
  bytes: Uint8Array,
  random: Random,
  whole: boolean,
): Generator<[string, Uint8Array]> {
  const sections = sectionsOf(bytes);
  const take = (share: number): boolean => whole || random.float() < share;
  for (const [at, width] of HEADER) {
    if (take(0.3)) yield [`header-${at}`, withField(bytes, at, width, random)];
  }
  for (const [i, section] of sections.entries()) {
    for (const [field, name] of SECTION.entries()) {
      if (name === 'offset' && BEYOND_THE_FILE.includes(section.name)) continue;
      if (take(0.1)) {
        yield [`section-${i}-${name}`, withField(bytes, section.at + 4 * field, 4, random)];
      }
    }
  }
  const table = sections[0]!.at;
  const ends = [0, 1, 51, 52, table, table + 40, bytes.length];
  for (const { offset, size } of sections) ends.push(offset, offset + size);
  for (const end of [...new Set(ends.flatMap((e) => [e - 1, e, e + 1]))].sort((a, b) => a - b)) {
    if (end >= 0 && end < bytes.length && take(0.15)) yield [`cut-${end}`, bytes.slice(0, end)];
  }
  yield* wrongNames(bytes, sections);
  yield* wrongSymbols(bytes, sections, random);
  yield* trailers(bytes);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function sectionsOf(bytes: Uint8Array): Section[] {
  const v = view(bytes);
  const table = v.getUint32(32, true);
  const names = table + 40 * v.getUint16(50, true);
  const base = v.getUint32(names + 16, true);
  return Array.from({ length: v.getUint16(48, true) }, (_, i) => {
    const at = table + 40 * i;
    let end = base + v.getUint32(at, true);
    const start = end;
    while (bytes[end] !== 0) end += 1;
    return {
      at,
      name: String.fromCharCode(...bytes.subarray(start, end)),
      type: v.getUint32(at + 4, true),
      offset: v.getUint32(at + 16, true),
      size: v.getUint32(at + 20, true),
    };
  });
}

/** The field with another value: an end of its range, a neighbour, or anything. */
function withField(bytes: Uint8Array, at: number, width: number, random: Random): Uint8Array {
  const copy = bytes.slice();
  const v = view(copy);
  const top = 2 ** (8 * width) - 1;
  const old =
    width === 1 ? v.getUint8(at) : width === 2 ? v.getUint16(at, true) : v.getUint32(at, true);
  const values = [0, 1, top, old + 1, old - 1, old ^ 0x10, old * 2 + 1, random.below(top)]
    .map((value) => (value < 0 ? value + top + 1 : value % (top + 1)))
    .filter((value) => value !== old);
  const value = values[random.below(values.length)]!;
  if (width === 1) v.setUint8(at, value);
  else if (width === 2) v.setUint16(at, value, true);
  else v.setUint32(at, value, true);
  return copy;
}

/** The first `from` in the file becomes `to`, byte by byte; undefined when there is none. */
function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array | undefined {
  const at = Buffer.from(bytes).indexOf(from, 0, 'latin1');
  if (at < 0) return undefined;
  const copy = bytes.slice();
  for (let i = 0; i < to.length; i++) copy[at + i] = to.charCodeAt(i);
  return copy;
}

function* wrongNames(
  bytes: Uint8Array,
  sections: readonly Section[],
): Generator<[string, Uint8Array]> {
  const changes: [string, string, string][] = [
    ['vermagic-release', 'vermagic=6', 'vermagic=7'],
    ['vermagic-flags', ' SMP ', ' smp '],
    ['vermagic-absent', 'vermagic=', 'vermagix='],
    ['license-absent', 'license=', 'licensx='],
    ['license-other', 'license=GPL', 'license=XYZ'],
    ['name-absent', '\0name=', '\0nane='],
    ['intree-absent', 'intree=Y', 'inthree'],
    ['retpoline', 'retpoline=Y', 'livepatch=Y'],
    ['depends', 'depends=', 'staging='],
    ['no-modinfo', '.modinfo', '.modinfx'],
    ['no-this-module', '.gnu.linkonce.this_module', '.gnu.linkonce.thiz_module'],
    ['no-symtab-name', '.symtab', '.symtax'],
    ['init-is-core', '.init.text', '.text.init'],
    ['core-is-init', '.rodata', '.init.x'],
    ['percpu', '.comment', '.data..percpu'],
    ['versions', '.comment', '__versions'],
    ['second-modinfo', '.comment', '.modinfo'],
    ['second-this-module', '.note.GNU-stack', '.modinfo'],
    ['obsparm', '.comment', '__obsparm'],
    ['ctors', '.comment', '.ctors\0'],
  ];
  for (const [what, from, to] of changes) {
    const copy = replaced(bytes, from, to);
    if (copy !== undefined) yield [what, copy];
  }
  const self = sections.find(({ name }) => name === '.gnu.linkonce.this_module');
  if (self === undefined) return;
  // struct module: state, list, name.
  const at = self.offset + 12;
  for (const [what, name] of [
    ['empty', '\0'],
    ['slash', 'a/b\0'],
    ['other', 'othername\0'],
    ['space', 'a b\0'],
    ['percent', '%s%n\0'],
    ['long', 'x'.repeat(59)],
  ] as const) {
    const copy = bytes.slice();
    for (let i = 0; i < name.length; i++) copy[at + i] = name.charCodeAt(i);
    yield [`self-name-${what}`, copy];
  }
}

function* wrongSymbols(
  bytes: Uint8Array,
  sections: readonly Section[],
  random: Random,
): Generator<[string, Uint8Array]> {
  const table = sections.find(({ type }) => type === 2);
  if (table === undefined) return;
  const v = view(bytes);
  for (let i = 0; i < table.size / 16; i++) {
    const at = table.offset + 16 * i;
    const shndx = v.getUint16(at + 14, true);
    const undefinedSymbol = shndx === 0 && i > 0;
    const field = undefinedSymbol ? random.below(3) : 2;
    if (field === 0) yield [`symbol-${i}-name`, withField(bytes, at, 1, random)];
    if (field === 1) yield [`symbol-${i}-info`, withField(bytes, at + 12, 1, random)];
    if (field < 2) continue;
    const copy = bytes.slice();
    const values = [0, 0xfff1, 0xfff2, 0xff00, 0xffff, sections.length, sections.length + 1];
    view(copy).setUint16(at + 14, values[random.below(values.length)]!, true);
    yield [`symbol-${i}-section`, copy];
  }
}

/** Signature blocks after the module: the kernel looks for them only when it checks signatures. */
function* trailers(bytes: Uint8Array): Generator<[string, Uint8Array]> {
  const append = (...parts: (string | number[])[]): Uint8Array =>
    Buffer.concat([
      bytes,
      ...parts.map((part) =>
        typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part),
      ),
    ]);
  const block = (length: number): number[] => [
    0,
    0,
    2,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    length >> 8,
    length & 255,
  ];
  yield ['trailer-alone', append(TRAILER)];
  yield ['trailer-block', append([1, 2, 3, 4], block(4), TRAILER)];
  yield ['trailer-too-long', append(block(60_000), TRAILER)];
  yield ['trailer-cut', append(block(4), TRAILER.slice(0, -1))];
  yield ['tail-bytes', append('some bytes after the end')];
}
