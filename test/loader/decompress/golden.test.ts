import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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

describe.each(['gzip', 'xz', 'zstd'] as const)('damaged %s modules', (format) => {
  it.each(streamsOf(format))('end as they did in the code of Linux 6.12, 32-bit: $name', (stream) =>
    expectRows(format, stream, stream.rows, 32),
  );

  it.each(streamsOf(format).filter((stream) => Object.keys(stream.rows64).length > 0))(
    'end as they did in the code of Linux 6.12, 64-bit where that differs: $name',
    (stream) => expectRows(format, stream, stream.rows64, 64),
  );
});
