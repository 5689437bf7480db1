// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cString, latin1, StringLengths } from '../../../loader/elf/c-string.ts';
import { NameReader } from '../../../loader/elf/name-reader.ts';

/** Bytes with long stretches without a NUL and short ones between. */
const bytesWithStretches = fc
  .array(fc.oneof(fc.nat(20), fc.integer({ min: 400, max: 3000 })), { maxLength: 12 })
  .map((runs) => {
    const bytes: number[] = [];
    for (const run of runs) {
      for (let i = 0; i < run; i += 1) bytes.push(1 + ((i * 7 + run) % 255));
      bytes.push(0);
    }
    return new Uint8Array(bytes.slice(0, Math.max(0, bytes.length - (runs.length % 2))));
  });

function naiveLength(bytes: Uint8Array, start: number): number {
  let length = 0;
  while (start + length < bytes.length && bytes[start + length] !== 0) length += 1;
  return length;
}

describe('strings in a file', () => {
  it('have the length a walk finds, in whatever order they are asked for', () => {
    fc.assert(
      fc.property(bytesWithStretches, fc.array(fc.nat(40_000), { maxLength: 60 }), (bytes, at) => {
        const lengths = new StringLengths(bytes);
        for (const start of at) {
          const within = bytes.length > 0 ? start % (bytes.length + 2) : start;
          expect(lengths.at(within)).toBe(naiveLength(bytes, within));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('tell when one ran out of the file', () => {
    const lengths = new StringLengths(new Uint8Array([65, 0, 65]));
    lengths.at(0);
    expect(lengths.overrun).toBe(false);
    lengths.at(2);
    expect(lengths.overrun).toBe(true);
  });

  it('keep every byte as one character', () => {
    const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => i % 256);
    const text = latin1(bytes, 0, bytes.length);
    expect([...text].map((c) => c.charCodeAt(0))).toEqual([...bytes]);
    expect(cString(bytes, 1)).toHaveLength(255);
    expect(cString(bytes, 20_000)).toBe('');
    expect(cString(bytes, -1)).toBe('');
  });

  it('are the same through blocks, cut at what a log line holds', () => {
    fc.assert(
      fc.property(bytesWithStretches, fc.array(fc.nat(40_000), { maxLength: 40 }), (bytes, at) => {
        const names = new NameReader(bytes);
        for (const start of at) {
          expect(names.at(start)).toBe(cString(bytes, start, 1023));
        }
      }),
      { numRuns: 200 },
    );
  });
});
