// SPDX-License-Identifier: MIT
/** What loading takes of the address space, and when it gives it back (Linux 6.12, i386). */
import { describe, expect, it } from 'vitest';
import { moduleFile, run } from './rig.ts';

const kernel = { base: 'v6.12', exports: [] as string[] };
/** Sizes near those of a real xfs.ko: a copy of 423 pages, about 1.6 MB of module memory. */
const XFS = moduleFile({
  name: 'xfs',
  fileSize: 1_730_072,
  sizes: { text: 835_045, data: 250_000, rodata: 73_856, initText: 4328 },
  extraSymbols: 8900,
});

describe('one load', () => {
  it('allocates copy, then parts in enum order, each page-aligned with a guard page', () => {
    const { events } = run([XFS], { kernel, steps: [{ finit_module: 'xfs.ko' }] });
    const areas = events.flatMap((e) => (e.kind === 'vm_area' ? [e] : []));
    expect(areas.map((a) => a.purpose)).toEqual([
      'file',
      'text',
      'data',
      'rodata',
      'init_text',
      'init_data',
    ]);
    expect(areas[0]!.size).toBe(1_736_704);
    expect(areas[1]!.size).toBe(839_680);
    for (const area of areas) expect(area.size).toBe(area.pages * 4096 + 4096);
  });

  it('purges three times when it is formed, once after init, and once for each part it frees', () => {
    const { events } = run([XFS], { kernel, steps: [{ finit_module: 'xfs.ko' }] });
    const purges = events.flatMap((e) => (e.kind === 'purge_vmap_area_lazy' ? [e.num_purged] : []));
    // RO rodata, ROX text, ROX init text: nothing parked yet. RO after init takes the file copy.
    // Then INIT_TEXT and INIT_DATA go, each with a purge of its own.
    expect(purges).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('gives the copy back before init and the init parts a grace period after it', () => {
    const { events } = run([XFS], {
      kernel,
      modules: { dir: '.', init: { xfs: { duration_us: 50_000 } } },
      steps: [{ finit_module: 'xfs.ko' }],
    });
    const frees = events.flatMap((e) => (e.kind === 'free_vmap_area_noflush' ? [e] : []));
    const init = events.find((e) => e.kind === 'stage_begin' && e.stage === 'init')!;
    const end = events.find((e) => e.kind === 'outcome')!;
    expect(frees[0]!.t).toBeLessThanOrEqual(init.t);
    expect(frees).toHaveLength(3);
    for (const free of frees.slice(1)) expect(free.t).toBeGreaterThan(end.t + 7_000_000);
  });
});

describe('a window that is too small', () => {
  const load = (mib: number) =>
    run([XFS], { kernel, machine: { vmalloc: { mib } }, steps: [{ finit_module: 'xfs.ko' }] });

  it.each([2, 3])('of %i MiB reads the file and finds no room for the module', (mib) => {
    const { result, rets } = load(mib);
    expect(rets).toEqual([-12]);
    expect(result.results[0]!.log).toEqual(['execmem: unable to allocate memory']);
    expect(result.counters).toMatchObject({
      failed_becoming: 1,
      invalid_becoming_bytes: 1_730_072,
      failed_kreads: 0,
    });
    expect(result.duplicates).toEqual([]);
    expect(result.first_failure).toMatchObject({ stage: 'becoming', subject: 'xfs.ko' });
  });

  it('of 4 MiB loads it', () => {
    expect(load(4).rets).toEqual([0]);
  });

  it('of 1 MiB cannot even hold the file, and says so as the kernel does', () => {
    const { result, rets } = load(1);
    expect(rets).toEqual([-12]);
    expect(result.results[0]!.log.slice(0, 2)).toEqual([
      'vmalloc_node_range for size 1736704 failed: Address range restricted to 0xfeefe000 - 0xfeffe000',
      'init: vmalloc error: size 1730072, vm_struct allocation failed, mode:0xcc0(GFP_KERNEL), nodemask=(null)',
    ]);
    expect(result.counters).toMatchObject({ failed_kreads: 1, invalid_kread_bytes: 0 });
  });

  it('says it in the older words under an older kernel', () => {
    const { result } = run([XFS], {
      kernel: { ...kernel, base: 'v6.3' },
      machine: { vmalloc: { mib: 1 } },
      steps: [{ finit_module: 'xfs.ko' }],
    });
    expect(result.results[0]!.log[0]).toBe(
      'vmap allocation for size 1736704 failed: use vmalloc=<size> to increase size',
    );
  });
});

describe('after any mix of failures', () => {
  it('nothing is left behind', () => {
    const bad = moduleFile({ name: 'bad', undefinedSymbols: ['nowhere'] });
    const { kernel: sim } = run([XFS, bad], {
      kernel,
      modules: { dir: '.', init: { xfs: { ret: -19 } } },
      steps: [
        { finit_module: 'xfs.ko' },
        { finit_module: 'bad.ko' },
        { init_module: 'bad.ko' },
        { init_module: 'xfs.ko' },
      ],
    });
    expect(sim.space.usedBytes()).toBe(0);
    expect(sim.ctx.modules.size).toBe(0);
  });
});
