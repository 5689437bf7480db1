// SPDX-License-Identifier: MIT
// The time of a guest in v86 told by the instructions it has run: an idle guest skips to its next
// timer, and neither the machine's speed nor its load shows in what the guest does.

import type { V86Exports, V86Imports } from '../v86/internals.ts';

/** What the guest takes its processor for: about what v86 reaches on a laptop. */
const INSTRUCTIONS_PER_MS = 200_000;
/** Address of the processor's 32-bit counter in its own memory (v86, src/rust/cpu/global_pointers.rs). */
const COUNTER_ADDRESS = 664;
/** A tenth of the shortest timer the kernel sets. */
const SHORTEST_WAIT_MS = 0.01;
/** Any will do: the guest's entropy is the same from boot to boot. */
const SEED = 0x6d6f6473;

/** v86 asks the time of a static function of its inner class, for all machines of the process. */
interface V86Inner {
  microtick: () => number;
}

/** The clock whose guest runs right now. */
let running: GuestClock | null = null;
const dispatched = new WeakSet<() => number>();

export class GuestClock {
  #ms = performance.now();
  #view = new Uint32Array(1);
  #memory: WebAssembly.Memory | null = null;
  #last = 0;
  #random = SEED;

  /** Milliseconds; never decreases. */
  now(): number {
    const count = this.#counter();
    this.#ms += ((count - this.#last) >>> 0) / INSTRUCTIONS_PER_MS;
    this.#last = count;
    return this.#ms;
  }

  /** The imports of v86.wasm with this clock and a fixed seed of randomness in them. */
  imports(imports: WebAssembly.Imports): WebAssembly.Imports {
    const { env } = imports as unknown as V86Imports;
    return {
      ...imports,
      env: { ...env, microtick: () => this.now(), get_rand_int: () => this.#randomInt() },
    };
  }

  /** The exports with a main loop that never waits: what it would wait, the clock skips. */
  exports(exports: V86Exports): V86Exports {
    this.#memory = exports.memory;
    const main_loop = (): number => {
      running = this;
      try {
        const before = this.#counter();
        const wait = exports.main_loop();
        // A device may say 0 while its timer is less than it can tell away.
        if (wait > 0 || this.#counter() === before) this.#ms += Math.max(wait, SHORTEST_WAIT_MS);
        return 0;
      } finally {
        running = null;
      }
    };
    return { ...exports, main_loop };
  }

  /** Lets the devices of a machine ask the clock of whichever guest is running. */
  static dispatch(inner: V86Inner): void {
    const { microtick } = inner;
    if (dispatched.has(microtick)) return;
    const dispatcher = (): number => running?.now() ?? microtick();
    dispatched.add(dispatcher);
    inner.microtick = dispatcher;
  }

  #counter(): number {
    if (this.#view.length === 0 || this.#view.buffer !== this.#memory?.buffer) {
      if (this.#memory === null) return 0;
      this.#view = new Uint32Array(this.#memory.buffer, COUNTER_ADDRESS, 1);
    }
    return this.#view[0] as number;
  }

  /** xorshift32. */
  #randomInt(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return x;
  }
}
