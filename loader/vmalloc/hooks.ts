// SPDX-License-Identifier: MIT
/** What the address space asks of the kernel around it, and how it may be varied. */

import type { CpuId, Nanos, PageCount } from '../base/index.ts';
import type { Printk } from '../engine/index.ts';
import type { Tracer } from '../events/index.ts';

export interface VmallocHooks {
  readonly trace: Tracer;
  readonly log: Printk;
  onlineCpus(): number;
  /** Name of the running task, for messages. */
  comm(): string;
  /**
   * Queue the drain work; the engine later calls `drainVmapAreaWork()`. Not called again before
   * that has begun, as scheduling pending work does nothing.
   */
  scheduleDrain(): void;
  /** CPU of the running task; absent: always 0. */
  cpu?(): CpuId;
  /** Virtual time for the age of areas; absent: always 0. */
  now?(): Nanos;
  /** Takes up to `pages` physical pages and returns how many there were; absent: all of them. */
  allocPages?(pages: PageCount): PageCount;
  /** Gives physical pages back. */
  freePages?(pages: PageCount): void;
}

export interface VmallocOptions {
  /** Text of the address-space failure line: `range` from 6.11 on, `vmalloc=` before. */
  readonly vaFailureMessage?: 'range' | 'vmalloc=';
  /**
   * Parked areas: one by one, per vmap node, given back highest first (from 6.9 on), or in one
   * list that joins neighbours, given back lowest first (5.11 to 6.8). Default `per_node`.
   */
  readonly lazyAreas?: 'per_node' | 'merged';
  /** Who allocates module memory: `execmem` from 6.10 on, `module_alloc` before. */
  readonly moduleAllocator?: 'execmem' | 'module_alloc';
  /** va_start of a search that found nothing: the window's end, or the errno (6.15 on). */
  readonly failedSearch?: 'vend' | 'errno';
  /** The function that limits the line of a failed module allocation. */
  readonly execmemLimit?: '__execmem_alloc' | 'execmem_vmalloc';
  /** RAM of the machine; a larger vmalloc fails at once. Default: no limit. */
  readonly totalRamPages?: PageCount;
  /** Possible CPUs (nr_cpu_ids). Default: the CPUs online at construction. */
  readonly possibleCpus?: number;
  /** KASLR offset of the module range, 1 to 1024 pages on x86; default 0, KASLR off. */
  readonly moduleLoadOffset?: PageCount;
  /** CONFIG_CPUSETS: allocation failure lines end with the cpuset. */
  readonly cpusets?: boolean;
}
