// SPDX-License-Identifier: MIT
import type { Uevent } from './uevent.ts';

/** An event on its way through systemd-udevd. */
export interface QueuedEvent {
  readonly seqnum: number;
  readonly uevent: Uevent;
  /** Earlier events it has to wait for: of this device, its parents, its children. */
  blockers: number;
  readonly blocks: QueuedEvent[];
}

/**
 * The events systemd-udevd has not done with: one that touches the same device as an earlier one,
 * a parent or a child of it, waits for that (event_is_blocked, src/udev/udevd.c, systemd 252).
 * The others are started in the order of their numbers.
 * Model: device paths alone decide; device numbers, interface indexes and old names do not.
 */
export class UdevQueue {
  /** The last event of each path: those before it on the same path it waits for itself. */
  readonly #at = new Map<string, QueuedEvent>();
  /** All events, by the path of each of their parents. */
  readonly #below = new Map<string, Set<QueuedEvent>>();
  /** Binary heap on the number. */
  readonly #ready: QueuedEvent[] = [];
  #size = 0;
  #lastSeqnum = 0;

  /** Events queued or being processed. */
  get size(): number {
    return this.#size;
  }

  insert(uevent: Uevent): void {
    const event: QueuedEvent = {
      seqnum: ++this.#lastSeqnum,
      uevent,
      blockers: 0,
      blocks: [],
    };
    const { devpath } = uevent;
    block(event, this.#at.get(devpath));
    for (const child of this.#below.get(devpath) ?? []) block(event, child);
    for (const parent of parents(devpath)) {
      block(event, this.#at.get(parent));
      const children = this.#below.get(parent);
      if (children) children.add(event);
      else this.#below.set(parent, new Set([event]));
    }
    this.#at.set(devpath, event);
    this.#size += 1;
    if (event.blockers === 0) this.#push(event);
  }

  /** The next event that may start. */
  takeReady(): QueuedEvent | undefined {
    const heap = this.#ready;
    const top = heap[0];
    const last = heap.pop();
    if (!top || !last || top === last) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.seqnum < heap[child]!.seqnum) child += 1;
      if (heap[child]!.seqnum > last.seqnum) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return top;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** An event is done with: those it blocked may become ready. */
  remove(event: QueuedEvent): void {
    const { devpath } = event.uevent;
    if (this.#at.get(devpath) === event) this.#at.delete(devpath);
    for (const parent of parents(devpath)) {
      const children = this.#below.get(parent);
      children?.delete(event);
      if (children?.size === 0) this.#below.delete(parent);
    }
    this.#size -= 1;
    for (const blocked of event.blocks) {
      blocked.blockers -= 1;
      if (blocked.blockers === 0) this.#push(blocked);
    }
  }

  #push(event: QueuedEvent): void {
    const heap = this.#ready;
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (heap[up]!.seqnum < event.seqnum) break;
      heap[i] = heap[up]!;
      i = up;
    }
    heap[i] = event;
  }
}

/** `/a/b/c` → `/a/b`, `/a` */
function* parents(devpath: string): Generator<string> {
  for (let at = devpath.lastIndexOf('/'); at > 0; at = devpath.lastIndexOf('/', at - 1)) {
    yield devpath.slice(0, at);
  }
}

function block(event: QueuedEvent, earlier: QueuedEvent | undefined): void {
  if (!earlier) return;
  event.blockers += 1;
  earlier.blocks.push(event);
}
