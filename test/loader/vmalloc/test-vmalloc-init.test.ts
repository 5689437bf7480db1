// SPDX-License-Identifier: MIT
/** The tests as a module's init runs them: in a kernel thread, with workers that come in between. */
import { describe, expect, it } from 'vitest';
import { Engine, KernelLog, Random, Work } from '../../../loader/engine/index.ts';
import {
  type Draws,
  freeingOrder,
  parametersOf,
  vmallocTestInit,
} from '../../../loader/kernel-tests/test-vmalloc/index.ts';
import { PercpuAllocator } from '../../../loader/vmalloc/percpu.ts';
import { VmallocSpace } from '../../../loader/vmalloc/space.ts';
import { hex, preset } from './fixture.ts';

/** Runs the init on one CPU; what it returned, printed, and did. */
function runInit(args: string, draws?: Draws) {
  const engine = new Engine({ cpus: 1, seed: 1 });
  const events: string[] = [];
  const lines: string[] = [];
  const emit = (event: { kind: string }): void => {
    const e = event as Record<string, number> & { kind: string };
    const [kind] = e.kind.split('_');
    if (/vmap_area/.test(e.kind)) {
      events.push(
        `${engine.currentLabel.replace(/-\d+$/, '')} ${kind} ${hex(e.va_start ?? e.end!)}`,
      );
    }
  };
  const log = new KernelLog(() => engine.now, { emit });
  log.listen((line) => lines.push(line.text));
  const drain = new Work(
    engine,
    'kworker',
    // biome-ignore lint/correctness/useYield: a work is a coroutine, this one takes no time
    function* () {
      space.drainVmapAreaWork();
    },
    { preempts: true },
  );
  const space: VmallocSpace = new VmallocSpace(preset('i386-highmem'), {
    trace: { emit },
    log,
    onlineCpus: () => 1,
    comm: () => engine.current?.comm ?? '',
    scheduleDrain: () => drain.queue(0),
  });
  const waiting: number[] = [];
  const percpu = new PercpuAllocator(space, { cpus: 1, log, scheduleBalance: () => {} });
  const host = {
    engine,
    log,
    space,
    percpu,
    rcu: { add: (addr: number) => waiting.push(addr) },
    random: new Random(1),
    cpus: 1,
    currentCpu: 0,
    callTime: 1000,
    ...(draws === undefined ? {} : { draws }),
  };
  let ret: number | undefined;
  engine.spawn({ comm: 'init' }, function* () {
    ret = yield* vmallocTestInit(host, parametersOf(args));
  });
  engine.runUntilQuiet();
  return { ret, lines, events, waiting };
}

describe('the init of test_vmalloc.ko', () => {
  it('returns -EAGAIN and prints each case and how long all took', () => {
    const { ret, lines } = runInit(
      'run_test_mask=65 test_loop_count=30 test_repeat_count=2 sequential_test_order=1',
    );
    expect(ret).toBe(-11);
    const texts = lines.filter((text) => /^Summary|^All/.test(text));
    expect(texts.map((text) => text.replace(/(avg: |=)\d+/, '$1N'))).toEqual([
      'Summary: fix_size_alloc_test passed: 2 failed: 0 repeat: 2 loops: 30 avg: N usec',
      'Summary: align_shift_alloc_test passed: 0 failed: 2 repeat: 2 loops: 30 avg: N usec',
      'All test took worker0=N cycles',
    ]);
  });

  it('is overtaken by the drain right after the free that went over the limit', () => {
    const { events } = runInit('run_test_mask=1 test_loop_count=4200');
    const purge = events.findIndex((event) => event.startsWith('kworker purge'));
    // 8,192 pages are 4,096 areas of two; the next one is too much.
    expect(events[purge - 1]).toBe('vmalloc_test/0 free f97fe000');
    expect(events.filter((event) => event.startsWith('kworker'))).toEqual([
      'kworker purge f9800000',
    ]);
    expect(events[purge + 1]).toBe('vmalloc_test/0 alloc f77fe000');
  });

  it('lets the drain come in before the array of page pointers of a large area is freed', () => {
    // 1,100 pages and a guard; the array has two pages and a guard.
    const { events } = runInit('run_test_mask=1 test_loop_count=9 nr_pages=1100');
    const purge = events.findIndex((event) => event.startsWith('kworker purge'));
    const [before, after] = [events[purge - 1]!, events[purge + 1]!];
    expect(before).toMatch(/^vmalloc_test\/0 free /);
    expect(after).toMatch(/^vmalloc_test\/0 free /);
    const address = (event: string): number => Number.parseInt(event.split(' ')[2]!, 16);
    expect(address(after) - address(before)).toBe(1101 * 4096);
  });

  it('takes draws that are given', () => {
    const pages = [7, 1, 100];
    const draws: Draws = {
      pages: () => pages.shift()!,
      byte: () => 0,
      percpu: () => ({ size: 4, align: 4 }),
    };
    const { events } = runInit('run_test_mask=8 test_loop_count=3', draws);
    expect(events.filter((event) => / alloc /.test(event))).toEqual([
      'vmalloc_test/0 alloc f77fe000',
      'vmalloc_test/0 alloc f7806000',
      'vmalloc_test/0 alloc f7808000',
    ]);
  });

  it('leaves what kvfree_rcu() was given', () => {
    const { waiting } = runInit('run_test_mask=768 test_loop_count=5 sequential_test_order=1');
    expect(waiting.map(hex)).toEqual(
      Array.from({ length: 10 }, (_, i) => hex(0xf77fe000 + i * 8192)),
    );
  });
});

describe('parameters', () => {
  it('are read from a module’s arguments as the kernel reads them', () => {
    expect(parametersOf('run_test_mask=0x401 nr_pages=12 use_huge nr_threads=2')).toEqual({
      run_test_mask: 0x401,
      nr_pages: 12,
      use_huge: true,
      nr_threads: 2,
    });
    expect(parametersOf('sequential_test_order=Y use_huge=off other=3 ')).toEqual({
      sequential_test_order: true,
      use_huge: false,
    });
    expect(parametersOf('')).toEqual({});
  });
});

describe('a batch of kvfree_rcu()', () => {
  it('is freed page by page, the last page first', () => {
    expect(freeingOrder([1, 2, 3, 4, 5, 6, 7], 3)).toEqual([7, 4, 5, 6, 1, 2, 3]);
    expect(freeingOrder([], 3)).toEqual([]);
  });
});
