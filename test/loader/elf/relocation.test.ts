// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type ElfKernel, writeModule } from '../../../loader/elf/index.ts';
import { Damage, fullSpec, I386, KERNELS, mustRead, sampleFile, X86_64 } from './sample-modules.ts';

// Restated from include/uapi/linux/elf.h.
const SHN_ABS = 0xfff1;
const SHN_COMMON = 0xfff2;
const SHN_LIVEPATCH = 0xff20;

/** Sizes and places in the tables, by word size. */
function shapes(kernel: ElfKernel) {
  return kernel.wordBits === 64
    ? { prefix: '.rela', entry: 24, type: 8, sym: 24, shndx: 6, info: 4 }
    : { prefix: '.rel', entry: 8, type: 4, sym: 16, shndx: 14, info: 12 };
}

/** The sample with the type of one relocation of `section` changed. */
function withType(kernel: ElfKernel, section: string, entry: number, type: number): Damage {
  const d = new Damage(kernel);
  const { prefix, entry: size, type: at } = shapes(kernel);
  const place = d.get(d.index(`${prefix}${section}`), 'offset') + entry * size + at;
  if (kernel.wordBits === 64) return d.u32(place, type);
  d.bytes[place] = type;
  return d;
}

const refusalOf = (d: Damage, kernel = d.kernel) =>
  mustRead(d.bytes, kernel).unknownRelocation()?.message;

describe('relocations', () => {
  it.each([1, 2, 4])('of type %i are known to i386', (type) => {
    expect(refusalOf(withType(I386, '__param', 1, type))).toBeUndefined();
  });

  it.each([0, 3, 5, 10, 255])('of type %i are refused on i386', (type) => {
    expect(mustRead(withType(I386, '__param', 1, type).bytes, I386).unknownRelocation()).toEqual({
      errno: 8,
      message: { level: 3, text: `module: sample: Unknown relocation: ${type}` },
      section: new Damage(I386).index('.rel__param'),
      type,
    });
  });

  it.each([0, 1, 2, 4, 10, 11, 24])('of type %i are known to x86-64', (type) => {
    expect(refusalOf(withType(X86_64, '__param', 1, type))).toBeUndefined();
  });

  it.each([3, 9, 25, 42, 0xffffffff])('of type %i are refused on x86-64', (type) => {
    expect(refusalOf(withType(X86_64, '__param', 1, type))).toEqual({
      level: 3,
      text: `module: sample: Unknown rela relocation: ${type}`,
    });
  });

  it('are refused in section order, the first one only', () => {
    const d = withType(I386, '__param', 1, 77);
    const text = d.get(d.index('.rel.text'), 'offset');
    d.bytes[text + 4] = 66;
    expect(refusalOf(d)?.text).toContain('66');
  });

  it('of sections that are not loaded do not matter', () => {
    const d = withType(I386, '__param', 1, 77);
    d.section(d.index('__param'), 'flags', 0);
    expect(refusalOf(d)).toBeUndefined();
    const percpu = withType(I386, '__param', 1, 77);
    percpu.section(percpu.index('.rel__param'), 'info', percpu.index('.data..percpu'));
    expect(refusalOf(percpu)).toBeUndefined();
    expect(refusalOf(percpu, { ...I386, smp: false })).toBeDefined();
    const far = withType(I386, '__param', 1, 77);
    expect(refusalOf(far.section(far.index('.rel__param'), 'info', 0xffff))).toBeUndefined();
  });

  it('of the string table matter only where kallsyms loads it', () => {
    const d = withType(I386, '__param', 1, 77);
    d.section(d.index('.rel__param'), 'info', d.index('.strtab'));
    expect(refusalOf(d)).toBeDefined();
    expect(refusalOf(d, { ...I386, kallsyms: false })).toBeUndefined();
  });

  it('of the other form are refused whole, under one name for both', () => {
    const says = { level: 3, text: 'module sample: REL relocation unsupported' };
    const d = new Damage(I386);
    expect(refusalOf(d.section(d.index('.rel.text'), 'type', 4))).toEqual(says);
    const wide = new Damage(X86_64);
    expect(refusalOf(wide.section(wide.index('.rela.text'), 'type', 9))).toEqual(says);
  });

  it('outside their tables are reported', () => {
    const d = new Damage(I386);
    d.u32(d.get(d.index('.rel.text'), 'offset'), 0x7ffffff0);
    expect(mustRead(d.bytes, I386).relocationHazards()).toHaveLength(1);
    const s = new Damage(I386);
    s.u32(s.get(s.index('.rel.text'), 'offset') + 4, 0xffffff02);
    expect(mustRead(s.bytes, I386).relocationHazards()).toHaveLength(1);
  });

  it.each([
    ['arm', 32, '.rel', 'sample: unknown relocation: 200'],
    ['arm64', 64, '.rela', 'Modules: module sample: unsupported RELA relocation: 200'],
  ] as const)('have the words of %s', (arch, wordBits, _, text) => {
    const base = wordBits === 64 ? X86_64 : I386;
    const kernel: ElfKernel = { ...base, arch };
    const d = withType(base, '.text', 0, 200).u16(18, arch === 'arm' ? 40 : 183);
    expect(refusalOf(d, kernel)).toEqual({ level: 3, text });
  });
});

