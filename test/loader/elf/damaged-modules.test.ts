// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkRwxSections,
  type ElfKernel,
  extractModinfo,
  layoutBefore64,
  layoutModule,
  readElf,
  writeModule,
} from '../../../loader/elf/index.ts';
import { Damage, fullSpec, I386, KERNELS, sampleFile } from './sample-modules.ts';

/** Numbers that have broken parsers before. */
const NUMBERS = [
  0n,
  1n,
  2n,
  7n,
  0x7fn,
  0xffn,
  0xfff1n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xfffffff0n,
  0xffffffffn,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

type Mutation = { readonly place: number } & (
  | { readonly kind: 'flip'; readonly bit: number }
  | { readonly kind: 'word'; readonly value: bigint; readonly bytes: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'noise'; readonly bytes: Uint8Array }
  | { readonly kind: 'copy'; readonly from: number; readonly length: number }
);

/** Spread evenly: fast-check's own bias would hit the magic bytes half the time. */
const fraction = fc.noBias(fc.nat(999_999)).map((n) => n / 1_000_000);

/** A place in the file: anywhere, in the header, or in the tables towards the end. */
const place = fc.oneof(
  { weight: 6, arbitrary: fraction },
  { weight: 1, arbitrary: fraction.map((f) => f * 0.01) },
  { weight: 3, arbitrary: fraction.map((f) => 0.6 + f * 0.4) },
);

const value = fc.oneof(fc.constantFrom(...NUMBERS), fc.bigInt({ min: 0n, max: 40000n }));

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('flip' as const), place, bit: fc.nat(7) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('word' as const),
      place,
      value,
      bytes: fc.constantFrom(2, 4, 8),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('noise' as const),
      place,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('copy' as const),
      place,
      from: fc.nat(1 << 20),
      length: fc.nat(200),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), place }) },
);

function mutate(file: Uint8Array, mutations: readonly Mutation[]): Uint8Array {
  let bytes = new Uint8Array(file);
  for (const m of mutations) {
    const at = Math.floor(m.place * bytes.length);
    if (bytes.length === 0) break;
    if (m.kind === 'flip') bytes[at]! ^= 1 << m.bit;
    else if (m.kind === 'cut') bytes = bytes.slice(0, at);
    else if (m.kind === 'noise') bytes.set(m.bytes.subarray(0, bytes.length - at), at);
    else if (m.kind === 'copy') {
      const from = m.from % bytes.length;
      bytes.copyWithin(at, from, Math.min(from + m.length, bytes.length));
    } else {
      const aligned = at - (at % 4);
      for (let i = 0; i < m.bytes && aligned + i < bytes.length; i += 1) {
        bytes[aligned + i] = Number((m.value >> BigInt(8 * i)) & 0xffn);
      }
    }
  }
  return bytes;
}

/** Asks a file everything there is to ask; the sum of what came back, so nothing is skipped. */
function askEverything(bytes: Uint8Array, kernel: ElfKernel, flags: number): number {
  extractModinfo(bytes);
  const result = readElf(bytes, kernel, flags);
  if (!result.ok) {
    expect(result.errno).toBe(8);
    expect(result.message?.text.length).toBeGreaterThan(0);
    return 0;
  }
  const { elf } = result;
  const symbols = elf.symbols();
  let sum = 0;
  for (let i = 0; i < Math.min(symbols.count, 300); i += 1) {
    sum += symbols.name(i).length + symbols.value(i) + symbols.size(i) + symbols.shndx(i);
    sum += symbols.info(i) + symbols.other(i) + symbols.nameOffset(i);
  }
  const lists: readonly (readonly unknown[])[] = [
    elf.sections,
    elf.modinfo,
    elf.depends,
    elf.params,
    elf.importNs,
    elf.undefinedSymbols(),
    elf.symbolCases(),
    elf.exports(),
    elf.versions(),
    elf.paramEntries(),
    elf.hazards,
    elf.relocationHazards(),
  ];
  for (const list of lists) sum += list.length;
  sum += [elf.hasInit, elf.hasExit, elf.hasCtors, elf.hasInitArray, elf.hasObsparm].length;
  sum += elf.name.length + elf.infoName.length + (elf.vermagic ?? elf.license ?? '').length;
  sum += elf.unknownRelocation()?.type ?? 0;
  sum += elf.percpu?.size ?? 0;
  expect(checkRwxSections(elf, kernel)?.errno ?? 8).toBe(8);

  const layout = layoutModule(elf, kernel);
  expect(layout.types).toHaveLength(7);
  for (const { raw, size } of layout.types) {
    expect(raw >>> 0).toBe(raw);
    expect(size % 4096).toBe(0);
    expect(size >>> 0).toBe(size);
  }
  expect(layout.total).toBe(layout.core + layout.init);
  sum += layout.places.length + layout.hazards.length;
  const { core, init } = layoutBefore64(elf, kernel);
  for (const part of [core, init]) for (const n of Object.values(part)) expect(n >>> 0).toBe(n);
  expect(Number.isNaN(sum)).toBe(false);
  return sum;
}

