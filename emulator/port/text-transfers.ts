// SPDX-License-Identifier: MIT
/**
 * Texts on their way into guest buffers: where each outstanding read wants its text, and the texts
 * that did not fit and wait for COPY.
 */
import type { GuestMemory } from './guest-memory.ts';

interface Target {
  readonly address: number;
  readonly length: number;
}

/** Bytes of text kept for COPY; beyond it the oldest is dropped. */
const KEPT_BYTES = 64 * 2 ** 20;

export class TextTransfers {
  readonly #memory: GuestMemory;
  /** By context and tag; a guest may use a tag twice, its requests are served in order. */
  readonly #targets = new Map<number, Target[]>();
  /** By context: the last text that was longer than its buffer. */
  readonly #rest = new Map<number, Uint8Array>();
  #kept = 0;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  /** A read was submitted; its buffer was checked. */
  expect(context: number, tag: number, address: number, length: number): void {
    const key = keyOf(context, tag);
    const queue = this.#targets.get(key);
    if (queue === undefined) this.#targets.set(key, [{ address, length }]);
    else queue.push({ address, length });
  }

  /** A request completed; whatever it was. Returns the bytes put into its buffer. */
  complete(context: number, tag: number, data: Uint8Array | undefined): number {
    if (this.#targets.size === 0) return 0;
    const key = keyOf(context, tag);
    const queue = this.#targets.get(key);
    const target = queue?.shift();
    if (queue === undefined || target === undefined) return 0;
    if (queue.length === 0) this.#targets.delete(key);
    if (target.length === 0) return 0;
    this.#drop(context);
    if (data === undefined) return 0;
    const length = Math.min(data.length, target.length);
    if (length > 0) this.#memory.write(target.address, data.subarray(0, length));
    if (length < data.length) this.#keep(context, data);
    return length;
  }

  #keep(context: number, data: Uint8Array): void {
    this.#rest.set(context, data);
    this.#kept += data.length;
    for (const oldest of this.#rest.keys()) {
      if (this.#kept <= KEPT_BYTES || oldest === context) break;
      this.#drop(oldest);
    }
  }

  #drop(context: number): void {
    this.#kept -= this.#rest.get(context)?.length ?? 0;
    this.#rest.delete(context);
  }

  /** The text of the context's last read that did not fit, whole. */
  rest(context: number): Uint8Array | undefined {
    return this.#rest.get(context);
  }
}

function keyOf(context: number, tag: number): number {
  return context * 2 ** 32 + tag;
}
