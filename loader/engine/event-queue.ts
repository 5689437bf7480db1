// SPDX-License-Identifier: MIT
import type { Nanos } from '../base/index.ts';
import { Fifo } from './fifo.ts';

/** A callback due at a virtual time. Keep it to cancel it. */
export interface Timer {
  readonly at: Nanos;
  readonly seq: number;
  /** Housekeeping far in the future (cache expiry): does not keep the simulation busy. */
  readonly background: boolean;
  /** Undefined once fired or cancelled. */
  fire: (() => void) | undefined;
}

/** A node has 4 children: flatter than with 2, and their times lie side by side. */
const ARITY_BITS = 2;
const ARITY = 1 << ARITY_BITS;

/**
 * Pending timers in the order they fire: by time, and first come first served among equals.
 * A heap on (time, sequence number); a cancelled timer stays until it surfaces. Timers that are due
 * at once, every second one, go past the heap.
 */
export class EventQueue {
  readonly #heap: Timer[] = [];
  /** The times of those in the heap, which are what is compared. */
  #times = new Float64Array(64);
  /** Set for the present when that had come: behind all in the heap that are due then, too. */
  readonly #present = new Fifo<Timer>();
  #now: Nanos = 0;
  #seq = 0;
  #foreground = 0;

  /** When the last timer fired. */
  get now(): Nanos {
    return this.#now;
  }

  /** Timers that will fire and are not background work. */
  get foreground(): number {
    return this.#foreground;
  }

  push(at: Nanos, fire: () => void, background = false): Timer {
    const timer: Timer = { at, seq: this.#seq++, background, fire };
    if (!background) this.#foreground += 1;
    if (at === this.#now) {
      this.#present.push(timer);
      return timer;
    }
    const heap = this.#heap;
    let i = heap.length;
    heap.push(timer);
    if (i === this.#times.length) this.#grow();
    const times = this.#times;
    while (i > 0) {
      const up = (i - 1) >> ARITY_BITS;
      // Of equals the newcomer is the later one.
      if (times[up]! <= at) break;
      heap[i] = heap[up]!;
      times[i] = times[up]!;
      i = up;
    }
    heap[i] = timer;
    times[i] = at;
    return timer;
  }

  #grow(): void {
    const times = new Float64Array(2 * this.#times.length);
    times.set(this.#times);
    this.#times = times;
  }

  /** Takes a timer back; false when it has fired or was cancelled before. */
  cancel(timer: Timer): boolean {
    if (!timer.fire) return false;
    timer.fire = undefined;
    if (!timer.background) this.#foreground -= 1;
    return true;
  }

  /** The next timer that will fire, still queued. */
  peek(): Timer | undefined {
    for (;;) {
      const top = this.#top();
      if (!top || top.fire) return top;
      this.#remove(top);
    }
  }

  /** Takes the next timer out; its callback is returned, not called. */
  pop(): { readonly at: Nanos; readonly fire: () => void } | undefined {
    const top = this.peek();
    if (!top) return undefined;
    const fire = top.fire!;
    top.fire = undefined;
    if (!top.background) this.#foreground -= 1;
    this.#remove(top);
    if (top.at > this.#now) this.#now = top.at;
    return { at: top.at, fire };
  }

  /** The first of all, cancelled ones included. */
  #top(): Timer | undefined {
    const first = this.#heap[0];
    const present = this.#present.peek();
    if (!present || !first) return present ?? first;
    if (first.at === present.at) return first.seq < present.seq ? first : present;
    return first.at < present.at ? first : present;
  }

  #remove(top: Timer): void {
    if (top === this.#present.peek()) {
      this.#present.shift();
      return;
    }
    const heap = this.#heap;
    const times = this.#times;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return;
    const { at, seq } = last;
    let i = 0;
    for (;;) {
      const from = ARITY * i + 1;
      if (from >= size) break;
      const end = Math.min(from + ARITY, size);
      let least = from;
      for (let child = from + 1; child < end; child += 1) {
        const time = times[child]!;
        const best = times[least]!;
        if (time < best || (time === best && heap[child]!.seq < heap[least]!.seq)) least = child;
      }
      const time = times[least]!;
      if (at < time || (at === time && seq < heap[least]!.seq)) break;
      heap[i] = heap[least]!;
      times[i] = time;
      i = least;
    }
    heap[i] = last;
    times[i] = at;
  }
}
