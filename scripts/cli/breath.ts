// SPDX-License-Identifier: MIT
import { setImmediate } from 'node:timers/promises';
import type { CommandContext } from './command-context.ts';

/** How long a command may keep the event loop to itself, in milliseconds. */
const SLICE_MS = 20;

/** Lets the event loop run now and then in long synchronous work, so that Ctrl-C is heard. */
export class Breath {
  readonly #context: CommandContext;
  #last = performance.now();

  constructor(context: CommandContext) {
    this.#context = context;
  }

  /** Throws Interrupted after Ctrl-C. Cheap when little time has passed. */
  async take(): Promise<void> {
    if (performance.now() - this.#last < SLICE_MS) return;
    await setImmediate();
    this.#context.throwIfInterrupted();
    this.#last = performance.now();
  }
}
