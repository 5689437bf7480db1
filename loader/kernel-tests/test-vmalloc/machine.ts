// SPDX-License-Identifier: MIT
/** A machine for the tests to run on: an address space and what works on it in the background. */

import type { CpuId } from '../../base/index.ts';
import { KernelLog, Random } from '../../engine/index.ts';
import type { Tracer } from '../../events/index.ts';
import type { AddressSpacePreset } from '../../presets/index.ts';
import { PercpuAllocator, VmallocSpace } from '../../vmalloc/index.ts';
import type { TestHost } from './host.ts';
import { KvfreeRcu } from './kvfree-rcu.ts';
import { OperationClock } from './operation-clock.ts';

export interface TestMachineOptions {
  readonly preset: AddressSpacePreset;
  /** Online and possible CPUs. */
  readonly cpus: number;
  /** Default 1. */
  readonly seed?: number;
  /** Gets the allocator's events; default: nobody. */
  readonly trace?: Tracer;
  /**
   * Calls between the parked pages passing their limit and the drain work; default 0, as on a kernel
   * whose workers go before the tests. Where they share the CPU fairly, purges of a traced kernel
   * ended 0 to 1,100 calls after that: the worker is let in late, and stopped half way.
   * Model: until then the areas count as parked; the kernel's counter drops when the purge begins.
   */
  readonly drainDelay?: number;
  /**
   * Calls in a timer tick, default 1,000 (HZ=250 and 4 µs a call), and in a grace period, default
   * 3,000. Assumed, not measured: only the kvfree_rcu cases depend on them.
   */
  readonly jiffy?: number;
  readonly gracePeriod?: number;
}

export class TestMachine implements TestHost {
  readonly space: VmallocSpace;
  readonly percpu: PercpuAllocator;
  readonly rcu: KvfreeRcu;
  readonly clock = new OperationClock();
  readonly random: Random;
  readonly cpus: number;
  readonly log: KernelLog;
  currentCpu: CpuId = 0;

  constructor(options: TestMachineOptions) {
    const { cpus, drainDelay = 0, jiffy = 1000, gracePeriod = 3000 } = options;
    const { clock } = this;
    const trace = options.trace ?? { emit: () => {} };
    this.cpus = cpus;
    this.random = new Random(options.seed ?? 1);
    this.log = new KernelLog(() => 0, trace);
    this.space = new VmallocSpace(options.preset, {
      trace,
      log: this.log,
      onlineCpus: () => cpus,
      comm: () => 'vmalloc_test/0',
      cpu: () => this.currentCpu,
      scheduleDrain: () => clock.after(drainDelay, () => this.space.drainVmapAreaWork()),
    });
    let balancing = false;
    this.percpu = new PercpuAllocator(this.space, {
      cpus,
      log: this.log,
      scheduleBalance: () => {
        if (balancing) return;
        balancing = true;
        clock.after(drainDelay, () => {
          balancing = false;
          this.percpu.balanceWork();
        });
      },
    });
    this.rcu = new KvfreeRcu(clock, { jiffy, gracePeriod }, options.preset.wordBits, (addr) =>
      this.space.vfree(addr),
    );
  }
}
