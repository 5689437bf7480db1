// SPDX-License-Identifier: MIT
import type { CpuId, Nanos } from '../base/index.ts';
import { type Coroutine, type Engine, SerialResource, SharedResource } from '../engine/index.ts';
import type { MachineCosts } from '../presets/index.ts';

/** Entries of one module in /sys/module: sections, notes, parameters and a dozen files of all. */
export const SYSFS_FILES = 50;

/**
 * What the CPUs of a machine share and have to queue for while they load modules. Times grow with
 * the load through these, and through nothing else.
 */
export class SharedHardware {
  readonly #engine: Engine;
  readonly #costs: MachineCosts;
  readonly #sockets: readonly SharedResource[];
  /** vmap_area_lock and free_vmap_area_lock (mm/vmalloc.c) as one. */
  readonly #vmap: SerialResource;
  /** kernfs_rwsem of sysfs: readers and writers alike write its count (fs/kernfs/dir.c). */
  readonly #kernfs: SharedResource;
  /** What one use of sysfs takes of it. */
  readonly #kernfsNs: Nanos;
  /** wake_up_all(&module_wq) goes from one waiter to the next, each of which takes module_mutex. */
  readonly #wakes: SerialResource;

  constructor(engine: Engine, costs: MachineCosts, sockets: number) {
    this.#engine = engine;
    this.#costs = costs;
    this.#sockets = Array.from({ length: sockets }, () => new SharedResource(engine));
    const line = (costs.line_ns + (sockets - 1) * costs.remote_line_ns) / sockets;
    this.#kernfsNs = costs.kernfs_lines * line;
    this.#vmap = new SerialResource(engine, line);
    this.#kernfs = new SharedResource(engine);
    this.#wakes = new SerialResource(engine);
  }

  /**
   * Memory of the socket the current task is on.
   * Model: CPUs are dealt out to sockets in turn, as the scheduler spreads tasks over them.
   */
  #memory(cpu: CpuId): SharedResource {
    return this.#sockets[cpu % this.#sockets.length]!;
  }

  /** One area is found and linked, or unlinked: the time of it, in the queue too. */
  vmapArea(): Nanos {
    return this.#vmap.reserve(this.#costs.vmap_area_ns);
  }

  /** Pages are allocated and written, `own` nanoseconds each when nobody else does. */
  *fillPages(pages: number, own: Nanos): Coroutine<void> {
    const memory = this.#memory(this.#engine.currentCpu);
    const { memory_page_ns } = this.#costs;
    yield* memory.use(pages, Math.max(0, own - memory_page_ns), memory_page_ns);
  }

  /** Pages go back to the allocator of their zone. */
  *freePages(pages: number): Coroutine<void> {
    const memory = this.#memory(this.#engine.currentCpu);
    const { vfree_page_ns, zone_page_ns } = this.#costs;
    yield* memory.use(pages, Math.max(0, vfree_page_ns - zone_page_ns), zone_page_ns);
  }

  /** The current task makes or looks up so many entries of sysfs, `own` nanoseconds each. */
  *sysfs(entries: number, own: Nanos): Coroutine<void> {
    const shared = this.#kernfsNs;
    yield* this.#kernfs.use(entries, Math.max(0, own - shared), shared);
  }

  /** mod_sysfs_setup(), or its undoing. */
  moduleSysfs(): Coroutine<void> {
    return this.sysfs(SYSFS_FILES, this.#costs.sysfs_ns / SYSFS_FILES);
  }

  /** The current task has been woken among others that waited for a load: after that time. */
  woken(): Nanos {
    return this.#wakes.reserve(this.#costs.module_wake_ns);
  }

  /** One was woken who waits on: those behind it are woken so much later. */
  wokenInVain(): void {
    this.#wakes.reserve(this.#costs.module_wake_ns);
  }

  /** An interrupt to every online CPU and its answer: a TLB flush, a patch of kernel text. */
  get broadcastNs(): Nanos {
    return this.#costs.purge_cpu_ns * this.#engine.onlineCpus;
  }
}
