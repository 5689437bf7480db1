// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { ObservedCall, ObservedRun } from '../../../emulator/linux/observed.ts';
import { comparePlaces, compareRuns, emptyComparison } from '../../../scripts/verify/compare.ts';

const call = (more: Partial<ObservedCall> = {}): ObservedCall => ({
  step: 0,
  op: 'finit_module',
  subject: 'crc16.ko',
  ret: 0,
  log: [],
  ...more,
});
const run = (calls: ObservedCall[], events: ObservedRun['events'] = [[]]): ObservedRun => ({
  calls,
  events,
  otherLog: [[]],
});
const purge = (start: string, end: string, owner = '') => ({
  kind: 'purge_vmap_area_lazy' as const,
  text: `start=${start} end=${end} num_purged=1`,
  task: 'init-1',
  owner,
});
const read = (text: string, subject = '/proc/vmallocinfo'): ObservedCall =>
  call({ op: 'read', subject, ret: text.length, text });

describe('laying two runs side by side', () => {
  it('leaves out events of a kernel that has no tracepoints for them, and says so', () => {
    const events = [[purge('0xf7800000', '0xf7802000')]];
    const blind = { ...run([call()], [[]]), observesAllocator: false, release: '6.1.192' };
    const found = compareRuns(blind, run([call()], events), 1);
    expect(found.disagreements).toEqual([]);
    expect(found.total.purge_vmap_area_lazy).toBe(0);
    expect(found.unobserved).toEqual([expect.stringContaining('Linux 6.1.192 has no tracepoints')]);
    expect(compareRuns(run([call()], [[]]), run([call()], events), 1).unobserved).toEqual([]);
  });

  it('leaves out threads’ stacks where no tracepoint tells of them, and nothing else', () => {
    const area = '0xffffffffc0200000-0xffffffffc0205000   20480 ';
    const stack = '0xffffc900005b8000-0xffffc900005bd000   20480 ';
    const other = [`${stack}load_module pages=4 vmalloc N0=4`, `${area}unpurged vm_area`];
    const text = [`${stack}kernel_clone+0x1/0x2 pages=4 vmalloc N0=4`, ...other].join('\n');
    const blind = { ...run([read(text)]), observesAllocator: false, release: '6.1.0' };
    const same = compareRuns(blind, run([read(other.join('\n'))]), 1);
    expect(same.disagreements).toEqual([]);
    expect(same.attributed.stack).toBe(1);
    expect(compareRuns(blind, run([read('')]), 1).disagreements).toHaveLength(2);
    expect(compareRuns(run([read(text)]), run([read(text)]), 1).attributed.stack).toBe(0);
  });

  it('takes a purge from the direct map of x86-64 for what it is, but not one below it', () => {
    const model = purge('0xffffffffc0209000', '0xffffffffc020b000');
    const compared = (start: string) =>
      compareRuns(
        run([call()], [[purge(start, '0xffffffffc020b000')]]),
        run([call()], [[model]]),
        1,
      );
    expect(compared('0xffff88807e9f2000').attributed.direct_map).toBe(1);
    expect(compared('0xffff800000001000').disagreements).toHaveLength(1);
    expect(compared('0xffffc90000001000').disagreements).toHaveLength(1);
  });

  it('finds another value, another line and a missing line', () => {
    const found = compareRuns(
      run([call({ ret: -17, log: ['a', 'b'] })]),
      run([call({ ret: 0, log: ['a'] })]),
      1,
    ).disagreements;
    expect(found.map((d) => [d.class, d.kernel, d.model])).toEqual([
      ['return values', '-17', '0'],
      ['log lines', 'b', '(no line)'],
    ]);
  });

  it('leaves out steps the kernel did not come to the end of', () => {
    const { total } = compareRuns(run([call({ ret: null })]), run([call()]), 0);
    expect(Object.values(total).every((n) => n === 0)).toBe(true);
  });

  it('puts function offsets aside in vmallocinfo, and nothing else', () => {
    const real = read('0xf77fe000-0xf7802000   16384 n_tty_open+0xe/0x78 pages=3 vmalloc\n');
    const same = read('0xf77fe000-0xf7802000   16384 n_tty_open pages=3 vmalloc\n');
    const other = read('0xf77fe000-0xf7802000   16384 n_tty_open pages=2 vmalloc\n');
    expect(compareRuns(run([real]), run([same]), 1).disagreements).toEqual([]);
    expect(compareRuns(run([real]), run([other]), 1).disagreements).toHaveLength(1);
  });

  it('compares statistics byte for byte', () => {
    const path = '/sys/kernel/debug/modules/stats';
    const found = compareRuns(run([read('a\t1\n', path)]), run([read('a\t1', path)]), 1);
    expect(found.disagreements).toHaveLength(1);
  });

  it('counts what a module’s own init did apart', () => {
    const { attributed, total } = compareRuns(
      run([call()], [[purge('0xf7802000', '0xf7804000', 'thing')]]),
      run([call()]),
      1,
    );
    expect(attributed.init).toBe(1);
    expect(total.purge_vmap_area_lazy).toBe(0);
  });

  it('allows a purge to begin in the direct map only when its end and count agree', () => {
    const model = run([call()], [[purge('0xf7802000', '0xf7804000')]]);
    const wider = run([call()], [[purge('0xc2000000', '0xf7804000')]]);
    const longer = run([call()], [[purge('0xc2000000', '0xf7805000')]]);
    expect(compareRuns(wider, model, 1).attributed.direct_map).toBe(1);
    expect(compareRuns(wider, model, 1).disagreements).toEqual([]);
    expect(compareRuns(longer, model, 1).disagreements).toHaveLength(1);
  });

  it('compares the order of events around such a purge', () => {
    const free = {
      kind: 'free_vmap_area_noflush' as const,
      text: 'va_start=0xf7802000 nr_lazy=2 nr_lazy_max=8192',
      task: 'init-1',
      owner: '',
    };
    const model = run([call()], [[free, purge('0xf7802000', '0xf7804000')]]);
    const wide = purge('0xc2000000', '0xf7804000');
    expect(compareRuns(run([call()], [[free, wide]]), model, 1).disagreements).toEqual([]);
    const turned = compareRuns(run([call()], [[wide, free]]), model, 1);
    expect(turned.disagreements.map((d) => d.class)).toEqual(['order of events']);
  });

  it('takes stack traces and memory reports out, but no line after them', () => {
    const dump = ['CPU: 0 UID: 0 PID: 1 Comm: init Not tainted', 'Call Trace:', ' ? x+0x1/0x2'];
    const { attributed, disagreements } = compareRuns(
      run([call({ log: ['warning', ...dump, 'a line of the loader'] })]),
      run([call({ log: ['warning'] })]),
      1,
    );
    expect(attributed.dump).toBe(3);
    expect(disagreements.map((d) => d.kernel)).toEqual(['a line of the loader']);
  });
});

