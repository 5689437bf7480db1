// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readMultiboot } from '../../../emulator/v86/multiboot.ts';

const MIB = 1 << 20;

/** A file of 4,096 bytes with a good header at `offset`, then some words changed. */
function file(changes: Readonly<Record<number, number>> = {}, offset = 64): Uint8Array {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  const words: Record<number, number> = {
    0: 0x1badb002,
    4: 0x10003,
    8: -(0x1badb002 + 0x10003),
    12: 0x100000 + offset,
    16: 0x100000,
    20: 0x101000,
    24: 0x108000,
    28: 0x100200,
    ...changes,
  };
  for (const [at, value] of Object.entries(words)) view.setInt32(offset + Number(at), value, true);
  return bytes;
}

describe('readMultiboot', () => {
  it('reads the header wherever it is in the first 8 KiB', () => {
    expect(readMultiboot(file(), 2 * MIB)).toEqual({
      ok: true,
      image: {
        offset: 64,
        loadAddress: 0x100000,
        loadEnd: 0x101000,
        end: 0x108000,
        entry: 0x100200,
      },
    });
    expect(readMultiboot(file({}, 0), 2 * MIB)).toMatchObject({ ok: true, image: { offset: 0 } });
  });

  it('takes a load end of 0 for the end of the file', () => {
    expect(readMultiboot(file({ 20: 0 }), 2 * MIB)).toMatchObject({
      ok: true,
      image: { loadEnd: 0x101000 },
    });
  });

  it.each<[string, Record<number, number>, string]>([
    ['checksum', { 8: 1 }, 'multiboot checksum at offset 72: expected 0xe4514ffb, found 0x1'],
    [
      'unknown flag',
      { 4: 0x10007, 8: -(0x1badb002 + 0x10007) },
      'multiboot flags at offset 68: expected no bits but 0, 1 and 16, found 0x10007',
    ],
    [
      'missing addresses',
      { 4: 3, 8: -(0x1badb002 + 3) },
      'multiboot flags at offset 68: expected bit 16, load addresses in the header, found 0x3',
    ],
    [
      'header before its file',
      { 12: 0x100041 },
      'multiboot header address at offset 76: expected 0x100000 + 64 at most, found 0x100041',
    ],
    [
      'header below the load address',
      { 12: 0xfffff },
      'multiboot header address at offset 76: expected 0x100000 + 64 at most, found 0xfffff',
    ],
    [
      'load end beyond the file',
      { 20: 0x101001 },
      'multiboot load end at offset 84: expected above 0x100000, at most 0x101000, found 0x101001',
    ],
    [
      'load end below its start',
      { 20: 0x100000 },
      'multiboot load end at offset 84: expected above 0x100000, at most 0x101000, found 0x100000',
    ],
    [
      'load address in low memory',
      { 12: 0x7c40, 16: 0x7c00, 20: 0x8000, 28: 0x7d00 },
      'multiboot load address at offset 80: expected 0x100000 or above, found 0x7c00',
    ],
    [
      'bss beyond memory',
      { 24: 0x200001 },
      'multiboot end of the image in memory at offset 88: expected 0x200000 at most, found 0x200001',
    ],
    [
      'entry outside the image',
      { 28: 0x101000 },
      'multiboot entry at offset 92: expected 0x100000 to 0x100fff, found 0x101000',
    ],
  ])('refuses a %s, and says where, what it expected and what it found', (_, changes, message) => {
    expect(readMultiboot(file(changes), 2 * MIB)).toEqual({ ok: false, message });
  });

  it('refuses a header that the file cuts off', () => {
    const cut = file({}, 0).slice(0, 20);
    expect(readMultiboot(cut, 2 * MIB)).toEqual({
      ok: false,
      message: 'multiboot header at offset 0: expected 32 bytes, found 20',
    });
  });

  it('never throws, and never accepts what lies outside the file or memory', () => {
    const word = fc.oneof(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.integer({ min: 0xff000, max: 0x102000 }),
    );
    fc.assert(
      fc.property(fc.tuple(word, word, word, word, word), fc.nat(4096), (fields, length) => {
        const changes = Object.fromEntries(fields.map((value, i) => [12 + i * 4, value]));
        const bytes = file(changes, 0).slice(0, length);
        const result = readMultiboot(bytes, MIB + 0x4000);
        if (!result.ok) return;
        const { offset, loadAddress, loadEnd, end, entry } = result.image;
        const headerAddress = fields[0]!;
        const start = offset - (headerAddress - loadAddress);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(start + loadEnd - loadAddress).toBeLessThanOrEqual(bytes.length);
        expect(end).toBeLessThanOrEqual(MIB + 0x4000);
        expect(entry).toBeGreaterThanOrEqual(loadAddress);
        expect(entry).toBeLessThan(loadEnd);
      }),
      { numRuns: 5000 },
    );
  });
});
