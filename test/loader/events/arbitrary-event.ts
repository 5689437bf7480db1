// SPDX-License-Identifier: MIT
/** Random events of every kind, for round trips. */
import fc from 'fast-check';
import type { TraceEvent } from '../../../loader/events/event.ts';
import { EVENT_FIELDS, EVENT_KINDS, type EventField } from '../../../loader/events/event-fields.ts';

/** Offsets whose whole address fits the word; the last two are what an empty purge names. */
export interface AddressRange {
  readonly max: number;
  readonly special: readonly number[];
}

function fieldValue(field: EventField, range: AddressRange): fc.Arbitrary<unknown> {
  switch (field.type) {
    case 'addr':
      return fc.oneof(fc.integer({ min: 0, max: range.max }), fc.constantFrom(...range.special));
    case 'int':
      return fc.oneof(fc.integer({ min: -40, max: 40 }), fc.maxSafeInteger());
    case 'bit':
      return fc.constantFrom(0, 1);
    case 'flag':
      return fc.boolean();
    case 'text':
      return fc.string({ unit: 'binary', maxLength: 12 });
    case 'word':
      return fc.constantFrom(...field.words);
    case 'wasted':
      return fc.record({
        kread: fc.maxSafeNat(),
        decompress: fc.maxSafeNat(),
        becoming: fc.maxSafeNat(),
        load: fc.maxSafeNat(),
      });
  }
}

const bodies = (range: AddressRange) =>
  fc.constantFrom(...EVENT_KINDS).chain((kind) => {
    const fields = EVENT_FIELDS.get(kind)!.map((f) => [f.name, fieldValue(f, range)] as const);
    return fc.record({ kind: fc.constant(kind), ...Object.fromEntries(fields) });
  });

/** Events in order, with gaps in their numbers, shared and fractional times, many tasks. */
export function eventLists(range: AddressRange): fc.Arbitrary<TraceEvent[]> {
  const steps = fc.record({
    gap: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 5000 })),
    pause: fc.oneof(fc.constant(0), fc.nat(1_000_000), fc.double({ min: 0, max: 9, noNaN: true })),
    cpu: fc.nat(255),
    task: fc.constantFrom('modprobe-7', 'kworker/0:1-12', 'a-b-9', 'swapper/0-0'),
    body: bodies(range),
  });
  return fc.array(steps, { maxLength: 60 }).map((list) => {
    let seq = -1;
    let t = 0;
    return list.map(({ gap, pause, cpu, task, body }) => {
      seq += gap;
      t += pause;
      return { seq, t, cpu, task, ...body } as unknown as TraceEvent;
    });
  });
}

export const OFFSETS_32: AddressRange = { max: 2 ** 32 - 1, special: [0, 0xffff_ffff] };
/** Base 0xffff800000000000: the last byte of the address space, and address 0. */
export const OFFSETS_64: AddressRange = {
  max: 2 ** 47 - 1,
  special: [2 ** 47 - 1, Number(-0xffff800000000000n)],
};
