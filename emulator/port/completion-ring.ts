// SPDX-License-Identifier: MIT
/** The completion ring: written by the port, taken by the guest. */
import type { Nanos } from '../../loader/base/index.ts';
import type { GuestMemory } from './guest-memory.ts';
import { COMPLETION, type Code } from './protocol.ts';

export class CompletionRing {
  readonly #memory: GuestMemory;
  #base = 0;
  #mask = 0;
  #head = 0;
  #tail = 0;
  #written = 0;
  readonly #entry = new Uint32Array(COMPLETION.SIZE / 4);

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  /** Starts an empty ring of 1 << `order` entries at `base`; the caller has checked both. */
  open(base: number, order: number): void {
    this.#base = base;
    this.#mask = (1 << order) - 1;
    this.#head = 0;
    this.#tail = 0;
  }

  /** Index the next completion gets, counted modulo 2^32. */
  get tail(): number {
    return this.#tail;
  }

  /** Completions the guest has not taken. */
  get untaken(): number {
    return (this.#tail - this.#head) >>> 0;
  }

  /** Completions written since the port was made. */
  get written(): number {
    return this.#written;
  }

  /** The guest has taken all before `head`; false when it cannot have. */
  take(head: number): boolean {
    if ((this.#tail - head) >>> 0 > this.untaken) return false;
    this.#head = head;
    return true;
  }

  /** Writes one entry. The caller has made sure there is room. */
  put(
    context: number,
    tag: number,
    ret: number,
    status: Code,
    length: number,
    total: number,
    now: Nanos,
  ): void {
    if (this.untaken > this.#mask) throw new Error('module port: completion ring overrun');
    const entry = this.#entry;
    entry[COMPLETION.CONTEXT / 4] = context;
    entry[COMPLETION.TAG / 4] = tag;
    entry[COMPLETION.RETURN / 4] = ret;
    entry[COMPLETION.STATUS / 4] = status;
    entry[COMPLETION.LENGTH / 4] = length;
    entry[COMPLETION.TOTAL / 4] = total;
    entry[COMPLETION.NOW_LOW / 4] = now >>> 0;
    entry[COMPLETION.NOW_HIGH / 4] = Math.floor(now / 2 ** 32);
    this.#memory.writeWords(this.#base + (this.#tail & this.#mask) * COMPLETION.SIZE, entry);
    this.#tail = (this.#tail + 1) >>> 0;
    this.#written++;
  }
}
