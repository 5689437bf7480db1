// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeToken, unescapeText } from '../../../emulator/linux/console-escapes.ts';
import { ConsoleParser, type ConsoleRecord } from '../../../emulator/linux/console-parser.ts';

const NONCE = 'c0ffee';

interface Seen {
  records: ConsoleRecord[];
  text: string[];
  damaged: number;
}

function parse(bytes: string | Uint8Array): Seen {
  const seen: Seen = { records: [], text: [], damaged: 0 };
  const parser = new ConsoleParser(NONCE, {
    record: (record) => seen.records.push(record),
    text: (line, damaged) => {
      seen.text.push(line);
      if (damaged) seen.damaged++;
    },
  });
  for (const byte of typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    parser.byte(byte);
  parser.end();
  return seen;
}

/** The guest's side of a record, written a second time. */
function sealed(body: string, nonce = NONCE): string {
  const line = `@${nonce} ${body}`;
  const sums = [...line].reduce(
    ([a, b], c) => {
      const first = (a + c.charCodeAt(0)) % 255;
      return [first, (b + first) % 255] as [number, number];
    },
    [0, 0] as [number, number],
  );
  const hex = ((sums[1] << 8) | sums[0]).toString(16).padStart(4, '0');
  return `${line}^${hex}\n`;
}

describe('ConsoleParser', () => {
  it('turns each type of record into its fields', () => {
    const { records, text } = parse(
      [
        'H 1 12 6.12.117 |#1 SMP PREEMPT',
        'B 3 1',
        'K 7 1234567 12 T1 |crc16: module loaded',
        'D 3 |a\\nb\\tc d\\x00',
        'T 3 |init-1 [000]',
        'R 3 1 -17 100 250 7 8 call',
        'E p1 44 9',
        'M e 55 900 256 crc16 |/m/crc16.ko=0',
        'Z 12',
      ]
        .map((body) => sealed(body))
        .join(''),
    );
    expect(text).toEqual([]);
    expect(records).toEqual([
      { kind: 'hello', version: 1, ops: 12, release: '6.12.117', build: '#1 SMP PREEMPT' },
      { kind: 'begin', line: 3, pid: 1 },
      {
        kind: 'kmsg',
        seq: 7,
        timeUs: 1234567,
        level: 4,
        caller: 'T1',
        text: 'crc16: module loaded',
      },
      { kind: 'data', line: 3, text: 'a\nb\tc d\0' },
      { kind: 'trace', line: 3, text: 'init-1 [000]' },
      {
        kind: 'result',
        line: 3,
        pid: 1,
        ret: -17,
        startUs: 100,
        endUs: 250,
        logFirst: 7,
        logEnd: 8,
        stage: 'call',
      },
      { kind: 'child-ended', name: 'p1', pid: 44, status: 9 },
      {
        kind: 'modprobe',
        phase: 'end',
        pid: 55,
        timeUs: 900,
        exitCode: 256,
        name: 'crc16',
        loads: '/m/crc16.ko=0',
      },
      { kind: 'done', ops: 12 },
    ]);
  });

  it('keeps what the kernel printed, with or without a carriage return, apart from records', () => {
    const seen = parse(`BUG: something\r\n${sealed('Z 1')}half a line `);
    expect(seen.text).toEqual(['BUG: something', 'half a line ']);
    expect(seen.records).toEqual([{ kind: 'done', ops: 1 }]);
  });

  it('finds a record that starts in the middle of a line of the kernel', () => {
    const seen = parse(`[    1.0] panic in prog${sealed('Z 4')}`);
    expect(seen.text).toEqual(['[    1.0] panic in prog']);
    expect(seen.records).toEqual([{ kind: 'done', ops: 4 }]);
  });

  it('takes a record that another was started inside of for damaged, and reads the inner one', () => {
    const outer = sealed('D 1 |text that was cut');
    const seen = parse(outer.slice(0, 20) + sealed('Z 1'));
    expect(seen.records).toEqual([{ kind: 'done', ops: 1 }]);
    expect(seen.text).toEqual([outer.slice(0, 20)]);
  });

  it('gives the bytes of a log line back, whether the kernel escaped them or not', () => {
    const { records } = parse(sealed('K 1 2 4 T9 |a\\\\x0a\\\\x5c\\\\xffb'));
    expect(records).toMatchObject([{ kind: 'kmsg', text: 'a\n\\\xffb' }]);
  });

  it('does not take text for a record that lacks the nonce, the sum, a number or a known type', () => {
    const forged = [
      sealed('Z 1', 'another'),
      sealed('Z 1').replace('^', '^0'),
      sealed('Z 1').replace('Z 1', 'Z 2'),
      sealed('Z one'),
      sealed('R 3 1 -17 100'),
      sealed('Q 1'),
      sealed('K 1 2 4 T9 |bad \\q escape'),
      `@${NONCE} \n`,
      `@${NONCE} Z 1\n`,
    ];
    for (const line of forged) {
      const seen = parse(line);
      expect(seen.records, line).toEqual([]);
      expect(seen.text, line).toEqual([line.slice(0, -1)]);
    }
  });

  it('survives any bytes, loses none of the text and finds no record in it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        const seen = parse(bytes);
        expect(seen.records).toEqual([]);
        const text = Buffer.from(bytes).toString('latin1');
        const lines = text.split('\n').map((l) => l.replace(/\r$/, ''));
        if (lines.at(-1) === '' && !text.endsWith('\r')) lines.pop();
        expect(seen.text).toEqual(lines);
      }),
    );
  });

  it('rejects every record with one byte changed', () => {
    const line = sealed('R 3 1 -17 100 250 7 8 call');
    const mark = `@${NONCE} `.length;
    for (let at = mark; at < line.length - 1; at++) {
      // Changing a byte by 255 is what the sum cannot see; by 1 it must.
      const changed = String.fromCharCode(line.charCodeAt(at) ^ 1);
      if (changed === '\n') continue;
      const seen = parse(line.slice(0, at) + changed + line.slice(at + 1));
      expect(seen.records, `byte ${at}`).toEqual([]);
    }
  });

  it('does not gather an endless line in memory', () => {
    const seen = parse(new Uint8Array(200_000).fill(0x61));
    expect(seen.text.length).toBeGreaterThan(2);
    expect(seen.text.join('')).toHaveLength(200_000);
  });
});

describe('escapes', () => {
  it('make of any bytes one token without spaces that reads back the same', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const token = escapeToken(bytes);
        expect(token).toMatch(/^[!-~]+$/);
        expect(unescapeText(token)).toBe(Buffer.from(bytes).toString('latin1'));
      }),
    );
  });

  it('refuse a backslash that introduces nothing', () => {
    for (const text of ['\\', '\\q', '\\x1', '\\xgg', 'a\\']) expect(unescapeText(text)).toBeNull();
  });
});
