// SPDX-License-Identifier: MIT
/** What the kernel's own test module did on 120 MiB windows, repeated on the model. */
import { describe, expect, it } from 'vitest';
import {
  runTestVmalloc,
  summaryLines,
  TestMachine,
} from '../../../../loader/kernel-tests/test-vmalloc/index.ts';
import { preset } from '../../vmalloc/fixture.ts';
import { BOOT_AREAS, loadTestModule } from '../../vmalloc/test-vmalloc-window.ts';

const FULL_FIT = 2;
const LONG_BUSY = 4;
const ALIGN_SHIFT = 64;
const PERCPU = 128;
const SEQUENTIAL = { sequential_test_order: true, test_loop_count: 2000 };

/** Runs cases inside the loaded module; what became of them, in order. */
function outcomes(cpus: number, mask: number, drainDelay = 0) {
  const { machine } = loadTestModule(BOOT_AREAS, { cpus, drainDelay });
  const { workers } = runTestVmalloc(machine, { ...SEQUENTIAL, run_test_mask: mask });
  return workers[0]!.map(({ passed, failedRequests }) => ({
    passed: passed === 1,
    failedRequests,
  }));
}

/** An empty window and nothing of the module itself in it. */
function emptyMachine(name: string, cpus: number): TestMachine {
  return new TestMachine({ preset: preset(name), cpus });
}

describe('full_fit_alloc_test on 120 MiB', () => {
  it.each([
    [1, 1046],
    [2, 17_438],
  ])('with %i CPUs has %i requests fail, and passes', (cpus, failedRequests) => {
    expect(outcomes(cpus, FULL_FIT)).toEqual([{ passed: true, failedRequests }]);
  });

  it.each([1, 2, 4])('fills an empty window to the last pair of pages with %i CPUs', (cpus) => {
    const { workers } = runTestVmalloc(emptyMachine('i386-highmem', cpus), {
      ...SEQUENTIAL,
      run_test_mask: FULL_FIT,
    });
    // Two arrays of 4-byte pointers with their guard pages stand before areas of two pages.
    const junk = { 1: 8192, 2: 16_384, 4: 24_576 }[cpus]!;
    const array = Math.ceil((junk * 4) / 4096) + 1;
    const fit = Math.floor((30_720 - 2 * array) / 2);
    expect(workers[0]![0]).toMatchObject({ passed: 1, failedRequests: 2 * junk - fit });
  });
});

describe('long_busy_list_alloc_test on 120 MiB', () => {
  it.each([1, 2, 4, 8])('passes on its own with %i CPUs', (cpus) => {
    expect(outcomes(cpus, LONG_BUSY)).toEqual([{ passed: true, failedRequests: 0 }]);
  });

  it.each([
    [1, false],
    [2, false],
    [4, true],
    [8, true],
  ])('after full_fit with %i CPUs passes: %j', (cpus, passed) => {
    // Where it fails, all 15,000 areas of a page were had before.
    expect(outcomes(cpus, FULL_FIT | LONG_BUSY)[1]).toEqual({
      passed,
      failedRequests: passed ? 0 : 1,
    });
  });

  it.each([4, 8])('after full_fit with %i CPUs passes however late the drain comes', (cpus) => {
    for (const delay of [1, 100, 1000, 10_000]) {
      expect(outcomes(cpus, FULL_FIT | LONG_BUSY, delay)[1]).toMatchObject({ passed: true });
    }
  });

  it('after full_fit with one CPU passes or fails by when the drain comes', () => {
    // A real kernel did both, with 500 and with 2,000 loops.
    const passed = [0, 1500, 2000, 3000, 4000].map(
      (delay) => outcomes(1, FULL_FIT | LONG_BUSY, delay)[1]!.passed,
    );
    expect(new Set(passed)).toEqual(new Set([true, false]));
  });
});

describe('align_shift_alloc_test', () => {
  it('fails at 2^28 on 120 MiB, after 2^27 needed a purge', () => {
    const events: string[] = [];
    const { machine } = loadTestModule(BOOT_AREAS, {
      cpus: 4,
      trace: {
        emit: (e) => {
          if (e.kind === 'alloc_vmap_area') {
            events.push(`alloc ${e.va_start.toString(16)} align ${e.align} failed ${e.failed}`);
          } else if (e.kind === 'purge_vmap_area_lazy') {
            events.push(`purge ${e.start.toString(16)} ${e.end.toString(16)} ${e.num_purged}`);
          }
        },
      },
    });
    const { workers } = runTestVmalloc(machine, { ...SEQUENTIAL, run_test_mask: ALIGN_SHIFT });
    expect(workers[0]).toMatchObject([{ passed: 0, failed: 1, failedRequests: 1 }]);
    expect(events.slice(-6)).toEqual([
      'alloc feffe000 align 134217728 failed 1',
      'purge f780e000 fc002000 28',
      'alloc f8000000 align 134217728 failed 0',
      'alloc feffe000 align 268435456 failed 1',
      'purge f8000000 f8002000 1',
      'alloc feffe000 align 268435456 failed 1',
    ]);
  });

  it('fails where no multiple of the alignment is left in 32 TiB', () => {
    const { workers } = runTestVmalloc(emptyMachine('x86-64', 4), {
      ...SEQUENTIAL,
      run_test_mask: ALIGN_SHIFT,
    });
    // 2^45 has 0xffffe00000000000; 46 alignments are had, each allocation and each free a call.
    expect(workers[0]).toMatchObject([{ failed: 1, operations: 2 * 46 + 1 }]);
  });
});

describe('pcpu_alloc_test', () => {
  it.each([
    [4, true],
    [8, false],
  ])('with %i CPUs in 120 MiB passes: %j', (cpus, passed) => {
    // 35,000 objects of 512 bytes on average: 72 MiB with four CPUs, 143 MiB with eight.
    expect(outcomes(cpus, PERCPU)[0]!.passed).toBe(passed);
  });
});

describe('the whole test module', () => {
  it('passes but for align_shift with four CPUs', () => {
    const { machine } = loadTestModule(BOOT_AREAS, { cpus: 4 });
    const result = runTestVmalloc(machine, { ...SEQUENTIAL, test_loop_count: 500 });
    expect(result.ret).toBe(-11);
    const failed = result.workers[0]!.filter((c) => c.failed > 0).map((c) => c.name);
    expect(failed).toEqual(['align_shift_alloc_test']);
    expect(result.workers[0]).toHaveLength(11);
    expect(summaryLines(result)[6]).toBe(
      'Summary: align_shift_alloc_test passed: 0 failed: 1 repeat: 1 loops: 500',
    );
  });

  it.each(['i386-highmem', 'x86-64'])('leaves %s as it found it once time has passed', (name) => {
    const machine = emptyMachine(name, 4);
    runTestVmalloc(machine, { test_loop_count: 300, nr_threads: 3 });
    machine.clock.settle();
    const { space, percpu } = machine;
    space.vmUnmapAliases();
    // One per-CPU chunk is kept in reserve, another until the next balance if it has pages; their
    // maps, and on each CPU that mapped RAM a block.
    percpu.balanceWork();
    const left = space.areas().filter((area) => area.state === 'busy');
    expect(percpu.chunks).toBe(1);
    expect(left.filter((a) => a.caller === 'pcpu_get_vm_areas')).toHaveLength(1);
    expect(left.every((a) => a.purpose === 'percpu' || a.purpose === 'vmap_block')).toBe(true);
  });
});
