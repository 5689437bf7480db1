// SPDX-License-Identifier: MIT
// Who printed a line of the model's kernel log, as the guest's log tells it.

import type { Task } from '../../loader/engine/index.ts';
import type { SimKernel } from '../../loader/kernel.ts';
import type { CallResult } from '../../loader/session/index.ts';
import type { InitTasks } from './init-tasks.ts';

interface Printed {
  readonly step: number;
  readonly request: number;
  /** By the task that made the call, not by one that works for it. */
  readonly own: boolean;
  /** By a module's own init. */
  readonly init: boolean;
  readonly text: string;
}

/**
 * A step's only call has all lines that are printed for it. Of several calls at once each has those
 * its own process prints; what threads and helpers print for them is nobody's, and what a module's
 * own init prints is left out, as it is of the guest's log.
 */
export class ModelLog {
  step = 0;
  readonly #lines: Printed[] = [];
  readonly #callers = new Map<number, Task | undefined>();

  constructor(kernel: SimKernel, inits: InitTasks) {
    const { engine, events } = kernel;
    events.attach({
      push: (event) => {
        if (event.kind === 'request_begin') this.#callers.set(event.request, engine.current);
      },
    });
    kernel.onLog(({ text }, request) => {
      const own = this.#callers.get(request) === engine.current;
      this.#lines.push({ step: this.step, request, own, init: inits.inside, text });
    });
  }

  of({ member, request, log }: CallResult): readonly string[] {
    const lines = this.#lines.filter((line) => line.request === request);
    if (member === undefined) {
      // A log that has been cut short is the result's business.
      if (!lines.some((line) => line.init)) return log;
      return lines.flatMap((line) => (line.init ? [] : line.text));
    }
    return lines.flatMap((line) => (line.own && !line.init ? line.text : []));
  }

  /** By step, lines that are no call's. */
  others(results: readonly CallResult[], steps: number): string[][] {
    const together = new Set(
      results.flatMap(({ member, request }) => (member === undefined ? [] : request)),
    );
    const others = Array.from({ length: steps }, (): string[] => []);
    for (const { step, request, own, init, text } of this.#lines) {
      if (init) continue;
      if (request === 0 || (!own && together.has(request))) others[step]?.push(text);
    }
    return others;
  }
}
