// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { digestAllocator } from '../../../emulator/linux/allocator-digest.ts';
import { parseTrace } from '../../../emulator/linux/trace-lines.ts';

let us = 0;
const line = (task: string, text: string): string => {
  us += 1;
  return `  ${task}   [000] .....     4.${String(us).padStart(6, '0')}: ${text}\n`;
};
const THREAD = 'vmalloc_test/0-33';
const WORKER = 'kworker/u4:0-11';
const alloc = (task: string, size: number, align: number): string =>
  line(
    task,
    `alloc_vmap_area: va_start: 4152369152 size=${size} align=${align} vstart=0xf77fe000 vend=0xfeffe000 failed=0`,
  );
const free = (task: string): string =>
  line(task, 'free_vmap_area_noflush: va_start=0xf8005000 nr_lazy=7 nr_lazy_max=8192');
const starts = (work: string): string =>
  line(WORKER, `workqueue_execute_start: work struct f68099e4: function ${work}`);

describe('how allocator events came about', () => {
  it('is told of the test’s threads alone', () => {
    const { lines } = parseTrace(
      alloc('init-1', 20_480, 1) + alloc(THREAD, 12_288, 1) + alloc(THREAD, 8192, 4096),
    );
    expect(digestAllocator(lines).attempts).toEqual([
      { size: 12_288, align: 1 },
      { size: 8192, align: 4096 },
    ]);
  });

  it('gives each turn that frees RCU memory its place among the others’ events', () => {
    const { lines } = parseTrace(
      alloc(THREAD, 8192, 1) +
        starts('kfree_rcu_monitor') +
        alloc(THREAD, 8192, 1) +
        starts('kfree_rcu_work') +
        free(WORKER) +
        free(WORKER) +
        starts('kfree_rcu_work') +
        free(WORKER) +
        free(THREAD) +
        starts('pcpu_balance_workfn') +
        free(WORKER),
    );
    expect(digestAllocator(lines).turns).toEqual([
      { before: 2, areas: 2 },
      { before: 2, areas: 1 },
    ]);
  });

  it('tells where per-CPU objects were put', () => {
    const { lines } = parseTrace(
      line(
        THREAD,
        'percpu_alloc_percpu: call_site=0xf7807a2c reserved=0 is_atomic=0 size=644 align=4 base_addr=fefdf000 off=6892 ptr=c193baec bytes_alloc=644 gfp_flags=GFP_KERNEL',
      ),
    );
    expect(digestAllocator(lines).percpu).toEqual([
      { task: THREAD, size: 644, align: 4, chunk: 0xfefdf000, offset: 6892 },
    ]);
  });

  it('gives each turn of the per-CPU balance work its place among the objects freed', () => {
    const gone = (task: string): string =>
      line(task, 'percpu_free_percpu: base_addr=fefdf000 off=6892 ptr=c193baec');
    const balance = starts('pcpu_balance_workfn');
    const { lines } = parseTrace(
      balance + gone(THREAD) + gone('init-1') + gone(THREAD) + balance + gone(THREAD) + balance,
    );
    expect(digestAllocator(lines).balances).toEqual([0, 2, 3]);
  });
});
