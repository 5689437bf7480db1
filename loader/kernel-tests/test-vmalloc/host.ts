// SPDX-License-Identifier: MIT
/** What the tests run on: a machine of their own, or a kernel. */

import type { Bytes, CpuId, VirtAddr } from '../../base/index.ts';
import type { Random } from '../../engine/index.ts';
import type { VmallocSpace } from '../../vmalloc/index.ts';
import type { Draws } from './draws.ts';
import type { KvfreeQueue } from './kvfree-rcu.ts';

/** What alloc_percpu() returned. */
export interface PercpuObject {
  readonly addr: VirtAddr;
}

export interface PercpuMemory<Area extends PercpuObject = PercpuObject> {
  alloc(size: Bytes, align: Bytes): Area | null;
  /** free_percpu() in two steps, as PercpuAllocator has it. */
  release(area: Area): boolean;
  scheduleBalance(): void;
  /** Whether an interrupt lets the work just queued in before the next call; absent: never. */
  balanceComesEarly?(): boolean;
}

export interface TestHost {
  readonly space: VmallocSpace;
  readonly percpu: PercpuMemory;
  readonly rcu: KvfreeQueue;
  /** Online CPUs. */
  readonly cpus: number;
  readonly random: Random;
  /** What random cases draw; absent: from `random`. */
  readonly draws?: Draws;
  /** CPU of the worker whose turn it is. */
  currentCpu: CpuId;
}
