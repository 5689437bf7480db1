// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../../loader/events/event.ts';
import {
  EventLineReader,
  EventLineWriter,
  formatEventLine,
  parseEventLine,
} from '../../../loader/export/jsonl.ts';
import { ADDRESS_SPACES } from '../../../loader/presets/address-spaces.ts';
import { eventLists, OFFSETS_32, OFFSETS_64 } from '../events/arbitrary-event.ts';

const I386 = ADDRESS_SPACES.get('i386-highmem')!;
const X86_64 = ADDRESS_SPACES.get('x86-64')!;

const STAMP = { seq: 7, t: 1500, cpu: 3, task: 'modprobe-212' };

/** Written by hand: the promise of the format. */
const LINES: readonly (readonly [TraceEvent, string])[] = [
  [
    {
      ...STAMP,
      kind: 'alloc_vmap_area',
      va_start: 0xf77fe000,
      size: 8192,
      align: 1,
      vstart: 0xf77fe000,
      vend: 0xfeffe000,
      failed: 0,
    },
    '{"seq":7,"t":1500,"cpu":3,"task":"modprobe-212","kind":"alloc_vmap_area",' +
      '"va_start":"0xf77fe000","size":8192,"align":1,"vstart":"0xf77fe000",' +
      '"vend":"0xfeffe000","failed":0}',
  ],
  [
    { ...STAMP, kind: 'purge_vmap_area_lazy', start: 0xffffffff, end: 0, num_purged: 0 },
    '{"seq":7,"t":1500,"cpu":3,"task":"modprobe-212","kind":"purge_vmap_area_lazy",' +
      '"start":"0xffffffff","end":"0x0","num_purged":0}',
  ],
  [
    {
      ...STAMP,
      kind: 'vm_area',
      va_start: 0xf77fe000,
      size: 8192,
      pages: 1,
      caller: 'kernel_read_file',
      purpose: 'file',
      module: '',
      request: 12,
    },
    '{"seq":7,"t":1500,"cpu":3,"task":"modprobe-212","kind":"vm_area",' +
      '"va_start":"0xf77fe000","size":8192,"pages":1,"caller":"kernel_read_file",' +
      '"purpose":"file","module":"","request":12}',
  ],
  [
    {
      ...STAMP,
      kind: 'outcome',
      request: 12,
      op: 'finit_module',
      subject: 'tun.ko',
      module: 'tun',
      ret: -17,
      stage: 'becoming',
      wasted: { load: 4, becoming: 3, decompress: 2, kread: 1 },
    },
    '{"seq":7,"t":1500,"cpu":3,"task":"modprobe-212","kind":"outcome","request":12,' +
      '"op":"finit_module","subject":"tun.ko","module":"tun","ret":-17,"stage":"becoming",' +
      '"wasted":{"kread":1,"decompress":2,"becoming":3,"load":4}}',
  ],
  [
    { ...STAMP, kind: 'module_request', name: 'fs-xfs', wait: true, call_site: 'get_fs_type' },
    '{"seq":7,"t":1500,"cpu":3,"task":"modprobe-212","kind":"module_request",' +
      '"name":"fs-xfs","wait":true,"call_site":"get_fs_type"}',
  ],
  [
    { ...STAMP, kind: 'printk', level: 4, text: 'tun: "größe" \t\\\u0007' },
    '{"seq":7,"t":1500,"cpu":3,"task":"modprobe-212","kind":"printk","level":4,' +
      '"text":"tun: \\"größe\\" \\t\\\\\\u0007"}',
  ],
];

function changed(key: string, value: unknown): string {
  return JSON.stringify({ ...(JSON.parse(LINES[2]![1]) as object), [key]: value });
}

