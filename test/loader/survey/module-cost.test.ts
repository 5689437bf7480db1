// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ElfKernel, writeModule } from '../../../loader/elf/index.ts';
import type { ModuleSource } from '../../../loader/module/module-source.ts';
import { KERNEL_PRESETS, type KernelName } from '../../../loader/presets/kernels.ts';
import { collectResult } from '../../../loader/scenario/collect-result.ts';
import { prepareRun } from '../../../loader/scenario/prepare.ts';
import { scenarioSchema } from '../../../loader/scenario/schema.ts';
import { driveSession } from '../../../loader/session/drive-session.ts';
import { Session } from '../../../loader/session/session.ts';
import { totalsOf } from '../../../loader/survey/cost-totals.ts';
import { type CostKernel, moduleCost, vmallocCost } from '../../../loader/survey/module-cost.ts';

const ELF: ElfKernel = {
  arch: 'i386',
  wordBits: 32,
  structModuleSize: 640,
  modversions: false,
  kallsyms: true,
  kallsymsAll: false,
  moduleUnload: true,
  smp: true,
  livepatch: false,
  strictModuleRwx: true,
  sectionNameCheck: 'all',
};
const V612: CostKernel = { elf: ELF, features: KERNEL_PRESETS['v6.12'].features };
const PAGE = 4096;

const SMALL = writeModule({ name: 'small', structModuleSize: 640, fileSize: 6900 });

const HAS_XZ = tool('xz');
const HAS_ZSTD = tool('zstd');