describe.each(KERNELS)('symbols of a $wordBits-bit module', (kernel) => {
  const { sym, shndx, info } = shapes(kernel);

  /** The sample with its first global function moved to another section index. */
  function moved(index: number, binding = 1): { d: Damage; at: number; name: string } {
    const d = new Damage(kernel);
    const base = d.get(d.index('.symtab'), 'offset');
    const elf = mustRead(d.bytes, kernel);
    const symbols = elf.symbols();
    let i = 1;
    while (symbols.name(i) !== 'sample_open') i += 1;
    d.u16(base + i * sym + shndx, index);
    d.bytes[base + i * sym + info] = (binding << 4) | 2;
    return { d, at: i, name: 'sample_open' };
  }

  const cases = (d: Damage, k = kernel) =>
    mustRead(d.bytes, k)
      .symbolCases()
      .filter((c) => c.name.startsWith('sample'));

  it('are undefined, common, or of a section that is not there', () => {
    const { d, at, name } = moved(0);
    const found = { index: at, name, weak: false };
    expect(cases(d)).toEqual([{ ...found, kind: 'undefined', shndx: 0 }]);
    expect(cases(moved(SHN_COMMON).d)).toEqual([{ ...found, kind: 'common', shndx: SHN_COMMON }]);
    const { shnum } = d;
    expect(cases(moved(shnum).d)).toEqual([{ ...found, kind: 'bad_section', shndx: shnum }]);
    expect(cases(moved(shnum - 1).d)).toEqual([]);
    expect(cases(moved(SHN_ABS).d)).toEqual([]);
    expect(cases(moved(SHN_LIVEPATCH).d)).toEqual([]);
  });

  it('of a section that is not there go unseen by kernels of the one-pass checks', () => {
    expect(cases(moved(0xff00).d, { ...kernel, sectionNameCheck: 'alloc' })).toEqual([]);
  });

  it('may stay undefined when weak', () => {
    expect(cases(moved(0, 2).d)[0]?.weak).toBe(true);
  });

  it('include the global offset table, which may stay undefined', () => {
    const spec = { ...fullSpec(kernel), undefinedSymbols: ['_GLOBAL_OFFSET_TABLE_', '_printk'] };
    const elf = mustRead(writeModule(spec), kernel);
    const found = elf.symbolCases().filter((c) => c.name.startsWith('_'));
    expect(found.map((c) => [c.name, c.weak])).toEqual([
      ['_GLOBAL_OFFSET_TABLE_', true],
      ['_printk', false],
    ]);
  });

  it('named for link-time optimisation may be common', () => {
    const spec = { ...fullSpec(kernel), exports: [{ name: '__gnu_lto_slim' }] };
    const d = new Damage(kernel, writeModule(spec));
    const symbols = mustRead(d.bytes, kernel).symbols();
    let i = 1;
    while (symbols.name(i) !== '__gnu_lto_slim') i += 1;
    d.u16(d.get(d.index('.symtab'), 'offset') + i * sym + shndx, SHN_COMMON);
    const common = mustRead(d.bytes, kernel).symbolCases();
    expect(common.filter((c) => c.kind === 'common')).toEqual([]);
  });
});

describe('optional sections', () => {
  it('are found by name and only where they are loaded', () => {
    const d = new Damage(I386);
    const data = d.index('.data');
    const name = d.get(d.index('.shstrtab'), 'offset') + d.get(data, 'name');
    const rename = (to: string) => {
      for (let i = 0; i <= to.length; i += 1) d.bytes[name + i] = to.charCodeAt(i) || 0;
      return mustRead(d.bytes, I386);
    };
    // The name of `.data` is followed by that of its successor, which is spoilt here on purpose.
    expect(rename('.ctors').hasCtors).toBe(true);
    expect(rename('.init_array')).toMatchObject({ hasCtors: false, hasInitArray: true });
    expect(rename('__obsparm')).toMatchObject({ hasInitArray: false, hasObsparm: true });
    d.section(data, 'flags', 1);
    expect(mustRead(d.bytes, I386).hasObsparm).toBe(false);
    expect(mustRead(sampleFile(I386), I386)).toMatchObject({
      hasCtors: false,
      hasInitArray: false,
      hasObsparm: false,
    });
  });
});