describe.each(KERNELS)('a damaged $wordBits-bit module', (kernel) => {
  const variants: ElfKernel[] = [
    kernel,
    { ...kernel, structModuleSize: undefined, kallsymsAll: true, livepatch: true },
    { ...kernel, structModuleSize: undefined, sectionNameCheck: 'alloc', smp: false },
    { ...kernel, moduleUnload: false, kallsyms: false, strictModuleRwx: false },
  ];

  it('never does more than be refused, whatever was done to it', () => {
    const file = sampleFile(kernel);
    let taken = 0;
    fc.assert(
      fc.property(
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        fc.nat(3),
        fc.nat(3),
        (mutations, variant, flags) => {
          if (askEverything(mutate(file, mutations), variants[variant]!, flags) > 0) taken += 1;
        },
      ),
      { numRuns: 4000 },
    );
    // The damage must leave enough files alive to reach what lies behind the checks.
    expect(taken).toBeGreaterThan(500);
  });

  it('never does more when any field of any section header is any number', () => {
    const d = new Damage(kernel);
    const fields = [
      'name',
      'type',
      'flags',
      'addr',
      'offset',
      'size',
      'link',
      'info',
      'addralign',
    ] as const;
    let taken = 0;
    for (let section = 0; section < d.shnum; section += 1) {
      for (const field of fields) {
        for (const value of NUMBERS) {
          const damaged = new Damage(kernel);
          damaged.section(section, field, value & (2n ** 32n - 1n));
          if (field !== 'name' && field !== 'type' && field !== 'link' && field !== 'info') {
            damaged.section(section, field, value);
          }
          if (askEverything(damaged.bytes, variants[section % 4]!, 0) > 0) taken += 1;
        }
      }
    }
    expect(taken).toBeGreaterThan(500);
  });

  it('is refused or read at every length', () => {
    const file = writeModule({ ...fullSpec(kernel), sizes: { text: 20 }, extraSymbols: 2 });
    for (let length = 0; length <= file.length; length += 1) {
      askEverything(file.subarray(0, length), variants[length % 4]!, 0);
    }
  });

  it('of nothing but noise behind a good header is refused or read', () => {
    const file = sampleFile(kernel);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(3), (noise, variant) => {
        const bytes = new Uint8Array(64 + noise.length);
        bytes.set(file.subarray(0, 64));
        bytes.set(noise, 64);
        askEverything(bytes, variants[variant]!, 0);
        askEverything(noise, variants[variant]!, 0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('tables made as large as their fields allow', () => {
  it('are answered at once: sections, relocations and parameters by the ten thousand', () => {
    // 65,000 section headers that share one name, type and target, and claim a lot of relocations.
    const file = writeModule({ ...fullSpec(I386), sizes: { text: 200_000 } });
    const count = 65_000;
    const shoff = file.length;
    const bytes = new Uint8Array(shoff + count * 40);
    bytes.set(file);
    const d = new Damage(I386, bytes);
    const old = d.shoff;
    const { shnum } = d;
    const rel = d.index('.rel.text');
    for (let i = 0; i < count; i += 1) {
      const from = old + (i < shnum ? i : rel) * 40;
      d.bytes.copyWithin(shoff + i * 40, from, from + 40);
    }
    d.u32(32, shoff).u16(48, count);
    const text = d.get(d.index('.text'), 'offset');
    for (let i = shnum; i < count; i += 1) {
      d.section(i, 'offset', text + (i % 1000) * 8).section(i, 'size', 190_000);
      if (i % 2 === 0) d.section(i, 'info', d.index('.gnu.linkonce.this_module'));
    }
    // All of them of type 1, which is known, so that none ends the walk.
    for (let at = 0; at < 200_000; at += 8) d.bytes[text + at + 4] = 1;
    expect(askEverything(d.bytes, I386, 0)).toBeGreaterThan(count);
  });

  it('of parameters and exports that overlap everything are answered at once', () => {
    const text = 400_000;
    const d = new Damage(I386, writeModule({ ...fullSpec(I386), sizes: { text } }));
    const at = d.get(d.index('.text'), 'offset');
    for (const name of ['__param', '__ksymtab', '__ksymtab_gpl', '__versions', '.modinfo']) {
      d.section(d.index(name), 'offset', at).section(d.index(name), 'size', text);
    }
    for (const name of ['.rel__param', '.rel__ksymtab', '.rel__ksymtab_gpl', '.symtab']) {
      d.section(d.index(name), 'offset', at).section(d.index(name), 'size', text);
    }
    expect(askEverything(d.bytes, I386, 0)).toBeGreaterThan(0);
  });
});
