// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ElfKernel,
  type ModuleSpec,
  moduleLength,
  writeModule,
} from '../../../loader/elf/index.ts';
import { HAVE_READELF, readelfSections, readelfWarnings } from './readelf.ts';
import { fullSpec, I386, KERNELS, mustRead, sampleFile } from './sample-modules.ts';

const noReadelf = HAVE_READELF ? '' : ' (skipped: no readelf)';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'modstorm-elf-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Some specs of different shapes for one kernel. */
function specs(kernel: ElfKernel): ModuleSpec[] {
  const full = fullSpec(kernel);
  const { name, structModuleSize } = full;
  const arch = full.arch ?? 'i386';
  return [
    full,
    { name, arch, structModuleSize },
    { name, arch, structModuleSize, init: false, exit: false },
    { ...full, fileSize: 70_003 },
    { name: 'big', arch, structModuleSize, sizes: { text: 500_000, bss: 9_000_000 }, init: false },
    { name: 'tail', arch, structModuleSize, extraSymbols: 3000, exports: [{ name: 'tail_x' }] },
  ];
}

describe.each(KERNELS)('a written module of $wordBits bits', (kernel) => {
  it.skipIf(noReadelf)(`is read by readelf -a without a warning${noReadelf}`, () => {
    specs(kernel).forEach((spec, i) => {
      const path = join(folder, `${kernel.arch}-${i}.ko`);
      writeFileSync(path, writeModule(spec));
      expect(readelfWarnings(path)).toBe('');
    });
  });

  it.skipIf(noReadelf)(`has the sections readelf -SW prints${noReadelf}`, () => {
    const paths = specs(kernel).map((spec, i) => {
      const path = join(folder, `${kernel.arch}-s${i}.ko`);
      writeFileSync(path, writeModule(spec));
      return path;
    });
    const printed = readelfSections(paths);
    specs(kernel).forEach((spec, i) => {
      const { sections } = mustRead(writeModule(spec), kernel);
      expect(sections.map(({ index, nameOffset, ...rest }) => rest)).toEqual(printed[i]);
    });
  });

  it('holds sections of the sizes asked for', () => {
    const elf = mustRead(sampleFile(kernel), kernel);
    const sizes = Object.fromEntries(elf.sections.map((s) => [s.name, s.size]));
    expect(sizes).toMatchObject({
      '.text': 600,
      '.exit.text': 20,
      '.init.text': 90,
      '.init.rodata': 9,
      '.data': 70,
      '.init.data': 12,
      '.data..ro_after_init': 16,
      '.data..percpu': 24,
      '.bss': 100,
      '.gnu.linkonce.this_module': kernel.structModuleSize,
    });
    expect(elf.percpu).toEqual({ size: 24, align: 64 });
  });

  it('exports, imports and expects what the spec says', () => {
    const elf = mustRead(sampleFile(kernel), kernel);
    expect(elf.exports()).toEqual([
      { name: 'sample_abort', gpl: false, namespace: '', crc: 7 },
      { name: 'sample_open', gpl: false, namespace: '', crc: 0x11223344 },
      { name: 'sample_close', gpl: true, namespace: 'SAMPLE', crc: 0xdeadbeef },
    ]);
    expect(elf.versions()).toEqual([
      { name: 'module_layout', crc: 0xcafe0001 },
      { name: '_printk', crc: 0xfeed0002 },
    ]);
    expect(new Set(elf.undefinedSymbols())).toEqual(
      new Set([
        '_printk',
        '__kmalloc',
        'param_ops_int',
        'param_ops_uint',
        'param_ops_bool',
        'param_array_ops',
      ]),
    );
    expect(elf.unknownRelocation()).toBeUndefined();
    expect(elf.relocationHazards()).toEqual([]);
  });

  it('has parameters with their setters', () => {
    const elf = mustRead(sampleFile(kernel), kernel);
    const data = elf.findSec('.data')!.index;
    const rodata = elf.findSec('.rodata')!.index;
    const param = { perm: 0o444, level: -1, flags: 0, noarg: false, array: undefined };
    expect(elf.paramEntries()).toEqual([
      {
        ...param,
        name: 'count',
        ops: 'param_ops_int',
        set: 'param_set_int',
        get: 'param_get_int',
        arg: { section: data, value: 0 },
        perm: 0o644,
        string: undefined,
      },
      {
        ...param,
        name: 'list',
        ops: 'param_array_ops',
        set: 'param_array_set',
        get: 'param_array_get',
        arg: { section: rodata, value: expect.any(Number) },
        array: {
          max: 4,
          elemsize: 4,
          ops: 'param_ops_uint',
          set: 'param_set_uint',
          get: 'param_get_uint',
          num: undefined,
          elem: { section: data, value: 8 },
        },
        string: undefined,
      },
      {
        ...param,
        name: 'on',
        ops: 'param_ops_bool',
        set: 'param_set_bool',
        get: 'param_get_bool',
        arg: { section: data, value: 16 },
        noarg: true,
        string: undefined,
      },
    ]);
  });

  it('has an init and an exit function unless told otherwise', () => {
    const { name, structModuleSize } = fullSpec(kernel);
    const arch = fullSpec(kernel).arch ?? 'i386';
    for (const init of [true, false]) {
      for (const exit of [true, false]) {
        const bytes = writeModule({ name, structModuleSize, arch, init, exit });
        const elf = mustRead(bytes, kernel);
        expect([elf.hasInit, elf.hasExit]).toEqual([init, exit]);
      }
    }
  });

  it('is of any size asked for that holds it', () => {
    const least = sampleFile(kernel).length;
    fc.assert(
      fc.property(fc.nat(5000), (more) => {
        const file = writeModule({ ...fullSpec(kernel), fileSize: least + more });
        expect(file.length).toBe(least + more);
        expect(mustRead(file, kernel).exports()).toHaveLength(3);
      }),
      { numRuns: 100 },
    );
    const less = { ...fullSpec(kernel), fileSize: least - 1 };
    expect(() => writeModule(less)).toThrow(`needs ${least} bytes, not ${least - 1}`);
  });

  it('has local functions by number, side by side, and each name once', () => {
    const { structModuleSize } = fullSpec(kernel);
    const arch = fullSpec(kernel).arch ?? 'i386';
    const count = 1205;
    const exports = ['plain_fn0', 'plain_fn99', 'plain_fn1204', 'plain_fn1205', 'plain_fn01'];
    const bytes = writeModule({
      name: 'plain',
      structModuleSize,
      arch,
      sizes: { text: 3 * count + 1 },
      extraSymbols: count,
      exports: exports.map((symbol) => ({ name: symbol })),
    });
    const symbols = mustRead(bytes, kernel).symbols();
    const all = Array.from({ length: symbols.count }, (_, i) => i);
    const locals = all.filter((i) => symbols.info(i) === 0x02);
    expect(locals.map((i) => symbols.name(i))).toEqual(
      Array.from({ length: count }, (_, i) => `plain_fn${i}`),
    );
    expect(locals.map((i) => [symbols.value(i), symbols.size(i)])).toEqual(
      Array.from({ length: count }, (_, i) => [3 * i, 3]),
    );
    const offsets = new Map<string, Set<number>>();
    for (const i of all) {
      const text = symbols.name(i);
      offsets.set(text, (offsets.get(text) ?? new Set()).add(symbols.nameOffset(i)));
    }
    expect([...offsets.keys()]).toEqual(expect.arrayContaining(exports));
    expect([...offsets].filter(([, places]) => places.size > 1)).toEqual([]);
  });

  it('is as long as was said before it was written', () => {
    for (const spec of specs(kernel)) {
      const { fileSize, ...rest } = spec;
      expect(moduleLength(rest)).toBe(writeModule(rest).length);
    }
  });

  it('is the same for the same spec', () => {
    expect(sampleFile(kernel)).toEqual(sampleFile(kernel));
  });

  it('refuses a name, a symbol or a struct module that does not fit', () => {
    const spec = fullSpec(kernel);
    const room = kernel.wordBits === 64 ? 55 : 59;
    expect(mustRead(writeModule({ ...spec, name: 'n'.repeat(room) }), kernel).name).toHaveLength(
      room,
    );
    expect(() => writeModule({ ...spec, name: 'n'.repeat(room + 1) })).toThrow('too long');
    expect(() => writeModule({ ...spec, structModuleSize: 80 })).toThrow('no room');
    const versions = [{ name: 'v'.repeat(room + 1), crc: 0 }];
    expect(() => writeModule({ ...spec, versions })).toThrow('too long');
  });
});

describe('the code of a written module', () => {
  it('differs from module to module and is not all alike', () => {
    const text = (name: string) => {
      const bytes = writeModule({ name, structModuleSize: 640, sizes: { text: 4096 } });
      const elf = mustRead(bytes, I386);
      const at = elf.findSec('.text')!.offset;
      return bytes.subarray(at, at + 4096);
    };
    expect(text('one')).not.toEqual(text('two'));
    expect(new Set(text('one')).size).toBeGreaterThan(200);
  });

  it('is compressed to what code is compressed to: a third to two thirds', () => {
    for (const text of [20_000, 200_000, 700_000]) {
      const bytes = writeModule({ name: 'one', structModuleSize: 640, sizes: { text } });
      const ratio = gzipSync(bytes).length / bytes.length;
      expect(ratio).toBeGreaterThan(1 / 3);
      expect(ratio).toBeLessThan(2 / 3);
    }
  });
});
