// SPDX-License-Identifier: MIT
/** Parameters, workers and what is put off. */
import { describe, expect, it } from 'vitest';
import {
  runTestVmalloc,
  summaryLine,
  TestMachine,
} from '../../../loader/kernel-tests/test-vmalloc/index.ts';
import { KvfreeRcu } from '../../../loader/kernel-tests/test-vmalloc/kvfree-rcu.ts';
import { OperationClock } from '../../../loader/kernel-tests/test-vmalloc/operation-clock.ts';
import { preset } from './fixture.ts';

const NAMES: Readonly<Record<number, string>> = {
  1: 'fix_size_alloc_test',
  2: 'full_fit_alloc_test',
  4: 'long_busy_list_alloc_test',
  8: 'random_size_alloc_test',
  16: 'fix_align_alloc_test',
  32: 'random_size_align_alloc_test',
  64: 'align_shift_alloc_test',
  128: 'pcpu_alloc_test',
  256: 'kvfree_rcu_1_arg_vmalloc_test',
  512: 'kvfree_rcu_2_arg_vmalloc_test',
  1024: 'vm_map_ram_test',
};

function machine(
  options: { cpus?: number; seed?: number; name?: string; gracePeriod?: number } = {},
) {
  const { name = 'i386-highmem', ...rest } = options;
  const sizes: number[] = [];
  const trace = {
    emit: (e: { kind: string; size?: number; align?: number }) => {
      if (e.kind === 'alloc_vmap_area') sizes.push(e.size! / 4096, e.align!);
    },
  };
  return { machine: new TestMachine({ preset: preset(name), cpus: 4, trace, ...rest }), sizes };
}

describe('parameters', () => {
  it('name each case by one bit of the mask', () => {
    for (const [id, name] of Object.entries(NAMES)) {
      const { workers } = runTestVmalloc(machine().machine, {
        run_test_mask: Number(id),
        test_loop_count: 3,
      });
      expect(workers[0]!.map((c) => [c.id, c.name])).toEqual([[Number(id), name]]);
    }
  });

  it('are bounded as the module bounds them', () => {
    const run = (given: object) =>
      runTestVmalloc(machine().machine, { run_test_mask: 0, ...given }).parameters;
    expect(run({ nr_threads: -3, test_loop_count: 0, test_repeat_count: -1 })).toMatchObject({
      nr_threads: 1,
      test_loop_count: 1,
      test_repeat_count: 1,
    });
    expect(run({ nr_threads: 70_000, test_loop_count: 1 }).nr_threads).toBe(65_535);
    expect(run({}).test_loop_count).toBe(1_000_000);
  });

  it('set the pages of fix_size and vm_map_ram, and the repetitions', () => {
    const { machine: m, sizes } = machine();
    const { workers } = runTestVmalloc(m, {
      run_test_mask: 1,
      nr_pages: 7,
      test_loop_count: 2,
      test_repeat_count: 3,
    });
    expect(workers[0]).toMatchObject([{ passed: 3, failed: 0, operations: 12 }]);
    expect(sizes).toEqual(Array.from({ length: 6 }, () => [8, 1]).flat());
  });

  it('ask for 2 MiB pages where the architecture has them', () => {
    const huge = { run_test_mask: 1, use_huge: true, nr_pages: 512, test_loop_count: 1 };
    const wide = machine({ name: 'x86-64' });
    runTestVmalloc(wide.machine, huge);
    const narrow = machine();
    runTestVmalloc(narrow.machine, huge);
    expect([wide.sizes, narrow.sizes]).toEqual([
      [513, 2 ** 21],
      [513, 1],
    ]);
  });
});

describe('random cases', () => {
  it('draw 1 to 100 pages', () => {
    const { machine: m, sizes } = machine();
    runTestVmalloc(m, { run_test_mask: 8, test_loop_count: 3000 });
    const pages = new Set(sizes.filter((_, i) => i % 2 === 0).map((p) => p - 1));
    expect([Math.min(...pages), Math.max(...pages), pages.size]).toEqual([1, 100, 100]);
  });

  it('draw size and alignment from one byte', () => {
    const { machine: m, sizes } = machine();
    runTestVmalloc(m, { run_test_mask: 32, test_loop_count: 3000 });
    const seen = new Set<string>();
    for (let i = 0; i < sizes.length; i += 2) seen.add(`${sizes[i]! - 1} ${sizes[i + 1]}`);
    const possible = new Set(
      Array.from({ length: 256 }, (_, byte) => `${(byte % 10) + 1} ${2 ** (byte % 23)}`),
    );
    expect(seen).toEqual(possible);
  });

  it('align five pages to twice the alignment of a stack', () => {
    const aligned = (name: string): number => {
      const { machine: m, sizes } = machine({ name });
      runTestVmalloc(m, { run_test_mask: 16, test_loop_count: 1 });
      return sizes[1]!;
    };
    expect([aligned('i386-highmem'), aligned('x86-64')]).toEqual([16_384, 32_768]);
  });
});

