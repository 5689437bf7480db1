// SPDX-License-Identifier: MIT
import type { Coroutine, Engine, Printk, Rcu } from '../engine/index.ts';
import type { Tracer } from '../events/index.ts';
import type { KernelFeatures, KernelIdentity, MachineCosts } from '../presets/index.ts';
import type { ModuleStats } from '../stats/index.ts';
import type { PercpuAllocator, VmallocSpace } from '../vmalloc/index.ts';
import type { AsyncWorks } from './async-works.ts';
import type { IdempotentTable } from './idempotent.ts';
import type { ImageCache } from './image-cache.ts';
import type { InitBehaviour, InitProgram, InitRequest } from './init-behaviour.ts';
import type { InitFreeWork } from './init-free.ts';
import type { ModuleList } from './module-list.ts';
import type { PurgeLock } from './purge-lock.ts';
import type { SharedHardware } from './shared-hardware.ts';
import type { KernelTaint } from './taint.ts';

/** What every stage of the loader works with: one simulated kernel's parts. */
export interface ModuleContext {
  readonly engine: Engine;
  readonly log: Printk;
  readonly tracer: Tracer;
  readonly rcu: Rcu;
  readonly space: VmallocSpace;
  /** alloc_percpu() of this kernel; made when first asked for. */
  readonly percpu: () => PercpuAllocator;
  readonly purges: PurgeLock;
  readonly shared: SharedHardware;
  readonly stats: ModuleStats;
  readonly features: KernelFeatures;
  readonly identity: KernelIdentity;
  readonly costs: MachineCosts;
  readonly images: ImageCache;
  readonly modules: ModuleList;
  readonly gate: IdempotentTable;
  readonly initFree: InitFreeWork;
  readonly taint: KernelTaint;
  /** modules_disabled, and CAP_SYS_MODULE of the caller. */
  readonly permitted: () => boolean;
  /** What a module's init does; undefined = succeeds, allocates nothing. */
  readonly initBehaviour: (module: string) => InitBehaviour | undefined;
  /** Makes a request for an init, as the current task; `fromAsync`: an async worker does. */
  readonly initRequest: (
    module: string,
    request: InitRequest,
    fromAsync: boolean,
  ) => Coroutine<number>;
  readonly asyncWorks: AsyncWorks;
  /** Told when a module's own init begins and ends, as the current task. */
  readonly initWatchers: ((module: string, phase: 'start' | 'finish') => void)[];
  /** Inits that are modelled themselves, by module name; they go before `initBehaviour`. */
  readonly initPrograms: Map<string, InitProgram>;
}
