import { afterEach, describe, expect, it } from 'vitest';
import type { Operation } from '../../../loader/scenario/operation.ts';
import { FakeSession, type FakeSessionOptions } from '../fake-session.ts';
import { bareHand, guestHand, type MakeHand, type PortHand } from './port-hand.ts';
import * as port from './port-map.ts';
import { PortScript } from './port-script.ts';

const utf8 = new TextEncoder();

for (const [name, makeHand] of [
  ['the device alone', bareHand],
  ['a guest in v86', guestHand],
] as const) {
  describe(`module port, driven by ${name}`, () => protocol(makeHand));
}

function protocol(makeHand: MakeHand): void {
  let hand: PortHand;
  let session: FakeSession;
  let script: PortScript;

  async function open(options: FakeSessionOptions = { programs: [[], []] }): Promise<void> {
    session = new FakeSession(options);
    hand = await makeHand(session);
    script = new PortScript(hand);
  }

  afterEach(() => hand.close());

  it('says what it is', async () => {
    await open({ programs: [[], [], []] });
    expect(await hand.read(port.MAGIC)).toBe(0x53444f4d);
    expect(await hand.read(port.VERSION)).toBe(1);
    expect(await hand.read(port.FEATURES)).toBe(7);
    expect(await hand.read(port.CONTEXTS)).toBe(3);
    expect(await hand.read(port.MEMORY)).toBe(4 << 20);
    expect(await hand.read(port.IRQ_LINE)).toBe(13);
    expect(await hand.read(port.CONTROL)).toBe(0);
    expect(await hand.read(port.ERROR)).toBe(0);
    expect(await hand.read(port.ERROR_COUNT)).toBe(0);
  });

  it('completes a request under its context and tag, with one interrupt', async () => {
    await open({ programs: [[], []], serve: () => ({ ret: -17, ns: 5_000_000_000 }) });
    await script.enable(2);
    await script.request({ opcode: 1, context: 1, tag: 77, flags: 4, subject: 'kvm.ko' });
    expect(await hand.read(port.REQUEST_TAIL)).toBe(1);
    expect(await hand.read(port.COMPLETION_HEAD)).toBe(0);
    expect(hand.interrupts()).toBe(0);
    expect(await script.command(port.IDLE)).toMatchObject({ status: port.OK, low: 1 });
    expect(hand.interrupts()).toBe(1);
    expect(await hand.read(port.COMPLETION_HEAD)).toBe(1);
    expect(await hand.read(port.IRQ_STATUS)).toBe(port.IRQ_COMPLETION);
    await hand.write(port.IRQ_STATUS, port.IRQ_COMPLETION);
    expect(await hand.read(port.IRQ_STATUS)).toBe(0);
    expect(script.completion(0)).toEqual({
      context: 1,
      tag: 77,
      ret: -17,
      status: port.OK,
      length: 0,
      total: 0,
      now: 5_000_000_000,
    });
    expect(session.calls).toEqual([
      'submit 1 77 {"op":"finit_module","path":"kvm.ko","flags":4,"args":""}',
      'advance: 1/77',
    ]);
  });

  it('raises a new edge for each batch once the last was acknowledged, and none before', async () => {
    await open({ programs: [[]], serve: (_, op) => ({ ret: 0, ns: op.op === 'noop' ? 1 : 2 }) });
    await script.enable(4);
    await script.request({ opcode: 0, tag: 1 });
    await script.request({ opcode: 11, tag: 2 });
    await script.command(port.IDLE);
    await hand.write(port.COMPLETION_HEAD, 1);
    await script.command(port.IDLE);
    expect(hand.interrupts()).toBe(1);
    await hand.write(port.IRQ_STATUS, port.IRQ_COMPLETION);
    await hand.write(port.COMPLETION_HEAD, 2);
    await script.request({ opcode: 0, tag: 3 });
    await script.command(port.IDLE);
    expect(hand.interrupts()).toBe(2);
  });

  it('takes a whole ring in one doorbell, in order', async () => {
    await open({ programs: [[], [], [], []] });
    await script.enable(2);
    for (let i = 0; i < 4; i++) script.put(i, { opcode: 0, context: 3 - i, tag: i });
    await hand.write(port.REQUEST_TAIL, 4);
    expect(session.calls.map((call) => call.split(' ')[1])).toEqual(['3', '2', '1', '0']);
    await script.command(port.IDLE);
    expect([0, 1, 2, 3].map((i) => script.completion(i).context)).toEqual([3, 2, 1, 0]);
  });

  it('wraps round its rings', async () => {
    await open({ programs: [[]] });
    await script.enable(1);
    for (let tag = 0; tag < 7; tag++) {
      await script.request({ opcode: 0, tag });
      await script.command(port.IDLE);
      expect(script.completion(tag % 2)).toMatchObject({ tag, ret: 0 });
      await hand.write(port.COMPLETION_HEAD, tag + 1);
    }
    expect(await hand.read(port.ERROR_COUNT)).toBe(0);
  });

  it.each([
    ['outside memory', 0x3fffc0, port.COMPLETIONS_AT, 2, port.BAD_RING_ADDRESS],
    ['beyond 4 GiB', 0xffffffc0, port.COMPLETIONS_AT, 0, port.BAD_RING_ADDRESS],
    ['in the hole below 1 MiB', 0xa0000, port.COMPLETIONS_AT, 2, port.BAD_RING_ADDRESS],
    ['misaligned', 0x200004, port.COMPLETIONS_AT, 2, port.BAD_RING_ADDRESS],
    ['overlapping', 0x200000, 0x2000c0, 2, port.BAD_RING_ADDRESS],
    ['completions outside memory', 0x200000, 0x3fffc0, 2, port.BAD_RING_ADDRESS],
    ['larger than 8,192 entries', 0x200000, 0x300000, 14, port.BAD_RING_ORDER],
    ['of an absurd order', 0x200000, 0x300000, 0xffffffff, port.BAD_RING_ORDER],
  ])('refuses rings %s', async (_, requests, completions, order, code) => {
    await open();
    await script.rings(requests, completions, order);
    await hand.write(port.CONTROL, 1);
    expect(await hand.read(port.CONTROL)).toBe(0);
    expect(await hand.read(port.ERROR)).toBe(code);
    expect(await hand.read(port.ERROR_COUNT)).toBe(1);
    await hand.write(port.ERROR, 0);
    expect(await hand.read(port.ERROR)).toBe(0);
    expect(await hand.read(port.ERROR_COUNT)).toBe(1);
  });

  it('keeps its rings while enabled, and opens new ones after being disabled', async () => {
    await open();
    await script.enable(1);
    await hand.write(port.REQUEST_RING, 0x300000);
    expect(await hand.read(port.ERROR)).toBe(port.ENABLED);
    expect(await hand.read(port.REQUEST_RING)).toBe(port.REQUESTS_AT);
    await hand.write(port.CONTROL, 1);
    expect(await hand.read(port.ERROR)).toBe(port.ENABLED);
    await script.request({ opcode: 0 });
    await hand.write(port.CONTROL, 0);
    await script.enable(3);
    expect(await hand.read(port.REQUEST_TAIL)).toBe(0);
    await script.command(port.IDLE);
    expect(script.completion(0)).toMatchObject({ context: 0, ret: 0 });
  });

  it('does not open rings smaller than what is outstanding', async () => {
    await open();
    await script.enable(2);
    for (let i = 0; i < 3; i++) await script.request({ opcode: 0, tag: i });
    await hand.write(port.CONTROL, 0);
    await script.rings(port.REQUESTS_AT, port.COMPLETIONS_AT, 1);
    await hand.write(port.CONTROL, 1);
    expect(await hand.read(port.ERROR)).toBe(port.RING_FULL);
    expect(await hand.read(port.CONTROL)).toBe(0);
  });

  it('does nothing before it is enabled', async () => {
    await open({ programs: [[{ op: 'noop' }]] });
    await hand.write(port.REQUEST_TAIL, 1);
    expect(await hand.read(port.ERROR)).toBe(port.NOT_ENABLED);
    await hand.write(port.COMMAND, port.BLOCK_AT);
    expect(await hand.read(port.ERROR)).toBe(port.NOT_ENABLED);
    expect(session.calls).toEqual([]);
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
      await open();
      await script.enable(2);
      await script.request({ tag: 9, ...request });
      expect(await hand.read(port.ERROR)).toBe(status);
      expect(await hand.read(port.COMPLETION_HEAD)).toBe(1);
      expect(script.completion(0)).toMatchObject({ tag: 9, status, ret });
      expect(hand.interrupts()).toBe(1);
      expect(session.calls).toEqual([]);
      expect(hand.device.report()).toMatchObject({ refused: 1, requests: 0 });
      expect(hand.device.report().misuses).toHaveLength(1);
    },
  );

  it('refuses a doorbell beyond the ring, and takes nothing', async () => {
    await open();
    await script.enable(1);
    await hand.write(port.REQUEST_TAIL, 3);
    expect(await hand.read(port.ERROR)).toBe(port.BAD_DOORBELL);
    await hand.write(port.REQUEST_TAIL, 0xffffffff);
    expect(await hand.read(port.REQUEST_TAIL)).toBe(0);
    expect(session.calls).toEqual([]);
  });

  it('takes no more requests than the completion ring has room for', async () => {
    await open();
    await script.enable(1);
    await script.request({ opcode: 0, tag: 0 });
    await script.request({ opcode: 0, tag: 1 });
    await script.request({ opcode: 0, tag: 2 });
    expect(await hand.read(port.ERROR)).toBe(port.RING_FULL);
    expect(await hand.read(port.REQUEST_TAIL)).toBe(2);
    await script.command(port.IDLE);
    await hand.write(port.COMPLETION_HEAD, 2);
    await hand.write(port.REQUEST_TAIL, 3);
    expect(await hand.read(port.REQUEST_TAIL)).toBe(3);
  });

  it('does not believe a completion head it has not reached', async () => {
    await open();
    await script.enable(2);
    await script.request({ opcode: 0 });
    await script.command(port.IDLE);
    await hand.write(port.COMPLETION_HEAD, 2);
    expect(await hand.read(port.ERROR)).toBe(port.BAD_COMPLETION_HEAD);
    await hand.write(port.COMPLETION_HEAD, 1);
    await hand.write(port.ERROR, 0);
    await hand.write(port.COMPLETION_HEAD, 0);
    expect(await hand.read(port.ERROR)).toBe(port.BAD_COMPLETION_HEAD);
  });

  it.each([8, 16] as const)('takes no %i-bit access', async (bits) => {
    await open();
    expect(await hand.read(port.MAGIC, bits)).toBe(2 ** bits - 1);
    expect(await hand.read(port.ERROR)).toBe(port.BAD_WIDTH);
    await hand.write(port.CONTROL + 1, 1, bits);
    expect(await hand.read(port.ERROR_COUNT)).toBe(2);
  });

  it('takes no access between registers and no write to what is read-only', async () => {
    await open();
    await hand.read(port.MAGIC + 2);
    expect(await hand.read(port.ERROR)).toBe(port.BAD_WIDTH);
    await hand.write(port.MAGIC, 1);
    expect(await hand.read(port.ERROR)).toBe(port.BAD_REGISTER);
    expect(await hand.read(port.MAGIC)).toBe(0x53444f4d);
  });

  it('fetches a program record by record, then says there is no more', async () => {
    await open({
      programs: [
        [],
        [
          { op: 'finit_module', path: 'ü.ko', flags: 0xffffffff, args: 'a=1', open: 'write' },
          { op: 'sleep', ns: 2 ** 40 + 5 },
        ],
      ],
    });
    await script.enable(1);
    const fetch = { context: 1, address: port.REQUESTS_AT, strings: port.STRINGS_AT, length: 64 };
    expect(await script.command(port.FETCH, fetch)).toMatchObject({ status: port.OK, low: 8 });
    expect(script.words(port.REQUESTS_AT, 16)).toEqual([
      1,
      1,
      0,
      0xffffffff,
      port.STRINGS_AT,
      5,
      port.STRINGS_AT + 5,
      3,
      0,
      0,
      0,
      0,
      2,
      0,
      0,
      0,
    ]);
    expect(hand.memory.read(port.STRINGS_AT, 8)).toEqual(utf8.encode('ü.koa=1'));
    expect(await script.command(port.FETCH, fetch)).toMatchObject({ status: port.OK, low: 0 });
    expect(script.words(port.REQUESTS_AT, 16)).toEqual([
      9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 5, 256, 0, 0, 0, 0,
    ]);
    expect(await script.command(port.FETCH, fetch)).toMatchObject({ status: port.NO_MORE });
    expect(await hand.read(port.ERROR_COUNT)).toBe(0);
  });

  it('keeps a record that does not fit until there is room', async () => {
    await open({ programs: [[{ op: 'modprobe', name: 'kvm_intel', args: '' }]] });
    await script.enable(1);
    const fetch = { address: port.REQUESTS_AT, strings: port.STRINGS_AT };
    expect(await script.command(port.FETCH, { ...fetch, length: 8 })).toMatchObject({
      status: port.NO_ROOM,
      low: 9,
    });
    expect(await script.command(port.FETCH, { ...fetch, length: 9 })).toMatchObject({
      status: port.OK,
    });
    expect(session.calls).toHaveLength(1);
  });

  it('stops the guest when its program holds what the port cannot carry', async () => {
    await open({ programs: [[{ op: 'log', text: 'x'.repeat(16_385) }]] });
    await script.enable(1);
    await script.command(port.FETCH, {
      address: port.REQUESTS_AT,
      strings: port.STRINGS_AT,
      length: 65_536,
    });
    expect(hand.told).toEqual([
      'stopped the program asks for what the port cannot carry: ' +
        'CPU 0: log has a text of 16385 bytes, the port carries 16384',
    ]);
  });

  it.each([
    ['a descriptor outside memory', { address: 0x3fffc4 }, port.BAD_ADDRESS],
    ['a misaligned descriptor', { address: 0x200002 }, port.BAD_ADDRESS],
    ['strings outside memory', { strings: 0x3ffff0 }, port.BAD_ADDRESS],
    ['an unknown context', { context: 1 }, port.BAD_CONTEXT],
  ])('does not fetch with %s, and the record is not lost', async (_, fields, code) => {
    await open({ programs: [[{ op: 'noop' }]] });
    await script.enable(1);
    const good = { address: port.REQUESTS_AT, strings: port.STRINGS_AT, length: 64 };
    expect(await script.command(port.FETCH, { ...good, ...fields })).toMatchObject({
      status: code,
    });
    expect(await hand.read(port.ERROR)).toBe(code);
    expect(await script.command(port.FETCH, good)).toMatchObject({ status: port.OK });
  });

  it('puts what was read into the guest, and gives the rest in parts', async () => {
    const text = utf8.encode('0123456789'.repeat(3));
    await open({ programs: [[]], serve: () => ({ ret: text.length, data: text, ns: 1 }) });
    await script.enable(1);
    await script.request({
      opcode: 7,
      subject: '/proc/modules',
      buffer: port.BUFFER_AT,
      bufferLength: 12,
    });
    await script.command(port.IDLE);
    expect(script.completion(0)).toMatchObject({ ret: 30, length: 12, total: 30 });
    expect(hand.memory.read(port.BUFFER_AT, 13)).toEqual(utf8.encode('012345678901\0'));
    const copy = { context: 0, address: port.BUFFER_AT + 0x100, length: 12 };
    expect(await script.command(port.COPY, { ...copy, low: 12 })).toMatchObject({
      low: 12,
      high: 30,
    });
    expect(await script.command(port.COPY, { ...copy, low: 24 })).toMatchObject({
      low: 6,
      high: 30,
    });
    expect(hand.memory.read(port.BUFFER_AT + 0x100, 6)).toEqual(utf8.encode('456789'));
    expect(await script.command(port.COPY, { ...copy, low: 30 })).toMatchObject({
      status: port.OK,
      low: 0,
    });
    expect(await script.command(port.COPY, { ...copy, low: 31 })).toMatchObject({
      status: port.NO_TEXT,
    });
    expect(await script.command(port.COPY, { ...copy, address: 0x3fffff })).toMatchObject({
      status: port.BAD_ADDRESS,
    });
  });

  it('has no text to copy when the read fitted, was left with the host, or failed', async () => {
    const text = utf8.encode('whole');
    let ret = 5;
    await open({
      programs: [[]],
      serve: () => (ret < 0 ? { ret, ns: 1 } : { ret, data: text, ns: 1 }),
    });
    await script.enable(3);
    const copy = { address: port.BUFFER_AT, length: 4 };
    await script.request({ opcode: 7, subject: 'f', buffer: port.BUFFER_AT, bufferLength: 5 });
    await script.command(port.IDLE);
    expect(script.completion(0)).toMatchObject({ length: 5, total: 5 });
    expect(await script.command(port.COPY, copy)).toMatchObject({ status: port.NO_TEXT });
    await hand.write(port.COMPLETION_HEAD, 1);
    await script.request({ opcode: 7, subject: 'f' });
    await script.command(port.IDLE);
    expect(script.completion(1)).toMatchObject({ length: 0, total: 5 });
    expect(await script.command(port.COPY, copy)).toMatchObject({ status: port.NO_TEXT });
    await hand.write(port.COMPLETION_HEAD, 2);
    ret = -2;
    await script.request({ opcode: 7, subject: 'f', buffer: port.BUFFER_AT, bufferLength: 5 });
    await script.command(port.IDLE);
    expect(script.completion(2)).toMatchObject({ ret: -2, length: 0, total: 0 });
    expect(await script.command(port.COPY, copy)).toMatchObject({ status: port.NO_TEXT });
  });

  it('says so when nothing can complete', async () => {
    await open({ programs: [[]], serve: () => ({ ret: 0, ns: Number.POSITIVE_INFINITY }) });
    await script.enable(1);
    expect(await script.command(port.IDLE)).toMatchObject({ status: port.NO_MORE, low: 0 });
    expect(await hand.read(port.IRQ_STATUS)).toBe(port.IRQ_NOTHING);
    await hand.write(port.IRQ_STATUS, port.IRQ_NOTHING);
    await script.request({ opcode: 0 });
    expect(await script.command(port.IDLE)).toMatchObject({ status: port.NO_MORE, low: 0 });
    expect(hand.interrupts()).toBe(2);
  });

  it('keeps virtual time, in two words', async () => {
    await open();
    await script.enable(1);
    await script.command(port.ADVANCE_TIME, { low: 5, high: 3 });
    expect(session.calls).toEqual([`advanceTime ${3 * 2 ** 32 + 5}`]);
    expect(await script.command(port.NOW)).toMatchObject({ low: 5, high: 3 });
    expect(await script.command(port.ADVANCE_TIME, { low: 0, high: 0x200000 })).toMatchObject({
      status: port.BAD_TIME,
    });
    expect(session.calls).toHaveLength(1);
  });

  it.each([
    ['outside memory', 0x3ffff0, port.BAD_COMMAND_ADDRESS],
    ['misaligned', port.BLOCK_AT + 1, port.BAD_COMMAND_ADDRESS],
    ['in the hole', 0xa0000, port.BAD_COMMAND_ADDRESS],
  ])('refuses a command block %s', async (_, at, code) => {
    await open();
    await script.enable(1);
    await hand.write(port.COMMAND, at);
    expect(await hand.read(port.COMMAND)).toBe(code);
    expect(await hand.read(port.ERROR)).toBe(code);
  });

  it('refuses a command it does not know', async () => {
    await open();
    await script.enable(1);
    expect(await script.command(7)).toMatchObject({ status: port.BAD_COMMAND });
    expect(await script.command(0)).toMatchObject({ status: port.BAD_COMMAND });
  });

  it('tells the host when the guest is done, and with what status', async () => {
    await open();
    await script.enable(1);
    expect(await script.command(port.DONE, { low: 3 })).toMatchObject({ status: port.OK });
    expect(hand.told).toEqual(['done 3']);
    expect(hand.device.report().exitStatus).toBe(3);
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
    await open({ programs: [program] });
    await script.enable(0);
    for (let tag = 0; tag < program.length; tag++) {
      await script.command(port.FETCH, {
        address: port.REQUESTS_AT,
        strings: port.STRINGS_AT,
        length: 4096,
      });
      hand.memory.writeU32(port.REQUESTS_AT + 8, tag);
      await hand.write(port.REQUEST_TAIL, tag + 1);
      await script.command(port.IDLE);
      await hand.write(port.COMPLETION_HEAD, tag + 1);
    }
    const submitted = session.calls.filter((call) => call.startsWith('submit'));
    expect(submitted).toEqual(program.map((op, tag) => `submit 0 ${tag} ${JSON.stringify(op)}`));
  });
}