describe('workers', () => {
  it('run the same cases in orders of their own, the same for the same seed', () => {
    const run = (seed: number, sequential: boolean) => {
      const { machine: m, sizes } = machine({ seed });
      const mask = 1 | 8 | 16 | 32;
      runTestVmalloc(m, {
        nr_threads: 4,
        run_test_mask: mask,
        sequential_test_order: sequential,
        test_loop_count: 5,
      });
      return sizes.join(' ');
    };
    expect(run(1, false)).toBe(run(1, false));
    expect(run(1, false)).not.toBe(run(2, false));
    expect(run(1, false)).not.toBe(run(1, true));
  });

  it('take turns call by call', () => {
    const { machine: m, sizes } = machine();
    // One allocates while the other has not freed: both areas are busy at once.
    const busy: number[] = [];
    const original = m.space.vfreePages.bind(m.space);
    m.space.vfreePages = (addr) => {
      busy.push(m.space.usedBytes() / 8192);
      return original(addr);
    };
    const { workers } = runTestVmalloc(m, { nr_threads: 2, run_test_mask: 1, test_loop_count: 2 });
    expect(workers.map((w) => w[0]!.passed)).toEqual([1, 1]);
    expect(sizes).toHaveLength(8);
    expect(busy).toEqual([2, 1, 2, 1]);
  });

  it('map RAM in blocks of their own CPUs', () => {
    const { machine: m, sizes } = machine({ cpus: 2 });
    runTestVmalloc(m, { nr_threads: 2, run_test_mask: 1024, test_loop_count: 10 });
    expect(sizes).toEqual([256, 2 ** 20, 256, 2 ** 20]);
  });
});

describe('a summary line', () => {
  it('is the kernel’s, with a time only where one was measured', () => {
    const result = runTestVmalloc(machine().machine, { run_test_mask: 1, test_loop_count: 4 });
    const [outcome] = result.workers[0]!;
    const line = 'Summary: fix_size_alloc_test passed: 1 failed: 0 repeat: 1 loops: 4';
    expect(summaryLine(outcome!, result)).toBe(line);
    expect(summaryLine(outcome!, result, 12.9)).toBe(`${line} avg: 12 usec`);
  });
});

describe('the operation clock', () => {
  it('runs what is due in the order of its dates, equal ones as they came', () => {
    const clock = new OperationClock();
    const ran: string[] = [];
    clock.after(3, () => ran.push(`c${clock.now}`));
    clock.after(1, () => ran.push(`a${clock.now}`));
    clock.after(3, () => ran.push(`d${clock.now}`));
    clock.after(0, () => {
      ran.push(`b${clock.now}`);
      clock.after(5, () => ran.push(`e${clock.now}`));
    });
    for (let i = 0; i < 4; i++) clock.tick();
    expect(ran).toEqual(['a1', 'b1', 'c3', 'd3']);
    clock.settle();
    expect(ran.at(-1)).toBe('e6');
  });
});

describe('kvfree_rcu', () => {
  const PAGE_OF_POINTERS = (4096 - 5 * 4) / 4;

  function setUp() {
    const clock = new OperationClock();
    const freed: number[] = [];
    const rcu = new KvfreeRcu(clock, { jiffy: 10, gracePeriod: 100 }, 32, (a) => freed.push(a));
    return { clock, freed, rcu };
  }

  it('frees nothing before a page of pointers is full, a tick and a grace period later all', () => {
    const { clock, freed, rcu } = setUp();
    for (let i = 1; i <= PAGE_OF_POINTERS; i++) rcu.add(i);
    for (let i = 0; i < 109; i++) clock.tick();
    expect(freed).toEqual([]);
    clock.tick();
    expect(freed).toHaveLength(PAGE_OF_POINTERS);
  });

  it('frees the page filled last first', () => {
    const { clock, freed, rcu } = setUp();
    for (let i = 1; i <= PAGE_OF_POINTERS + 2; i++) rcu.add(i);
    clock.settle();
    expect(freed.slice(0, 3)).toEqual([PAGE_OF_POINTERS + 1, PAGE_OF_POINTERS + 2, 1]);
  });

  it('lets two batches wait at a time, a few pointers for five seconds', () => {
    const { clock, freed, rcu } = setUp();
    rcu.add(1);
    for (let i = 0; i < 1250 * 10 + 99; i++) clock.tick();
    expect(freed).toEqual([]);
    clock.tick();
    expect(freed).toEqual([1]);
    for (let batch = 0; batch < 3; batch++) {
      for (let i = 0; i < PAGE_OF_POINTERS; i++) rcu.add(2 + batch);
      for (let i = 0; i < 20; i++) clock.tick();
    }
    // Filled at 0, 20 and 40; the third must wait for the first to be freed at 110.
    for (let i = 60; i < 200; i++) clock.tick();
    expect(new Set(freed)).toEqual(new Set([1, 2, 3]));
    clock.settle();
    expect(new Set(freed)).toEqual(new Set([1, 2, 3, 4]));
  });

  it('fails its test when a grace period is longer than the window lasts', () => {
    const run = (gracePeriod: number) =>
      runTestVmalloc(machine({ gracePeriod }).machine, {
        run_test_mask: 256,
        test_loop_count: 40_000,
      }).workers[0]![0]!.passed;
    expect([run(3000), run(100_000)]).toEqual([1, 0]);
  });
});
