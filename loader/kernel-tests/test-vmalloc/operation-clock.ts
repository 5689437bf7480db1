// SPDX-License-Identifier: MIT
/**
 * Time as the tests have it: it passes by one with each call a worker makes.
 *
 * Model: the kernel's workers and its work queues race on real CPUs. Here what is put off runs
 * after a stated number of calls, so that a run is repeatable and a delay can be chosen.
 */
interface Deferred {
  readonly due: number;
  readonly run: () => void;
}

export class OperationClock {
  #now = 0;
  /** Earliest first, equal ones in the order they came. */
  readonly #queue: Deferred[] = [];
  #next = Number.POSITIVE_INFINITY;

  /** Calls made so far. */
  get now(): number {
    return this.#now;
  }

  /** Runs `run` once `operations` more calls were made; 0: at the end of the present one. */
  after(operations: number, run: () => void): void {
    const due = this.#now + Math.max(operations, 1);
    let at = this.#queue.length;
    while (at > 0 && this.#queue[at - 1]!.due > due) at -= 1;
    this.#queue.splice(at, 0, { due, run });
    this.#next = this.#queue[0]!.due;
  }

  /** One call is over. */
  tick(): void {
    this.#now += 1;
    if (this.#now >= this.#next) this.#runDue();
  }

  /** Lets time pass until nothing is put off any more. */
  settle(): void {
    while (this.#queue.length > 0) {
      this.#now = Math.max(this.#now, this.#next);
      this.#runDue();
    }
  }

  #runDue(): void {
    while (this.#queue.length > 0 && this.#queue[0]!.due <= this.#now) {
      this.#queue.shift()!.run();
    }
    this.#next = this.#queue[0]?.due ?? Number.POSITIVE_INFINITY;
  }
}