describe('the kernel’s own tests', () => {
  const summary = (usec: number, passed = 1): string =>
    `Summary: fix_size_alloc_test passed: ${passed} failed: 0 repeat: 1 loops: 9 avg: ${usec} usec`;

  it('are compared but for how long they took', () => {
    const kernel = run([call({ log: [summary(512), 'All test took worker0=52 cycles'] })]);
    const model = run([call({ log: [summary(1), 'All test took worker0=7 cycles'] })]);
    expect(compareRuns(kernel, model, 1).disagreements).toEqual([]);
    expect(compareRuns(kernel, model, 1).agree['log lines']).toBe(2);
  });

  it('disagree in what passed, and in any other number', () => {
    const found = (kernel: string, model: string): number =>
      compareRuns(run([call({ log: [kernel] })]), run([call({ log: [model] })]), 1).disagreements
        .length;
    expect(found(summary(512), summary(512, 2))).toBe(1);
    expect(found('other avg: 5 usec', 'other avg: 6 usec')).toBe(1);
  });
});

describe('per-CPU places', () => {
  const place = (offset: number, chunk = 0xfefdf000, task = 'init-1') => ({
    task,
    size: 8,
    align: 8,
    chunk,
    offset,
  });
  const step = (...percpu: ReturnType<typeof place>[]) => ({
    attempts: [],
    turns: [],
    percpu,
    balances: [],
  });
  const compared = (kernel: ReturnType<typeof step>, model: ReturnType<typeof place>[]) => {
    const into = emptyComparison();
    comparePlaces(into, { calls: [call()], allocator: [kernel], completed: 1 }, [model]);
    return into;
  };

  it('are left out of a step that the kernel did not complete', () => {
    const into = emptyComparison();
    comparePlaces(into, { calls: [], allocator: [step(place(0))], completed: 0 }, [[]]);
    expect(into.total['per-CPU places']).toBe(0);
  });

  it('are compared one by one, chunk and offset', () => {
    expect(compared(step(place(0)), [place(0)]).agree['per-CPU places']).toBe(1);
    expect(compared(step(place(0)), [place(8)]).disagreements).toHaveLength(1);
    expect(compared(step(place(0)), []).disagreements).toHaveLength(1);
    expect(compared(step(), [place(0)]).disagreements).toHaveLength(1);
  });

  it('in the first chunk are counted apart', () => {
    const { total, attributed } = compared(step(place(0, 0xf6812000)), []);
    expect([total['per-CPU places'], attributed.first_chunk]).toEqual([0, 1]);
  });

  it('are those of the test’s threads where there are any, else of the last to ask', () => {
    const thread = place(16, 0xfefdf000, 'vmalloc_test/0-33');
    expect(compared(step(place(0), thread, place(24)), [thread]).disagreements).toEqual([]);
    expect(compared(step(place(0), place(24)), [place(24)]).disagreements).toEqual([]);
  });
});