describe('the event file', () => {
  it.each(LINES)('has one form for an event: %#', (event, line) => {
    expect(formatEventLine(I386, event)).toBe(line);
    expect(parseEventLine(I386, line, 1)).toEqual({ ok: true, event });
  });

  it('writes the same bytes whatever the order of an event’s keys', () => {
    const [event, line] = LINES[0]!;
    const turned = Object.fromEntries(Object.entries(event).reverse()) as unknown as TraceEvent;
    expect(formatEventLine(I386, turned)).toBe(line);
  });

  it('writes 64-bit addresses whole and reads them back exactly', () => {
    const event: TraceEvent = {
      ...STAMP,
      kind: 'free_vmap_area_noflush',
      va_start: 0x490000005000,
      nr_lazy: 2,
      nr_lazy_max: 8192,
    };
    const line = formatEventLine(X86_64, event);
    expect(line).toContain('"va_start":"0xffffc90000005000"');
    expect(parseEventLine(X86_64, line, 1)).toEqual({ ok: true, event });
    const empty = { ...STAMP, kind: 'purge_vmap_area_lazy', num_purged: 0 } as const;
    const purge = { ...empty, start: 2 ** 47 - 1, end: Number(-0xffff800000000000n) };
    const purged = formatEventLine(X86_64, purge);
    expect(purged).toContain('"start":"0xffffffffffffffff","end":"0x0"');
    expect(parseEventLine(X86_64, purged, 1)).toEqual({ ok: true, event: purge });
  });

  it.each([
    ['32-bit', I386, OFFSETS_32],
    ['64-bit', X86_64, OFFSETS_64],
  ] as const)('reads what it writes, %s, in pieces of any size', (_, space, range) => {
    fc.assert(
      fc.property(eventLists(range), fc.integer({ min: 1, max: 400 }), (events, piece) => {
        let text = '';
        const writer = new EventLineWriter(space, (chunk) => {
          text += chunk;
        });
        for (const event of events) writer.push(event);
        writer.end();
        const read: TraceEvent[] = [];
        const reader = new EventLineReader(space, { push: (event) => read.push(event) });
        for (let i = 0; i < text.length; i += piece) {
          expect(reader.feed(text.slice(i, i + piece))).toBeNull();
        }
        expect(reader.end()).toBeNull();
        expect(read).toEqual(events);
        expect(text).toBe(events.map((e) => `${formatEventLine(space, e)}\n`).join(''));
      }),
    );
  });

  it.each([
    ['{"seq":7', 'line 9: expected one JSON object, found "{"seq":7"'],
    ['[]', 'line 9: expected one JSON object, found "[]"'],
    ['{}', 'line 9: "kind": expected a kind of event, found undefined'],
    [changed('kind', 'nonsense'), '"kind": expected a kind of event, found "nonsense"'],
    [changed('seq', -1), '"seq": expected a whole number from 0 to 4294967294, found -1'],
    [changed('t', '5'), '"t": expected nanoseconds from 0, found "5"'],
    [changed('cpu', 0.5), '"cpu": expected a whole number from 0 to 65535, found 0.5'],
    [changed('task', undefined), '"task": expected a string, found nothing'],
    [changed('size', '8192'), '"size": expected a whole number, found "8192"'],
    [
      changed('va_start', 4_152_352_768),
      '"va_start": expected an address of this address space as "0x…", found 4152352768',
    ],
    [changed('va_start', '0x1f77fe000'), 'found "0x1f77fe000"'],
    [changed('purpose', 'fun'), '"purpose": expected one of file, copy, image,'],
    [LINES[0]![1].replace('"failed":0', '"failed":2'), '"failed": expected 0 or 1, found 2'],
    [changed('hue', 3), 'unexpected key "hue" in an event of kind vm_area'],
    [changed('toString', 3), 'unexpected key "toString" in an event of kind vm_area'],
  ])('says what is wrong with a line: %s', (line, message) => {
    const parsed = parseEventLine(I386, line, 9);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? '' : parsed.message).toContain(message);
  });

  it('refuses events out of order and reads nothing more after that', () => {
    const line = (seq: number, t: number) =>
      `{"seq":${seq},"t":${t},"cpu":0,"task":"a-1","kind":"module_free","name":"tun"}\n`;
    const read: TraceEvent[] = [];
    const reader = new EventLineReader(I386, { push: (event) => read.push(event) });
    expect(reader.feed(line(4, 10) + line(5, 10))).toBeNull();
    const message = reader.feed(`\n${line(5, 11)}${line(6, 12)}`);
    expect(message).toBe('line 4: "seq": expected above 5, found 5');
    expect(reader.feed(line(9, 20))).toBe(message);
    expect(reader.end()).toBe(message);
    expect(read.length).toBe(2);
    const other = new EventLineReader(I386, { push() {} });
    expect(other.feed(line(1, 10) + line(2, 9))).toContain('line 2: "t": expected 10 or later');
  });

  it('never throws on garbage', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(parseEventLine(I386, text, 1)).toHaveProperty('ok');
      }),
      { numRuns: 2000 },
    );
  });
});
