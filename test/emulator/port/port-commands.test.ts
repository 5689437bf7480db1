// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { onBothBackEnds } from './both-back-ends.ts';
import * as port from './port-map.ts';

const utf8 = new TextEncoder();

onBothBackEnds('commands of the module port', (rig) => {
  it('fetches a program record by record, then says there is no more', async () => {
    await rig.open({
      programs: [
        [],
        [
          { op: 'finit_module', path: 'ü.ko', flags: 0xffffffff, args: 'a=1', open: 'write' },
          { op: 'sleep', ns: 2 ** 40 + 5 },
        ],
      ],
    });
    await rig.script.enable(1);
    const fetch = { context: 1, address: port.REQUESTS_AT, strings: port.STRINGS_AT, length: 64 };
    expect(await rig.script.command(port.FETCH, fetch)).toMatchObject({ status: port.OK, low: 8 });
    expect(rig.script.words(port.REQUESTS_AT, 16)).toEqual([
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
    expect(rig.hand.memory.read(port.STRINGS_AT, 8)).toEqual(utf8.encode('ü.koa=1'));
    expect(await rig.script.command(port.FETCH, fetch)).toMatchObject({ status: port.OK, low: 0 });
    expect(rig.script.words(port.REQUESTS_AT, 16)).toEqual([
      9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 5, 256, 0, 0, 0, 0,
    ]);
    expect(await rig.script.command(port.FETCH, fetch)).toMatchObject({ status: port.NO_MORE });
    expect(await rig.hand.read(port.ERROR_COUNT)).toBe(0);
  });

  it('keeps a record that does not fit until there is room', async () => {
    await rig.open({ programs: [[{ op: 'modprobe', name: 'kvm_intel', args: '' }]] });
    await rig.script.enable(1);
    const fetch = { address: port.REQUESTS_AT, strings: port.STRINGS_AT };
    expect(await rig.script.command(port.FETCH, { ...fetch, length: 8 })).toMatchObject({
      status: port.NO_ROOM,
      low: 9,
    });
    expect(await rig.script.command(port.FETCH, { ...fetch, length: 9 })).toMatchObject({
      status: port.OK,
    });
    expect(rig.session.calls).toHaveLength(1);
  });

  it('stops the guest when its program holds what the port cannot carry', async () => {
    await rig.open({ programs: [[{ op: 'log', text: 'x'.repeat(16_385) }]] });
    await rig.script.enable(1);
    await rig.script.command(port.FETCH, {
      address: port.REQUESTS_AT,
      strings: port.STRINGS_AT,
      length: 65_536,
    });
    expect(rig.hand.told).toEqual([
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
    await rig.open({ programs: [[{ op: 'noop' }]] });
    await rig.script.enable(1);
    const good = { address: port.REQUESTS_AT, strings: port.STRINGS_AT, length: 64 };
    expect(await rig.script.command(port.FETCH, { ...good, ...fields })).toMatchObject({
      status: code,
    });
    expect(await rig.hand.read(port.ERROR)).toBe(code);
    expect(await rig.script.command(port.FETCH, good)).toMatchObject({ status: port.OK });
  });

  it('says so when nothing can complete', async () => {
    await rig.open({ programs: [[]], serve: () => ({ ret: 0, ns: Number.POSITIVE_INFINITY }) });
    await rig.script.enable(1);
    expect(await rig.script.command(port.IDLE)).toMatchObject({ status: port.NO_MORE, low: 0 });
    expect(await rig.hand.read(port.IRQ_STATUS)).toBe(port.IRQ_NOTHING);
    await rig.hand.write(port.IRQ_STATUS, port.IRQ_NOTHING);
    await rig.script.request({ opcode: 0 });
    expect(await rig.script.command(port.IDLE)).toMatchObject({ status: port.NO_MORE, low: 0 });
    expect(rig.hand.interrupts()).toBe(2);
  });

  it('keeps virtual time, in two words', async () => {
    await rig.open();
    await rig.script.enable(1);
    await rig.script.command(port.ADVANCE_TIME, { low: 5, high: 3 });
    expect(rig.session.calls).toEqual([`advanceTime ${3 * 2 ** 32 + 5}`]);
    expect(await rig.script.command(port.NOW)).toMatchObject({ low: 5, high: 3 });
    expect(await rig.script.command(port.ADVANCE_TIME, { low: 0, high: 0x200000 })).toMatchObject({
      status: port.BAD_TIME,
    });
    expect(rig.session.calls).toHaveLength(1);
  });

  it.each([
    ['outside memory', 0x3ffff0, port.BAD_COMMAND_ADDRESS],
    ['misaligned', port.BLOCK_AT + 1, port.BAD_COMMAND_ADDRESS],
    ['in the hole', 0xa0000, port.BAD_COMMAND_ADDRESS],
  ])('refuses a command block %s', async (_, at, code) => {
    await rig.open();
    await rig.script.enable(1);
    await rig.hand.write(port.COMMAND, at);
    expect(await rig.hand.read(port.COMMAND)).toBe(code);
    expect(await rig.hand.read(port.ERROR)).toBe(code);
  });

  it('refuses a command it does not know', async () => {
    await rig.open();
    await rig.script.enable(1);
    expect(await rig.script.command(7)).toMatchObject({ status: port.BAD_COMMAND });
    expect(await rig.script.command(0)).toMatchObject({ status: port.BAD_COMMAND });
  });

  it('tells the host when the guest is done, and with what status', async () => {
    await rig.open();
    await rig.script.enable(1);
    expect(await rig.script.command(port.DONE, { low: 3 })).toMatchObject({ status: port.OK });
    expect(rig.hand.told).toEqual(['done 3']);
    expect(rig.hand.device.report().exitStatus).toBe(3);
  });
});
