// SPDX-License-Identifier: MIT
// What only the kernel can tell of a run of its allocator's tests, handed to the model step by
// step: what was drawn at random, when grace periods ended and workers had their turns, what the
// first per-CPU chunk still had room for after the boot. Everything else the model has to find itself.

import type {
  AllocatorStep,
  FreeingTurn,
  PercpuPlacement,
} from '../../emulator/linux/allocator-digest.ts';
import type { TraceEvent } from '../../loader/events/index.ts';
import type { SimKernel } from '../../loader/kernel.ts';
import {
  type Draws,
  freeingOrder,
  type KvfreeQueue,
  type PercpuDraw,
  type PercpuMemory,
  type PercpuObject,
  pointersPerPage,
} from '../../loader/kernel-tests/index.ts';
import type { PercpuArea } from '../../loader/vmalloc/index.ts';

const PAGE = 4096;
const THREAD = /^vmalloc_test\//;
const WRITER = /^init-/;
const WORKER = /^kworker\//;
const NOTHING: AllocatorStep = { attempts: [], turns: [], percpu: [], balances: [] };

export class KernelAccount implements Draws, KvfreeQueue, PercpuMemory {
  /** By step: where the model put per-CPU objects. */
  readonly placed: PercpuPlacement[][] = [];
  readonly #kernel: SimKernel;
  readonly #steps: readonly AllocatorStep[];
  #index = 0;
  #step = NOTHING;
  /** Allocations the test's threads have tried in this step, and events of all but workers. */
  #attempts = 0;
  #events = 0;
  #turns: FreeingTurn[] = [];
  /** What kvfree_rcu() was given and no grace period has ended for. */
  #collected: number[] = [];
  /** Objects of the first chunk, which is left to the kernel's account. */
  readonly #first = new WeakSet<PercpuObject>();
  /** Of those who ask through the scenario; the kernel has needs of its own. */
  #requests: readonly PercpuPlacement[] = [];
  #percpuDraws = 0;
  #percpuRequests = 0;
  #percpuReleases = 0;
  /** Turns of the balance work that are still to come. */
  #balances: number[] = [];
  #balanceDue = false;

  constructor(kernel: SimKernel, steps: readonly AllocatorStep[]) {
    this.#kernel = kernel;
    this.#steps = steps;
    if (steps.some(({ percpu }) => percpu.length > 0)) kernel.percpu.leaveFirstChunk();
    kernel.events.attach({ push: (event) => this.#count(event) });
  }

  beginStep(index: number): void {
    this.#index = index;
    this.#step = this.#steps[index] ?? NOTHING;
    this.#attempts = 0;
    this.#events = 0;
    this.#requests = requestsOf(this.#step);
    this.#percpuDraws = 0;
    this.#percpuRequests = 0;
    this.#percpuReleases = 0;
    this.#balances = [...this.#step.balances];
    this.#balanceDue = false;
    this.#turns = [...this.#step.turns];
    this.#takeTurns();
  }

  // --- draws: what the kernel's same attempt asked for ------------------------------------------

  pages(): number {
    return (this.#attempt().size - PAGE) / PAGE;
  }

  /** The only byte from which both size and alignment come. */
  byte(): number {
    const { size, align } = this.#attempt();
    const pages = (size - PAGE) / PAGE;
    for (let byte = 0; byte < 256; byte++) {
      if ((byte % 10) + 1 === pages && 2 ** (byte % 23) === align) return byte;
    }
    return 0;
  }

  percpu(): PercpuDraw {
    const found = this.#requests[this.#percpuDraws];
    this.#percpuDraws += 1;
    return found ?? { size: 4, align: 4 };
  }

  #attempt(): { readonly size: number; readonly align: number } {
    return this.#step.attempts[this.#attempts] ?? { size: 2 * PAGE, align: 1 };
  }

  // --- grace periods ----------------------------------------------------------------------------

  add(addr: number): void {
    this.#collected.push(addr);
  }

  #count(event: TraceEvent): void {
    if (
      event.kind !== 'alloc_vmap_area' &&
      event.kind !== 'free_vmap_area_noflush' &&
      event.kind !== 'purge_vmap_area_lazy'
    ) {
      return;
    }
    if (WORKER.test(event.task)) return;
    this.#events += 1;
    if (event.kind === 'alloc_vmap_area' && THREAD.test(event.task)) this.#attempts += 1;
    this.#takeTurns();
  }

  #takeTurns(): void {
    for (let [next] = this.#turns; next && next.before <= this.#events; [next] = this.#turns) {
      this.#turns.shift();
      this.#freeBatch(next.areas);
    }
  }

  #freeBatch(count: number): void {
    const { engine, space } = this.#kernel;
    const take = (): readonly number[] => this.#collected.splice(0, count);
    engine.spawn({ comm: 'kworker/u4:0', preempts: true }, function* () {
      for (const addr of freeingOrder(take(), pointersPerPage(space.preset.wordBits))) {
        space.vfree(addr);
        yield engine.work(1);
      }
    });
  }

  // --- per-CPU objects --------------------------------------------------------------------------

  alloc(size: number, align: number): PercpuObject | null {
    const asked = this.#requests[this.#percpuRequests];
    this.#percpuRequests += 1;
    if (asked !== undefined && asked.chunk < this.#kernel.space.preset.vmallocStart) {
      const object = { addr: asked.chunk + asked.offset };
      this.#first.add(object);
      return object;
    }
    const area = this.#kernel.percpu.alloc(size, align);
    if (area !== null) {
      const chunk = area.chunk.areas.base;
      const list = this.placed[this.#index] ?? [];
      this.placed[this.#index] = list;
      const task = this.#kernel.engine.currentLabel;
      list.push({
        task,
        size: area.size,
        align: Math.max(align, 4),
        chunk,
        offset: area.addr - chunk,
      });
    }
    return area;
  }

  release(object: PercpuObject): boolean {
    this.#percpuReleases += 1;
    this.#letBalanceIn();
    return !this.#first.has(object) && this.#kernel.percpu.release(object as PercpuArea);
  }

  /**
   * queue_work() wakes the worker with interrupts off, so it comes in where the next object is freed
   * and the lock dropped; before that when an interrupt was waiting, later when another worker has
   * to be made first (kernel/workqueue.c). Where the kernel tells of no turn, it is the model's own.
   */
  scheduleBalance(): void {
    this.#balanceDue = this.#nextBalance() !== undefined;
    if (!this.#balanceDue) this.#kernel.percpu.scheduleBalance();
  }

  balanceComesEarly(): boolean {
    return this.#letBalanceIn();
  }

  #nextBalance(): number | undefined {
    while (this.#balances[0]! < this.#percpuReleases) this.#balances.shift();
    return this.#balances[0];
  }

  /** Whether the turn of the worker that waits has come. */
  #letBalanceIn(): boolean {
    if (!this.#balanceDue || this.#nextBalance() !== this.#percpuReleases) return false;
    this.#balances.shift();
    this.#balanceDue = false;
    this.#kernel.percpu.scheduleBalance();
    return true;
  }
}

/** A test's threads, or else the one request a step may write to ms_areas. */
export function requestsOf({ percpu }: AllocatorStep): readonly PercpuPlacement[] {
  const threads = percpu.filter(({ task }) => THREAD.test(task));
  return threads.length > 0 ? threads : percpu.filter(({ task }) => WRITER.test(task)).slice(-1);
}