function tool(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function compress(command: string, args: string[], bytes: Uint8Array): Uint8Array {
  return new Uint8Array(execFileSync(command, args, { input: bytes, maxBuffer: 1 << 28 }));
}

/** Loads one file in the model; what the call took of the address space and what it left. */
function load(path: string, bytes: Uint8Array, kernel: KernelName, flags: number) {
  const source: ModuleSource = {
    name: 'one',
    release: '6.12',
    files: [{ path, size: bytes.length, read: () => bytes }],
    metadata: {},
  };
  const scenario = scenarioSchema.parse({
    version: 1,
    name: 'one',
    kernel: { base: kernel, vermagic: 'magic ', struct_module_size: 640 },
    // Address space is looked at, not time.
    machine: { cpus: 1, costs: { unxz_byte_ns: 0 } },
    modules: { dir: '.' },
    steps: [{ finit_module: path, flags }],
  });
  const run = prepareRun(scenario, { source });
  const events: { kind: string; size?: number; nr_lazy?: number }[] = [];
  const before = run.kernel.space.stats().used;
  run.kernel.events.attach({ push: (event) => events.push(event) });
  driveSession(new Session(run.kernel, run.program, run.observer));
  const result = collectResult(run);
  const call = result.results[0]!;
  return { call, result, resident: result.vmalloc.used - before };
}

describe('what a module costs', () => {
  it('counts a vmalloc as its pages, a guard, and the page array above 4 MiB', () => {
    expect(vmallocCost(1, 32)).toBe(2 * PAGE);
    expect(vmallocCost(4096, 32)).toBe(2 * PAGE);
    expect(vmallocCost(4097, 32)).toBe(3 * PAGE);
    expect(vmallocCost(4 << 20, 32)).toBe(1025 * PAGE);
    expect(vmallocCost((4 << 20) + 1, 32)).toBe((1026 + 3) * PAGE);
    expect(vmallocCost(64 << 20, 32)).toBe((16_385 + 17) * PAGE);
    expect(vmallocCost(0, 32)).toBe(0);
  });

  it('is the copy and all areas at once for a plain file, the core areas afterwards', () => {
    const cost = moduleCost('small.ko', SMALL, V612);
    expect(cost).toMatchObject({ name: 'small', format: null, via: 'finit_module', refused: null });
    expect(cost.file_bytes).toBe(6900);
    expect(cost.copy_va).toBe(3 * PAGE);
    const areas = cost.memory.reduce((sum, { va }) => sum + va, 0);
    expect(areas).toBe(cost.total + cost.memory.length * PAGE);
    expect(cost.va.peak).toBe(cost.copy_va + areas);
    const core = cost.memory.filter(({ type }) => !type.startsWith('INIT'));
    expect(cost.va.resident).toBe(cost.core + core.length * PAGE);
    expect(cost.va.transient).toBe(cost.va.peak - cost.va.resident);
    expect(cost.wasted).toEqual({ kread: 0, decompress: null, becoming: 6900, load: 13_800 });
  });

  it.skipIf(!HAS_XZ)('counts copy, dictionary and image of an xz file (needs xz)', () => {
    const bytes = compress('xz', ['--check=crc32', '--lzma2=dict=1MiB'], SMALL);
    const cost = moduleCost('small.ko.xz', bytes, V612);
    const { length } = bytes;
    expect(cost.module_bytes).toBe(6900);
    expect(cost.decompress).toEqual({
      dictionary_bytes: 1 << 20,
      dictionary_va: (1 << 20) + PAGE,
      image_va: 3 * PAGE,
    });
    expect(cost.va.peak).toBe(cost.copy_va + (1 << 20) + PAGE);
    expect(cost.wasted).toEqual({
      kread: 0,
      decompress: length,
      becoming: 6900 + length,
      load: 2 * 6900 + length,
    });
  });

  it.skipIf(!HAS_ZSTD)(
    'takes a file of another format through user space and init_module (needs zstd)',
    () => {
      const bytes = compress('zstd', ['-q', '-c'], SMALL);
      const cost = moduleCost('small.ko.zst', bytes, V612);
      expect(cost).toMatchObject({ format: 'zstd', via: 'init_module', decompress: null });
      expect(cost.copy_va).toBe(3 * PAGE);
      expect(cost.wasted).toEqual({ kread: 6900, decompress: null, becoming: 6900, load: 13_800 });
    },
  );

  it.skipIf(!HAS_XZ)('stops where a damaged file stops, and says why (needs xz)', () => {
    const crc64 = moduleCost('c.ko.xz', compress('xz', ['--check=crc64'], SMALL), V612);
    expect(crc64.refused).toEqual({
      stage: 'decompress',
      errno: 22,
      message: 'decompression failed with status 6',
    });
    expect(crc64).toMatchObject({ name: null, module_bytes: 0, memory: [], total: 0 });
    const foreign = writeModule({ name: 'foreign', structModuleSize: 576 });
    const refused = moduleCost('foreign.ko', foreign, V612);
    expect(refused.refused?.stage).toBe('becoming');
    expect(refused.refused?.errno).toBe(8);
    expect(refused.refused?.message).toMatch(/struct module size/);
    expect(refused.va).toEqual({
      transient: refused.copy_va,
      peak: refused.copy_va,
      resident: 0,
    });
  });

  it('takes any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(3), (noise, kind) => {
        const magic = [[], [0x7f, 0x45, 0x4c, 0x46], [0x1f, 0x8b, 8], [0x28, 0xb5, 0x2f, 0xfd]][
          kind
        ]!;
        const bytes = new Uint8Array([...magic, ...noise]);
        expect(moduleCost('x.ko', bytes, V612).refused).not.toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  it('adds up', () => {
    const big = writeModule({ name: 'big', structModuleSize: 640, sizes: { text: 300_000 } });
    const costs = [moduleCost('a/small.ko', SMALL, V612), moduleCost('b/big.ko', big, V612)];
    const totals = totalsOf(costs);
    expect(totals).toMatchObject({ files: 2, refused: 0, file_bytes: 6900 + big.length });
    expect(totals.total).toBe(costs[0]!.total + costs[1]!.total);
    expect(totals.total).toBe(Object.values(totals.memory).reduce((sum, bytes) => sum + bytes, 0));
    expect(totals.va.largest).toBe('b/big.ko');
    expect(totals.va.largest_peak).toBe(costs[1]!.va.peak);
    expect(totalsOf([])).toMatchObject({ files: 0, total: 0 });
  });
});

describe('what a module costs, and what loading it in the model takes', () => {
  const KERNELS: readonly KernelName[] = ['v6.3', 'v6.4', 'v6.5', 'v6.12'];

  it.each(KERNELS)('%s: address space taken in all, and left, are the same', (name) => {
    const kernel = { elf: ELF, features: KERNEL_PRESETS[name].features };
    const elf = { ...ELF, sectionNameCheck: kernel.features.section_name_check };
    fc.assert(
      fc.property(
        fc.record({
          text: fc.nat(60_000),
          rodata: fc.nat(20_000),
          data: fc.nat(20_000),
          bss: fc.nat(9000),
          initText: fc.integer({ min: 1, max: 9000 }),
          initData: fc.nat(5000),
          initRodata: fc.nat(5000),
          roAfterInit: fc.nat(5000),
        }),
        fc.nat(60),
        (sizes, extraSymbols) => {
          const bytes = writeModule({
            name: 'one',
            structModuleSize: 640,
            vermagic: 'magic ',
            sizes,
            extraSymbols,
          });
          const cost = moduleCost('one.ko', bytes, { ...kernel, elf });
          const { call, resident, result } = load('one.ko', bytes, name, 0);
          expect(call.ret).toBe(0);
          expect(cost.va.transient + cost.va.resident).toBe(call.allocated_bytes);
          expect(resident).toBe(cost.va.resident);
          expect(result.counters_true.total_mod_size).toBe(cost.total);
          expect(result.counters_true.total_text_size).toBe(cost.text);
        },
      ),
      { numRuns: 40 },
    );
  });

  it.skipIf(!HAS_XZ)('v6.12: the same for xz files, the peak included (needs xz)', () => {
    for (const text of [100, 40_000, 900_000]) {
      const image = writeModule({
        name: 'one',
        structModuleSize: 640,
        vermagic: 'magic ',
        sizes: { text },
      });
      const bytes = compress('xz', ['--check=crc32', '--lzma2=dict=1MiB'], image);
      const cost = moduleCost('one.ko.xz', bytes, V612);
      const { call, resident, result } = load('one.ko.xz', bytes, 'v6.12', 4);
      expect(call.ret).toBe(0);
      expect(cost.va.transient + cost.va.resident).toBe(call.allocated_bytes);
      expect(resident).toBe(cost.va.resident);
      expect(result.peak.used).toBe(cost.va.peak);
    }
  });

  it('v6.12: a refused file wastes what the counters say', () => {
    const bytes = writeModule({ name: 'one', structModuleSize: 640, vermagic: 'other ' });
    const cost = moduleCost('one.ko', bytes, V612);
    const { call, result } = load('one.ko', bytes, 'v6.12', 0);
    expect(call.ret).toBe(-8);
    expect(result.wasted).toEqual({
      kread: 0,
      decompress: 0,
      becoming: cost.wasted.becoming,
      load: 0,
    });
  });
});
