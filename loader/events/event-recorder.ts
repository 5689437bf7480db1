// SPDX-License-Identifier: MIT
import type { Nanos } from '../base/index.ts';
import type { TraceEvent } from './event.ts';
import type { EventSink } from './event-log.ts';
import { EventPacker, type PackedBlock, unpackEvents } from './event-packing.ts';

interface KeptBlock {
  readonly block: PackedBlock;
  /** Index of its first event, forgotten ones counted. */
  readonly start: number;
}

/** Events packed together; also the step in which a limited recorder forgets. */
const BLOCK_EVENTS = 4096;

export interface RecorderOptions {
  /** Keep at least this many of the latest events and forget older ones. Default: keep all. */
  readonly limit?: number;
}

/**
 * Keeps events in memory, packed to some twenty bytes each. Events are made anew when read; two
 * reads of the same event are equal, not identical.
 */
export class EventRecorder implements EventSink {
  readonly #limit: number;
  readonly #packer = new EventPacker();
  readonly #blocks: KeptBlock[] = [];
  #dropped = 0;
  #pushed = 0;
  #bytes = 0;
  /** The block read last, unpacked. */
  #opened: { readonly start: number; readonly events: readonly TraceEvent[] } | undefined;

  constructor(options: RecorderOptions = {}) {
    this.#limit = Math.max(1, options.limit ?? Number.POSITIVE_INFINITY);
  }

  /** Events kept. */
  get length(): number {
    return this.#pushed - this.#dropped;
  }

  /** Events forgotten because of the limit: always the earliest. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Bytes the packed events take, strings apart. */
  get packedBytes(): number {
    return this.#bytes;
  }

  push(event: TraceEvent): void {
    this.#packer.push(event);
    this.#pushed += 1;
    if (this.#packer.count < BLOCK_EVENTS) return;
    const block = this.#packer.take();
    this.#blocks.push({ block, start: this.#pushed - block.count });
    this.#bytes += block.bytes.length;
    while (this.length - this.#blocks[0]!.block.count >= this.#limit) {
      const oldest = this.#blocks.shift()!.block;
      this.#dropped += oldest.count;
      this.#bytes -= oldest.bytes.length;
    }
  }

  /** The event at `index`, from 0 for the earliest kept; undefined outside. */
  at(index: number): TraceEvent | undefined {
    if (!(index >= 0 && index < this.length)) return undefined;
    const wanted = index + this.#dropped;
    const kept = this.#lastBlock((start) => start <= wanted);
    return this.#open(kept)[wanted - kept.start];
  }

  /** Calls `each` with the events [from, to) in order, until it returns false. */
  visit(
    each: (event: TraceEvent, index: number) => unknown,
    from = 0,
    to: number = this.length,
  ): void {
    let going = true;
    for (const { block, start } of this.#all()) {
      const first = start - this.#dropped;
      if (!going || first >= to) return;
      if (first + block.count <= from) continue;
      let index = first;
      unpackEvents(block, (event) => {
        if (index >= to) return false;
        if (index >= from && each(event, index) === false) going = false;
        index += 1;
        return going;
      });
    }
  }

  /** Index of the first event with this sequence number or a later one; `length` if none. */
  indexOfSeq(seq: number): number {
    return this.#firstIndex((at) => at.seq >= seq);
  }

  /** Index of the first event after time `t`; `length` if none. */
  indexAfter(t: Nanos): number {
    return this.#firstIndex((at) => at.t > t);
  }

  #firstIndex(found: (at: { seq: number; t: Nanos }) => boolean): number {
    if (this.length === 0) return 0;
    const kept = this.#lastBlock((_, { firstSeq, firstT }) => !found({ seq: firstSeq, t: firstT }));
    const within = this.#open(kept).findIndex(found);
    return kept.start - this.#dropped + (within < 0 ? kept.block.count : within);
  }

  /** The last block for which `holds`, which is true of blocks up to some point; else the first. */
  #lastBlock(holds: (start: number, block: PackedBlock) => boolean): KeptBlock {
    const blocks = this.#all();
    let low = 0;
    let high = blocks.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      const { start, block } = blocks[mid]!;
      if (holds(start, block)) low = mid;
      else high = mid - 1;
    }
    return blocks[low]!;
  }

  /** Full blocks and the one being filled. */
  #all(): readonly KeptBlock[] {
    if (this.#packer.count === 0) return this.#blocks;
    const block = this.#packer.view();
    return [...this.#blocks, { block, start: this.#pushed - block.count }];
  }

  #open({ block, start }: KeptBlock): readonly TraceEvent[] {
    if (this.#opened?.start !== start || this.#opened.events.length !== block.count) {
      const events: TraceEvent[] = [];
      unpackEvents(block, (event) => events.push(event));
      this.#opened = { start, events };
    }
    return this.#opened.events;
  }
}
