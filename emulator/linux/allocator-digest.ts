// SPDX-License-Identifier: MIT
// What the trace of a step says beside the vmalloc events themselves of how they came about: what
// threads of test_vmalloc.ko drew, when grace periods ended, where per-CPU objects were put, when the
// worker that looks after their chunks had its turns.

import type { TraceLine } from './trace-lines.ts';

/** Tracepoints it needs beside those of every run. */
export const ALLOCATOR_EVENTS: readonly string[] = [
  'workqueue/workqueue_execute_start',
  'percpu/percpu_alloc_percpu',
  'percpu/percpu_free_percpu',
];

/** A worker's turn in which kvfree_rcu() memory was freed. */
export interface FreeingTurn {
  /** Allocator events of this step that others than kernel workers had caused by then. */
  readonly before: number;
  /** How many areas were freed. */
  readonly areas: number;
}

export interface PercpuPlacement {
  readonly task: string;
  readonly size: number;
  readonly align: number;
  /** Base of the chunk, and the offset in it. */
  readonly chunk: number;
  readonly offset: number;
}

export interface AllocatorStep {
  /** Size (guard page included) and alignment of each attempt of a test thread to allocate. */
  readonly attempts: readonly { readonly size: number; readonly align: number }[];
  readonly turns: readonly FreeingTurn[];
  readonly percpu: readonly PercpuPlacement[];
  /** For each turn of the per-CPU balance work: objects the test's threads had freed by then. */
  readonly balances: readonly number[];
}

const THREAD = 'vmalloc_test/';
const WORKER = 'kworker/';
const KVFREE_WORK = /function kfree_rcu_(work|monitor)$/;
const BALANCE_WORK = /function pcpu_balance_workfn$/;
const ATTEMPT = /^va_start: \d+ size=(\d+) align=(\d+) /;
const PLACED = / size=(\d+) align=(\d+) base_addr=(?:0x)?([0-9a-f]+) off=(\d+) /;

/** Reads one step's lines. */
export function digestAllocator(lines: readonly TraceLine[]): AllocatorStep {
  const attempts: { size: number; align: number }[] = [];
  const turns: { before: number; areas: number }[] = [];
  const percpu: PercpuPlacement[] = [];
  const balances: number[] = [];
  let freed = 0;
  /** Workers inside a work that frees kvfree_rcu() memory: by pid, their turn. */
  const freeing = new Map<number, { before: number; areas: number }>();
  let before = 0;
  for (const { name, comm, pid, text } of lines) {
    switch (name) {
      case 'workqueue_execute_start':
        freeing.delete(pid);
        if (KVFREE_WORK.test(text)) freeing.set(pid, { before, areas: 0 });
        if (BALANCE_WORK.test(text)) balances.push(freed);
        break;
      case 'percpu_free_percpu':
        if (comm.startsWith(THREAD)) freed += 1;
        break;
      case 'percpu_alloc_percpu': {
        const [, size, align, chunk, offset] = PLACED.exec(text)!;
        percpu.push({
          task: `${comm}-${pid}`,
          size: Number(size),
          align: Number(align),
          chunk: Number.parseInt(chunk!, 16),
          offset: Number(offset),
        });
        break;
      }
      case 'free_vmap_area_noflush': {
        const turn = freeing.get(pid);
        if (turn !== undefined) {
          if (turn.areas === 0) turns.push(turn);
          turn.areas += 1;
        }
        if (!comm.startsWith(WORKER)) before += 1;
        break;
      }
      case 'alloc_vmap_area':
        if (comm.startsWith(THREAD)) {
          const [, size, align] = ATTEMPT.exec(text)!;
          attempts.push({ size: Number(size), align: Number(align) });
        }
        if (!comm.startsWith(WORKER)) before += 1;
        break;
      case 'purge_vmap_area_lazy':
        if (!comm.startsWith(WORKER)) before += 1;
        break;
    }
  }
  return { attempts, turns, percpu, balances };
}
