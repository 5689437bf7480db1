// SPDX-License-Identifier: MIT
// Who printed a line of the model's kernel log, as the guest's log tells it.

import type { Task } from '../../loader/engine/index.ts';
import type { SimKernel } from '../../loader/kernel.ts';
import type { CallResult } from '../../loader/session/index.ts';

interface Printed {
  readonly step: number;
  readonly request: number;
  /** By the task that made the call, not by one that works for it. */
  readonly own: boolean;
  readonly text: string;
}

/**
 * A step's only call has all lines that are printed for it. Of several calls at once each has those
 * its own process prints; what threads and helpers print for them is nobody's.
 */
export class ModelLog {
  step = 0;
  readonly #lines: Printed[] = [];
  readonly #callers = new Map<number, Task | undefined>();

  constructor(kernel: SimKernel) {
    const { engine, events } = kernel;
    events.attach({
      push: (event) => {
        if (event.kind === 'request_begin') this.#callers.set(event.request, engine.current);
      },
    });
    kernel.onLog(({ text }, request) => {
      const own = this.#callers.get(request) === engine.current;
      this.#lines.push({ step: this.step, request, own, text });
    });
  }

  of({ member, request, log }: CallResult): readonly string[] {
    if (member === undefined) return log;
    return this.#lines.flatMap((line) => (line.own && line.request === request ? line.text : []));
  }

  /** By step, lines that are no call's. */
  others(results: readonly CallResult[], steps: number): string[][] {
    const together = new Set(
      results.flatMap(({ member, request }) => (member === undefined ? [] : request)),
    );
    const others = Array.from({ length: steps }, (): string[] => []);
    for (const { step, request, own, text } of this.#lines) {
      if (request === 0 || (!own && together.has(request))) others[step]?.push(text);
    }
    return others;
  }
}
