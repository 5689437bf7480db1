// SPDX-License-Identifier: MIT
/** Shorthand for tests: rings, requests, completions and commands through a `PortHand`. */
import type { PortHand } from './port-hand.ts';
import * as port from './port-map.ts';

export interface RequestFields {
  readonly opcode: number;
  readonly context?: number;
  readonly tag?: number;
  readonly flags?: number;
  readonly subject?: string;
  /** The subject's bytes, when they are no string. */
  readonly bytes?: readonly number[];
  /** The subject's address and length, when they are wrong. */
  readonly at?: number;
  readonly length?: number;
  readonly text?: string;
  readonly textAt?: number;
  readonly textLength?: number;
  readonly buffer?: number;
  readonly bufferLength?: number;
  readonly low?: number;
  readonly high?: number;
  readonly options?: number;
  readonly reserved?: number;
}

export interface CommandFields {
  readonly context?: number;
  readonly address?: number;
  readonly strings?: number;
  readonly length?: number;
  readonly low?: number;
  readonly high?: number;
}

export class PortScript {
  readonly #hand: PortHand;
  #tail = 0;
  #mask = 0;

  constructor(hand: PortHand) {
    this.#hand = hand;
  }

  async rings(requests: number, completions: number, order: number): Promise<void> {
    await this.#hand.write(port.REQUEST_RING, requests);
    await this.#hand.write(port.COMPLETION_RING, completions);
    await this.#hand.write(port.RING_ORDER, order);
  }

  /** Opens rings of 1 << `order` entries at the usual places. */
  async enable(order: number): Promise<void> {
    await this.rings(port.REQUESTS_AT, port.COMPLETIONS_AT, order);
    await this.#hand.write(port.CONTROL, 1);
    this.#tail = 0;
    this.#mask = (1 << order) - 1;
  }

  /** Puts a descriptor into ring slot `slot`. */
  put(slot: number, fields: RequestFields): void {
    const { memory } = this.#hand;
    const subject = Uint8Array.from(fields.bytes ?? new TextEncoder().encode(fields.subject ?? ''));
    const text = new TextEncoder().encode(fields.text ?? '');
    memory.write(port.STRINGS_AT, subject);
    memory.write(port.STRINGS_AT + subject.length, text);
    const words = [
      fields.opcode,
      fields.context ?? 0,
      fields.tag ?? 0,
      fields.flags ?? 0,
      fields.at ?? (subject.length > 0 ? port.STRINGS_AT : 0),
      fields.length ?? subject.length,
      fields.textAt ?? (text.length > 0 ? port.STRINGS_AT + subject.length : 0),
      fields.textLength ?? text.length,
      fields.buffer ?? 0,
      fields.bufferLength ?? 0,
      fields.low ?? 0,
      fields.high ?? 0,
      fields.options ?? 0,
      0,
      0,
      fields.reserved ?? 0,
    ];
    for (const [word, value] of words.entries()) {
      memory.writeU32(port.REQUESTS_AT + slot * 64 + word * 4, value);
    }
  }

  /** Puts a descriptor into the next slot and rings the doorbell. */
  async request(fields: RequestFields): Promise<void> {
    this.put(this.#tail & this.#mask, fields);
    this.#tail++;
    await this.#hand.write(port.REQUEST_TAIL, this.#tail);
  }

  completion(slot: number): {
    context: number;
    tag: number;
    ret: number;
    status: number;
    length: number;
    total: number;
    now: number;
  } {
    const [context, tag, ret, status, length, total, low, high] = this.words(
      port.COMPLETIONS_AT + slot * 32,
      8,
    ) as [number, number, number, number, number, number, number, number];
    return { context, tag, ret: ret | 0, status, length, total, now: high * 2 ** 32 + low };
  }

  words(at: number, count: number): number[] {
    return Array.from({ length: count }, (_, word) => this.#hand.memory.readU32(at + word * 4));
  }

  /** Carries out a command; its status and the two words that carry answers. */
  async command(
    command: number,
    fields: CommandFields = {},
  ): Promise<{ status: number; low: number; high: number }> {
    const { memory } = this.#hand;
    const words = [
      command,
      0xffffffff,
      fields.context ?? 0,
      fields.address ?? 0,
      fields.strings ?? 0,
      fields.length ?? 0,
      fields.low ?? 0,
      fields.high ?? 0,
    ];
    for (const [word, value] of words.entries()) {
      memory.writeU32(port.BLOCK_AT + word * 4, value);
    }
    await this.#hand.write(port.COMMAND, port.BLOCK_AT);
    const [status, low, high] = [4, 0x18, 0x1c].map((at) => memory.readU32(port.BLOCK_AT + at));
    return { status: status!, low: low!, high: high! };
  }
}
