// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArrayGuestMemory } from '../../../emulator/port/guest-memory.ts';
import { decodeRequest, encodeRequest } from '../../../emulator/port/request-codec.ts';
import type { Operation } from '../../../loader/session/operation.ts';
import { anyOperation } from '../arbitrary-operation.ts';

const STRINGS = 0x2000;

/** Writes an encoded request the way a guest finds it after FETCH. */
function place(memory: ArrayGuestMemory, operation: Operation): Uint32Array {
  const encoded = encodeRequest(operation);
  if (!encoded.ok) throw new Error(encoded.message);
  const { opcode, flags, subject, text, value, options } = encoded.request;
  memory.write(STRINGS, subject);
  memory.write(STRINGS + subject.length, text);
  const words = [
    opcode,
    0,
    0,
    flags,
    subject.length > 0 ? STRINGS : 0,
    subject.length,
    text.length > 0 ? STRINGS + subject.length : 0,
    text.length,
    0,
    0,
    value % 2 ** 32,
    Math.floor(value / 2 ** 32),
    options,
  ];
  return Uint32Array.from([...words, 0, 0, 0]);
}

describe('request descriptors', () => {
  it('carry every operation and give it back equal', () => {
    fc.assert(
      fc.property(anyOperation, (operation) => {
        const memory = new ArrayGuestMemory(0x10000);
        const decoded = decodeRequest(memory, place(memory, operation));
        expect(JSON.stringify(decoded)).toBe(JSON.stringify(operation));
      }),
      { numRuns: 5000 },
    );
  });

  it.each<[string, Operation, string]>([
    [
      'a path of 4,097 bytes',
      { op: 'read', path: `${'ü'.repeat(2048)}x` },
      'read has a subject of 4097 bytes, the port carries 4096',
    ],
    [
      'a NUL in a name',
      { op: 'modprobe', name: 'a\0b', args: '' },
      'modprobe has a subject with a NUL in it',
    ],
    ['half a surrogate pair', { op: 'log', text: '\ud800' }, 'log has a text that is not Unicode'],
    [
      'a negative time',
      { op: 'sleep', ns: -1 },
      'sleep has a value of -1, the port carries 0 to 2^53 - 1',
    ],
    [
      'half a nanosecond',
      { op: 'sleep', ns: 0.5 },
      'sleep has a value of 0.5, the port carries 0 to 2^53 - 1',
    ],
    [
      'flags of 33 bits',
      { op: 'delete_module', name: 'a', flags: 2 ** 32 },
      'delete_module has flags 4294967296, the port carries 0 to 4294967295',
    ],
  ])('refuse %s', (_, operation, message) => {
    expect(encodeRequest(operation)).toEqual({ ok: false, message });
  });

  it('never read outside RAM and never throw, whatever the sixteen words are', () => {
    const word = fc.oneof(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.nat(20),
      fc.constantFrom(0x9ffff, 0xa0000, 0xffff, 0x10000, 4096, 4097, 0xffffffff),
    );
    const memory = new ArrayGuestMemory(0x10000);
    memory.bytes.fill(0x61, STRINGS);
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.nat(15),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 15 }), word), { maxLength: 6 }),
        (opcode, changes) => {
          const words = new Uint32Array(16);
          words[0] = opcode;
          for (const [at, content] of changes) words[at] = content;
          const decoded = decodeRequest(memory, words);
          if (typeof decoded !== 'number') accepted++;
          else expect(decoded).toBeGreaterThan(1);
        },
      ),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
