// SPDX-License-Identifier: MIT
/** An in-memory session for tests: programs in, completions out, every call written down. */
import type { Operation } from '../../loader/session/operation.ts';
import type { PortSession, SessionCompletion } from '../../loader/session/port-session.ts';

/** What a fake kernel makes of an operation. */
export interface Outcome {
  readonly ret: number;
  readonly data?: Uint8Array;
  /** Virtual nanoseconds until it completes; `Infinity` for never. */
  readonly ns: number;
}

export interface FakeSessionOptions {
  readonly programs: readonly (readonly Operation[])[];
  readonly serve?: (context: number, operation: Operation) => Outcome;
}

interface Pending {
  readonly context: number;
  readonly tag: number;
  readonly due: number;
  readonly seq: number;
  readonly outcome: Outcome;
}

export class FakeSession implements PortSession {
  readonly contexts: number;
  now = 0;
  /** One line per call, in order. */
  readonly calls: string[] = [];
  readonly #programs: readonly (readonly Operation[])[];
  readonly #next: number[];
  readonly #serve: (context: number, operation: Operation) => Outcome;
  #pending: Pending[] = [];
  #seq = 0;

  constructor({ programs, serve }: FakeSessionOptions) {
    this.contexts = programs.length;
    this.#programs = programs;
    this.#next = programs.map(() => 0);
    this.#serve = serve ?? (() => ({ ret: 0, ns: 1000 }));
  }

  get outstanding(): number {
    return this.#pending.length;
  }

  fetch(context: number): Operation | undefined {
    const operation = this.#programs[context]?.[this.#next[context]!];
    this.#next[context]!++;
    this.calls.push(`fetch ${context} ${JSON.stringify(operation)}`);
    return operation;
  }

  submit(context: number, tag: number, operation: Operation): void {
    this.calls.push(`submit ${context} ${tag} ${JSON.stringify(operation)}`);
    const outcome = this.#serve(context, operation);
    this.#pending.push({ context, tag, due: this.now + outcome.ns, seq: this.#seq++, outcome });
  }

  advance(): readonly SessionCompletion[] {
    const due = Math.min(...this.#pending.map((pending) => pending.due), Number.POSITIVE_INFINITY);
    if (due === Number.POSITIVE_INFINITY) {
      this.calls.push('advance: nothing');
      return [];
    }
    this.now = Math.max(this.now, due);
    const ready = this.#pending
      .filter((pending) => pending.due <= this.now)
      .sort((a, b) => a.due - b.due || a.seq - b.seq);
    this.#pending = this.#pending.filter((pending) => pending.due > this.now);
    this.calls.push(`advance: ${ready.map(({ context, tag }) => `${context}/${tag}`).join(' ')}`);
    return ready.map(({ context, tag, outcome: { ret, data } }) =>
      data === undefined ? { context, tag, ret } : { context, tag, ret, data },
    );
  }

  advanceTime(ns: number): void {
    this.calls.push(`advanceTime ${ns}`);
    this.now += ns;
  }
}
