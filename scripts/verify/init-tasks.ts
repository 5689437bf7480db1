// SPDX-License-Identifier: MIT
// Which tasks of the model are inside a module's own init: what they do then is the init's.

import type { SimKernel } from '../../loader/kernel.ts';

export class InitTasks {
  /** By the task's name in events: the module. */
  readonly #modules = new Map<string, string>();
  readonly #label: () => string;

  constructor({ ctx, engine }: SimKernel) {
    this.#label = () => engine.currentLabel;
    ctx.initWatchers.push((module, phase) => {
      // What is modelled itself is the task's own.
      if (phase === 'finish' || ctx.initPrograms.has(module)) this.#modules.delete(this.#label());
      else this.#modules.set(this.#label(), module);
    });
  }

  /** The module whose init this task is in. */
  of(task: string): string | undefined {
    return this.#modules.get(task);
  }

  /** Whether the current task is in one. */
  get inside(): boolean {
    return this.#modules.has(this.#label());
  }
}
