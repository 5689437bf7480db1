// SPDX-License-Identifier: MIT
/** Where the guest wants its rings, and whether they can be there. */
import type { GuestMemory } from './guest-memory.ts';
import { CODE, COMPLETION, type Code, MAX_RING_ORDER, REGISTER, REQUEST } from './protocol.ts';

/** Rings start on a cache line. */
const RING_ALIGN = 64;

export class RingSetup {
  #requests = 0;
  #completions = 0;
  #order = 0;

  /** Physical address of the request ring. */
  get requests(): number {
    return this.#requests;
  }

  /** Physical address of the completion ring. */
  get completions(): number {
    return this.#completions;
  }

  get order(): number {
    return this.#order;
  }

  set(register: number, word: number): void {
    if (register === REGISTER.REQUEST_RING) this.#requests = word;
    else if (register === REGISTER.COMPLETION_RING) this.#completions = word;
    else this.#order = word;
  }

  /** OK when both rings lie in RAM, apart, with room for what is outstanding. */
  check(memory: GuestMemory, outstanding: number): Code {
    if (this.#order > MAX_RING_ORDER) return CODE.BAD_RING_ORDER;
    const entries = 1 << this.#order;
    if (outstanding > entries) return CODE.RING_FULL;
    const requestBytes = entries * REQUEST.SIZE;
    const completionBytes = entries * COMPLETION.SIZE;
    const fits =
      this.#requests % RING_ALIGN === 0 &&
      this.#completions % RING_ALIGN === 0 &&
      memory.contains(this.#requests, requestBytes) &&
      memory.contains(this.#completions, completionBytes) &&
      (this.#requests + requestBytes <= this.#completions ||
        this.#completions + completionBytes <= this.#requests);
    return fits ? CODE.OK : CODE.BAD_RING_ADDRESS;
  }

  toString(): string {
    const [requests, completions] = [this.#requests, this.#completions].map((at) =>
      at.toString(16),
    );
    return `requests at 0x${requests}, completions at 0x${completions}, order ${this.#order}`;
  }
}
