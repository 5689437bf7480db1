// SPDX-License-Identifier: MIT
/**
 * Stands in for the worker of its own that v86 starts from a blob to be woken by: a strict content
 * security policy forbids that, and here, in a worker, a message channel wakes it as fast.
 */
interface TickAsked {
  /** Milliseconds to wait. */
  readonly t: number;
  readonly tick: number;
}

export class TickChannel {
  onmessage: ((event: { readonly data: number }) => void) | null = null;
  readonly #channel = new MessageChannel();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** To be called before v86 is imported: it looks for `Worker` then. */
  static install(): void {
    Object.assign(globalThis, { Worker: TickChannel });
  }

  constructor() {
    this.#channel.port1.onmessage = ({ data }: MessageEvent<number>) => this.onmessage?.({ data });
  }

  postMessage({ t, tick }: TickAsked): void {
    clearTimeout(this.#timer);
    if (t < 1) this.#channel.port2.postMessage(tick);
    else this.#timer = setTimeout(() => this.onmessage?.({ data: tick }), t);
  }

  terminate(): void {
    clearTimeout(this.#timer);
    this.onmessage = null;
    this.#channel.port1.close();
  }
}
