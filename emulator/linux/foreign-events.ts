// SPDX-License-Identifier: MIT
// Allocator events of tasks that are not the loader's: stacks of threads, which a kernel with
// CONFIG_VMAP_STACK takes from the vmalloc space, and what was there since the boot.

/** What another task did to the address space. */
export interface ForeignEvent {
  /** How many events of the loader and of inits the step had seen before it. */
  readonly position: number;
  readonly kind: 'alloc' | 'free' | 'purge';
  /** Start of the area, `0x` and hexadecimal digits; empty for a purge. */
  readonly va: string;
  /** Bytes, guard page included, and alignment; 0 for a free or a purge. */
  readonly size: number;
  readonly align: number;
}

/** Tells events of the loader's tasks from others', from step to step. */
export class ForeignEvents {
  /** Areas that the loader or an init has. */
  readonly #loaders = new Set<string>();
  /** Tasks whose last event was a free of the loader's: its worker, which purges next. */
  readonly #freeing = new Set<number>();
  #events: ForeignEvent[] = [];
  #position = 0;

  /** A new step begins: those of the one before. */
  take(): ForeignEvent[] {
    const events = this.#events;
    this.#events = [];
    this.#position = 0;
    return events;
  }

  /** `calling`: whether the task is inside a module system call. */
  alloc(calling: boolean, area: Pick<ForeignEvent, 'va' | 'size' | 'align'>): void {
    if (calling) {
      this.#loaders.add(area.va);
      this.#position += 1;
    } else {
      this.#events.push({ position: this.#position, kind: 'alloc', ...area });
    }
  }

  free(pid: number, va: string): void {
    if (this.#loaders.delete(va)) {
      this.#freeing.add(pid);
      this.#position += 1;
      return;
    }
    this.#freeing.delete(pid);
    this.#events.push({ position: this.#position, kind: 'free', va, size: 0, align: 0 });
  }

  purge(calling: boolean, pid: number): void {
    if (calling || this.#freeing.has(pid)) {
      this.#position += 1;
      return;
    }
    this.#events.push({ position: this.#position, kind: 'purge', va: '', size: 0, align: 0 });
  }
}
