/** What the kernel's own test module did on a 120 MiB window, repeated on the model. */
import { describe, expect, it } from 'vitest';
import { makeSpace } from './fixture.ts';
import { WORKLOADS } from './test-vmalloc-workloads.ts';

/** The window right after that boot. */
const BOOT = `
0xf77fe000-0xf7800000    8192 acpi_os_map_iomem+0x229/0x240 phys=0x7ffe1000 ioremap
0xf7800000-0xf7803000   12288 acpi_os_map_iomem+0x229/0x240 phys=0x7ffe0000 ioremap
0xf7803000-0xf7805000    8192 bpf_prog_alloc_no_stats+0x23/0x150 pages=1 vmalloc
0xf7805000-0xf7808000   12288 bpf_jit_binary_alloc+0x47/0xa0 pages=2 vmalloc
0xf7808000-0xf780a000    8192 acpi_os_map_iomem+0x229/0x240 phys=0xfed00000 ioremap
0xf780a000-0xf780e000   16384 n_tty_open+0xe/0x78 pages=3 vmalloc
`;

/** Boots, loads the test module, and runs the named workloads one after the other inside it. */
function runTests(cpus: number, mask: number, loops = 2000) {
  const fixture = makeSpace('i386-highmem', { cpus });
  const { space } = fixture;
  expect(space.seedFromVmallocinfo(BOOT)).toMatchObject({ ok: true });
  const file = space.vmalloc({ caller: 'kernel_read_file', purpose: 'file', bytes: 12_368 })!;
  for (const purpose of ['text', 'data', 'rodata', 'init_text'] as const) {
    space.execmemAlloc({ caller: 'load_module', purpose, bytes: 4000 });
  }
  space.vmUnmapAliases();
  space.vfree(file.addr);
  fixture.take();
  let drained = 0;
  let failures = 0;
  let seed = 1;
  const context = {
    space,
    loops,
    onlineCpus: cpus,
    pointer: 4,
    random: (n: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor(seed / 65_536) % n;
    },
    settle: () => {
      if (fixture.drains() === drained) return;
      drained = fixture.drains();
      space.drainVmapAreaWork();
    },
    failed: () => {
      failures++;
    },
  };
  const results = WORKLOADS.filter((w) => (w.id & mask) !== 0).map((w) => {
    failures = 0;
    const passed = w.run(context);
    return { name: w.name, passed, failures };
  });
  return { results, take: fixture.take, space };
}

const FULL_FIT = 2;
const LONG_BUSY = 4;
const ALIGN_SHIFT = 64;

describe('full_fit_alloc_test on 120 MiB', () => {
  it.each([
    [1, 1046],
    [2, 17_438],
  ])('with %i CPUs has %i requests fail, and passes', (cpus, failures) => {
    expect(runTests(cpus, FULL_FIT).results).toEqual([
      { name: 'full_fit_alloc_test', passed: true, failures },
    ]);
  });
});

describe('long_busy_list_alloc_test on 120 MiB', () => {
  it.each([1, 2, 4, 8])('passes on its own with %i CPUs', (cpus) => {
    expect(runTests(cpus, LONG_BUSY).results[0]).toMatchObject({ passed: true, failures: 0 });
  });

  it.each([
    [1, false],
    [2, false],
    [4, true],
    [8, true],
  ])('after full_fit with %i CPUs passes: %j', (cpus, passed) => {
    const [, longBusy] = runTests(cpus, FULL_FIT | LONG_BUSY).results;
    // Where it fails, all 15,000 areas of a page were had before.
    expect(longBusy).toMatchObject({ passed, failures: passed ? 0 : 1 });
  });
});

describe('align_shift_alloc_test on 120 MiB', () => {
  it('fails at 2^28, after 2^27 needed a purge', () => {
    const { results, take } = runTests(4, ALIGN_SHIFT);
    expect(results).toEqual([{ name: 'align_shift_alloc_test', passed: false, failures: 1 }]);
    const last = take().filter((e) => !e.startsWith('area') && !e.startsWith('free'));
    expect(last.slice(-6)).toEqual([
      'alloc feffe000 8192 align 134217728 failed',
      'purge f780e000 fc002000 28',
      'alloc f8000000 8192 align 134217728',
      'alloc feffe000 8192 align 268435456 failed',
      'purge f8000000 f8002000 1',
      'alloc feffe000 8192 align 268435456 failed',
    ]);
  });
});

describe('the whole test module', () => {
  it('passes but for align_shift, and leaves the window as it found it', () => {
    const { results, space } = runTests(4, 2047, 500);
    expect(results.filter((r) => !r.passed).map((r) => r.name)).toEqual(['align_shift_alloc_test']);
    space.vmUnmapAliases();
    // 16 pages from boot and four module parts of two pages.
    expect(space.usedBytes()).toBe((16 + 8) * 4096);
    expect(space.lazyBytes()).toBe(0);
  });
});
