import type { Nanos } from '../units.ts';
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

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.seq < b.seq);
}

/**
 * Pending timers in the order they fire: by time, and first come first served among equals.
 * A binary heap on (time, sequence number); a cancelled timer stays until it surfaces. Timers that
 * are due at once, every second one, go past the heap.
 */
export class EventQueue {
  readonly #heap: Timer[] = [];
  /** Set for the present when that had come: behind all in the heap that are due then, too. */
  readonly #present = new Fifo<Timer>();
  #now: Nanos = 0;
  #seq = 0;
  #foreground = 0;

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
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = heap[up]!;
      if (!before(timer, parent)) break;
      heap[i] = parent;
      i = up;
    }
    heap[i] = timer;
    return timer;
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
    return present && !(first && before(first, present)) ? present : first;
  }

  #remove(top: Timer): void {
    if (top === this.#present.peek()) {
      this.#present.shift();
      return;
    }
    const heap = this.#heap;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}
