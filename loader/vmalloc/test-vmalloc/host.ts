/** What the tests run on: a machine of their own, or a kernel. */
import type { Random } from '../../engine/random.ts';
import type { CpuId } from '../../units.ts';
import type { PercpuAllocator } from '../percpu.ts';
import type { VmallocSpace } from '../space.ts';
import type { Draws } from './draws.ts';
import type { KvfreeQueue } from './kvfree-rcu.ts';

export interface TestHost {
  readonly space: VmallocSpace;
  readonly percpu: PercpuAllocator;
  readonly rcu: KvfreeQueue;
  /** Online CPUs. */
  readonly cpus: number;
  readonly random: Random;
  /** What random cases draw; absent: from `random`. */
  readonly draws?: Draws;
  /** CPU of the worker whose turn it is. */
  currentCpu: CpuId;
}
