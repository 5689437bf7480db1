// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BcjFilter, decodeXz, decodeZstd } from '../../../loader/decompress/index.ts';
import { type DamageKind, damaged } from './damage.ts';
import { type GoldenFormat, type GoldenStream, goldenRow } from './golden-rows.ts';

const FOLDER = join(import.meta.dirname, '../../golden/decompress');

function streamsOf(format: GoldenFormat): GoldenStream[] {
  return JSON.parse(readFileSync(join(FOLDER, `${format}.json`), 'utf8')).streams;
}

function expectRows(
  format: GoldenFormat,
  stream: GoldenStream,
  rows: GoldenStream['rows'],
  wordBits: 32 | 64,
): void {
  const bytes = new Uint8Array(Buffer.from(stream.base64, 'base64'));
  for (const [kind, expected] of Object.entries(rows)) {
    const found = expected.map((row) => {
      const seed = Number.parseInt(row, 10);
      return goldenRow(format, seed, damaged(kind as DamageKind, bytes, seed), wordBits);
    });
    expect(found).toEqual(expected);
  }
}

describe.each(['gzip', 'xz', 'zstd'] as const)('recorded %s modules', (format) => {
  it.each(streamsOf(format))('end as they did in the code of Linux 6.12, 32-bit: $name', (stream) =>
    expectRows(format, stream, stream.rows, 32),
  );

  it.each(streamsOf(format).filter((stream) => Object.keys(stream.rows64).length > 0))(
    'end as they did in the code of Linux 6.12, 64-bit where that differs: $name',
    (stream) => expectRows(format, stream, stream.rows64, 64),
  );
});

describe('xz modules that went through the riscv filter', () => {
  const streams = streamsOf('xz').filter(({ name }) => name.startsWith('riscv filter'));
  const others: BcjFilter[] = ['x86', 'powerpc', 'arm', 'armthumb', 'sparc', 'arm64'];

  it('are refused with 6 by a kernel that is built without it', () => {
    for (const { name, base64 } of streams) {
      const file = new Uint8Array(Buffer.from(base64, 'base64'));
      expect(decodeXz(file), name).toMatchObject({ ok: true, status: 1 });
      for (const bcj of [others, []]) {
        expect(decodeXz(file, { bcj }), name).toMatchObject({ ok: false, status: 6, vm: [] });
      }
    }
    expect(streams.length).toBeGreaterThan(30);
  });
});

/** One compressed block of zstd and its status in a 32-bit and a 64-bit build. */
type GoldenBlock = readonly [base64: string, status32: number, status64: number];

describe('zstd blocks made of odd tables', () => {
  const text = readFileSync(join(FOLDER, 'zstd-tables.json'), 'utf8');
  const blocks: readonly GoldenBlock[] = JSON.parse(text).blocks;

  it('are taken or refused as by the code of Linux 6.12', () => {
    const found = blocks.map(([base64]): GoldenBlock => {
      const block = Buffer.from(base64, 'base64');
      const header = Buffer.alloc(3);
      header.writeUIntLE((block.length << 3) | 5, 0, 3);
      // A frame without size or checksum, with a window of 128 KiB.
      const start = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3]);
      const file = new Uint8Array(Buffer.concat([start, header, block]));
      const status = (wordBits: 32 | 64) => decodeZstd(file, { wordBits }).status!;
      return [base64, status(32), status(64)];
    });
    expect(found).toEqual(blocks);
  });
});
