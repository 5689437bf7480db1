// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { Operation } from '../../../loader/session/operation.ts';
import { onBothBackEnds } from './both-back-ends.ts';
import * as port from './port-map.ts';

const utf8 = new TextEncoder();

onBothBackEnds('requests over the module port', (rig) => {
  it('completes a request under its context and tag, with one interrupt', async () => {
    await rig.open({ programs: [[], []], serve: () => ({ ret: -17, ns: 5_000_000_000 }) });
    await rig.script.enable(2);
    await rig.script.request({ opcode: 1, context: 1, tag: 77, flags: 4, subject: 'kvm.ko' });
    expect(await rig.hand.read(port.REQUEST_TAIL)).toBe(1);
    expect(await rig.hand.read(port.COMPLETION_HEAD)).toBe(0);
    expect(rig.hand.interrupts()).toBe(0);
    expect(await rig.script.command(port.IDLE)).toMatchObject({ status: port.OK, low: 1 });
    expect(rig.hand.interrupts()).toBe(1);
    expect(await rig.hand.read(port.COMPLETION_HEAD)).toBe(1);
    expect(await rig.hand.read(port.IRQ_STATUS)).toBe(port.IRQ_COMPLETION);
    await rig.hand.write(port.IRQ_STATUS, port.IRQ_COMPLETION);
    expect(await rig.hand.read(port.IRQ_STATUS)).toBe(0);
    expect(rig.script.completion(0)).toEqual({
      context: 1,
      tag: 77,
      ret: -17,
      status: port.OK,
      length: 0,
      total: 0,
      now: 5_000_000_000,
    });
    expect(rig.session.calls).toEqual([
      'submit 1 77 {"op":"finit_module","path":"kvm.ko","flags":4,"args":""}',
      'advance: 1/77',
    ]);
  });

  it.each([
    ['an unknown opcode', { opcode: 14 }, port.BAD_OPCODE, -38],
    ['an opcode of all ones', { opcode: 0xffffffff }, port.BAD_OPCODE, -38],
    ['an unknown context', { opcode: 0, context: 2 }, port.BAD_CONTEXT, -22],
    ['a path outside memory', { opcode: 1, at: 0x400000, length: 8 }, port.BAD_ADDRESS, -14],
    [
      'a path across the end of memory',
      { opcode: 1, at: 0x3fffff, length: 2 },
      port.BAD_ADDRESS,
      -14,
    ],
    [
      'a path wrapping round 4 GiB',
      { opcode: 1, at: 0xffffffff, length: 4096 },
      port.BAD_ADDRESS,
      -14,
    ],
    ['a path over the hole', { opcode: 1, at: 0x9ffff, length: 2 }, port.BAD_ADDRESS, -14],
    [
      'a path of 4,097 bytes',
      { opcode: 1, at: port.STRINGS_AT, length: 4097 },
      port.BAD_LENGTH,
      -22,
    ],
    ['a path of 4 GiB', { opcode: 1, at: 0, length: 0xffffffff }, port.BAD_LENGTH, -22],
    ['a name that is not UTF-8', { opcode: 4, bytes: [0x6b, 0xff, 0x6d] }, port.BAD_STRING, -22],
    ['a name with a NUL', { opcode: 4, subject: 'k\0m' }, port.BAD_STRING, -22],
    ['arguments with a NUL', { opcode: 1, subject: 'k', text: '\0' }, port.BAD_STRING, -22],
    [
      'text of 16,385 bytes',
      { opcode: 12, textAt: port.STRINGS_AT, textLength: 16_385 },
      port.BAD_LENGTH,
      -22,
    ],
    ['flags where there are none', { opcode: 0, flags: 1 }, port.BAD_FIELD, -22],
    ['a wait of 2', { opcode: 4, subject: 'k', flags: 2 }, port.BAD_FIELD, -22],
    ['a subject where there is none', { opcode: 9, subject: 'k' }, port.BAD_FIELD, -22],
    [
      'a buffer where there is none',
      { opcode: 8, subject: 'k', bufferLength: 1 },
      port.BAD_FIELD,
      -22,
    ],
    [
      'a read buffer outside memory',
      { opcode: 7, subject: 'k', buffer: 0x3fffff, bufferLength: 2 },
      port.BAD_ADDRESS,
      -14,
    ],
    ['a sleep beyond 2^53 ns', { opcode: 9, low: 0, high: 0x200000 }, port.BAD_TIME, -22],
    ['two ways to open', { opcode: 1, subject: 'k', options: 3 }, port.BAD_FIELD, -22],
    ['a length without its option', { opcode: 2, subject: 'k', low: 1 }, port.BAD_FIELD, -22],
    ['a reserved word', { opcode: 0, reserved: 1 }, port.BAD_FIELD, -22],
  ])(
    'refuses a request with %s, and says so in its completion',
    async (_, request, status, ret) => {
      await rig.open();
      await rig.script.enable(2);
      await rig.script.request({ tag: 9, ...request });
      expect(await rig.hand.read(port.ERROR)).toBe(status);
      expect(await rig.hand.read(port.COMPLETION_HEAD)).toBe(1);
      expect(rig.script.completion(0)).toMatchObject({ tag: 9, status, ret });
      expect(rig.hand.interrupts()).toBe(1);
      expect(rig.session.calls).toEqual([]);
      expect(rig.hand.device.report()).toMatchObject({ refused: 1, requests: 0 });
      expect(rig.hand.device.report().misuses).toHaveLength(1);
    },
  );

  it('puts what was read into the guest, and gives the rest in parts', async () => {
    const text = utf8.encode('0123456789'.repeat(3));
    await rig.open({ programs: [[]], serve: () => ({ ret: text.length, data: text, ns: 1 }) });
    await rig.script.enable(1);
    await rig.script.request({
      opcode: 7,
      subject: '/proc/modules',
      buffer: port.BUFFER_AT,
      bufferLength: 12,
    });
    await rig.script.command(port.IDLE);
    expect(rig.script.completion(0)).toMatchObject({ ret: 30, length: 12, total: 30 });
    expect(rig.hand.memory.read(port.BUFFER_AT, 13)).toEqual(utf8.encode('012345678901\0'));
    const copy = { context: 0, address: port.BUFFER_AT + 0x100, length: 12 };
    expect(await rig.script.command(port.COPY, { ...copy, low: 12 })).toMatchObject({
      low: 12,
      high: 30,
    });
    expect(await rig.script.command(port.COPY, { ...copy, low: 24 })).toMatchObject({
      low: 6,
      high: 30,
    });
    expect(rig.hand.memory.read(port.BUFFER_AT + 0x100, 6)).toEqual(utf8.encode('456789'));
    expect(await rig.script.command(port.COPY, { ...copy, low: 30 })).toMatchObject({
      status: port.OK,
      low: 0,
    });
    expect(await rig.script.command(port.COPY, { ...copy, low: 31 })).toMatchObject({
      status: port.NO_TEXT,
    });
    expect(await rig.script.command(port.COPY, { ...copy, address: 0x3fffff })).toMatchObject({
      status: port.BAD_ADDRESS,
    });
  });

  it('has no text to copy when the read fitted, was left with the host, or failed', async () => {
    const text = utf8.encode('whole');
    let ret = 5;
    await rig.open({
      programs: [[]],
      serve: () => (ret < 0 ? { ret, ns: 1 } : { ret, data: text, ns: 1 }),
    });
    await rig.script.enable(3);
    const copy = { address: port.BUFFER_AT, length: 4 };
    await rig.script.request({ opcode: 7, subject: 'f', buffer: port.BUFFER_AT, bufferLength: 5 });
    await rig.script.command(port.IDLE);
    expect(rig.script.completion(0)).toMatchObject({ length: 5, total: 5 });
    expect(await rig.script.command(port.COPY, copy)).toMatchObject({ status: port.NO_TEXT });
    await rig.hand.write(port.COMPLETION_HEAD, 1);
    await rig.script.request({ opcode: 7, subject: 'f' });
    await rig.script.command(port.IDLE);
    expect(rig.script.completion(1)).toMatchObject({ length: 0, total: 5 });
    expect(await rig.script.command(port.COPY, copy)).toMatchObject({ status: port.NO_TEXT });
    await rig.hand.write(port.COMPLETION_HEAD, 2);
    ret = -2;
    await rig.script.request({ opcode: 7, subject: 'f', buffer: port.BUFFER_AT, bufferLength: 5 });
    await rig.script.command(port.IDLE);
    expect(rig.script.completion(2)).toMatchObject({ ret: -2, length: 0, total: 0 });
    expect(await rig.script.command(port.COPY, copy)).toMatchObject({ status: port.NO_TEXT });
  });

  it('hands over every kind of operation as the program had it', async () => {
    const program: Operation[] = [
      { op: 'noop' },
      { op: 'finit_module', path: '/lib/modules/a.ko.xz', flags: 4, args: '' },
      { op: 'finit_module', path: 'b.ko', flags: 0, args: 'x="1 2"', open: 'bad' },
      { op: 'init_module', path: 'c.ko', args: '' },
      { op: 'init_module', path: 'c.ko', args: 'y', len: 2 ** 33, fault: false },
      { op: 'init_module', path: 'c.ko', args: 'y', len: 0, fault: true },
      { op: 'delete_module', name: 'kvm', flags: 0x800 },
      { op: 'request_module', name: 'net-pf-10', wait: true },
      { op: 'request_module', name: 'net-pf-10', wait: false },
      { op: 'modprobe', name: 'tun', args: '' },
      { op: 'uevent', modalias: 'pci:v00008086d*' },
      { op: 'read', path: '/proc/vmallocinfo' },
      { op: 'write', path: '/proc/sys/kernel/modprobe', text: '\0\n' },
      { op: 'sleep', ns: 0 },
      { op: 'sleep_until', at: Number.MAX_SAFE_INTEGER },
      { op: 'settle' },
      { op: 'log', text: '\ufeffstorm ☂' },
      { op: 'group', group: 3 },
    ];
    await rig.open({ programs: [program] });
    await rig.script.enable(0);
    for (let tag = 0; tag < program.length; tag++) {
      await rig.script.command(port.FETCH, {
        address: port.REQUESTS_AT,
        strings: port.STRINGS_AT,
        length: 4096,
      });
      rig.hand.memory.writeU32(port.REQUESTS_AT + 8, tag);
      await rig.hand.write(port.REQUEST_TAIL, tag + 1);
      await rig.script.command(port.IDLE);
      await rig.hand.write(port.COMPLETION_HEAD, tag + 1);
    }
    const submitted = rig.session.calls.filter((call) => call.startsWith('submit'));
    expect(submitted).toEqual(program.map((op, tag) => `submit 0 ${tag} ${JSON.stringify(op)}`));
  });
});
