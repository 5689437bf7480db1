// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { encodeOps, type GuestOp } from '../../../emulator/linux/guest-ops.ts';

const lineOf = (op: GuestOp): string => encodeOps([op], 'n').text.split('\n')[1] as string;

describe('encodeOps', () => {
  it('starts with the version and the nonce', () => {
    expect(encodeOps([], 'abc').text).toBe('modstorm-ops 1 abc\n');
  });

  it('writes the loading calls with the options that were given', () => {
    expect(lineOf({ op: 'finit_module', path: '/m/a b.ko' })).toBe('finit /m/a\\sb.ko');
    expect(
      lineOf({ op: 'finit_module', path: '/m/a', flags: 4, args: 'x="1 2"', open: 'wo' }),
    ).toBe('finit /m/a open=wo flags=4 args=x="1\\s2"');
    expect(lineOf({ op: 'finit_module', path: '', fd: 99, argsPointer: 0xc0000000 })).toBe(
      'finit \\e fd=99 argsptr=-1073741824',
    );
    expect(lineOf({ op: 'init_module', path: '/m/a', length: 0xffffffff, pointer: 0 })).toBe(
      'init /m/a len=-1 ptr=0',
    );
    expect(lineOf({ op: 'finit_module', path: '/m/a', args: '' })).toBe('finit /m/a args=');
  });

  it('escapes names and data that are not text', () => {
    expect(lineOf({ op: 'delete_module', name: Uint8Array.of(0xff, 0x20, 0x0a) })).toBe(
      'delete \\xff\\s\\n',
    );
    expect(lineOf({ op: 'write', path: '/p', data: '' })).toBe('write /p \\e');
    expect(lineOf({ op: 'write', path: '/p', data: Uint8Array.of(0), create: true })).toBe(
      'write /p \\x00 create=1',
    );
  });

  it('puts a child between spawn and end, and counts the end as a line', () => {
    const inner: GuestOp = { op: 'gate' };
    const spawn: GuestOp = { op: 'spawn', name: 'p1', ops: [inner] };
    const go: GuestOp = { op: 'go' };
    const list = encodeOps([spawn, go], 'n');
    expect(list.text).toBe('modstorm-ops 1 n\nspawn p1\ngate\nend\ngo\n');
    expect(list.lines).toEqual([
      { op: spawn, child: null },
      { op: inner, child: 'p1' },
      null,
      { op: go, child: null },
    ]);
  });

  it('refuses children of children and names init cannot keep', () => {
    const nested: GuestOp = {
      op: 'spawn',
      name: 'a',
      ops: [{ op: 'spawn', name: 'b', ops: [] }],
    };
    expect(() => encodeOps([nested], 'n')).toThrow('child a cannot spawn b');
    for (const name of ['', 'all', 'a b', 'x'.repeat(32)])
      expect(() => encodeOps([{ op: 'spawn', name, ops: [] }], 'n')).toThrow(RangeError);
  });
});
