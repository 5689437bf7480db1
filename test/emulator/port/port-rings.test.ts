// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { onBothBackEnds } from './both-back-ends.ts';
import * as port from './port-map.ts';

onBothBackEnds('the rings and registers of the module port', (rig) => {
  it('says what it is', async () => {
    await rig.open({ programs: [[], [], []] });
    expect(await rig.hand.read(port.MAGIC)).toBe(0x53444f4d);
    expect(await rig.hand.read(port.VERSION)).toBe(1);
    expect(await rig.hand.read(port.FEATURES)).toBe(7);
    expect(await rig.hand.read(port.CONTEXTS)).toBe(3);
    expect(await rig.hand.read(port.MEMORY)).toBe(4 << 20);
    expect(await rig.hand.read(port.IRQ_LINE)).toBe(13);
    expect(await rig.hand.read(port.CONTROL)).toBe(0);
    expect(await rig.hand.read(port.ERROR)).toBe(0);
    expect(await rig.hand.read(port.ERROR_COUNT)).toBe(0);
  });

  it('raises a new edge for each batch once the last was acknowledged, and none before', async () => {
    await rig.open({
      programs: [[]],
      serve: (_, op) => ({ ret: 0, ns: op.op === 'noop' ? 1 : 2 }),
    });
    await rig.script.enable(4);
    await rig.script.request({ opcode: 0, tag: 1 });
    await rig.script.request({ opcode: 11, tag: 2 });
    await rig.script.command(port.IDLE);
    await rig.hand.write(port.COMPLETION_HEAD, 1);
    await rig.script.command(port.IDLE);
    expect(rig.hand.interrupts()).toBe(1);
    await rig.hand.write(port.IRQ_STATUS, port.IRQ_COMPLETION);
    await rig.hand.write(port.COMPLETION_HEAD, 2);
    await rig.script.request({ opcode: 0, tag: 3 });
    await rig.script.command(port.IDLE);
    expect(rig.hand.interrupts()).toBe(2);
  });

  it('takes a whole ring in one doorbell, in order', async () => {
    await rig.open({ programs: [[], [], [], []] });
    await rig.script.enable(2);
    for (let i = 0; i < 4; i++) rig.script.put(i, { opcode: 0, context: 3 - i, tag: i });
    await rig.hand.write(port.REQUEST_TAIL, 4);
    expect(rig.session.calls.map((call) => call.split(' ')[1])).toEqual(['3', '2', '1', '0']);
    await rig.script.command(port.IDLE);
    expect([0, 1, 2, 3].map((i) => rig.script.completion(i).context)).toEqual([3, 2, 1, 0]);
  });

  it('wraps round its rings', async () => {
    await rig.open({ programs: [[]] });
    await rig.script.enable(1);
    for (let tag = 0; tag < 7; tag++) {
      await rig.script.request({ opcode: 0, tag });
      await rig.script.command(port.IDLE);
      expect(rig.script.completion(tag % 2)).toMatchObject({ tag, ret: 0 });
      await rig.hand.write(port.COMPLETION_HEAD, tag + 1);
    }
    expect(await rig.hand.read(port.ERROR_COUNT)).toBe(0);
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
    await rig.open();
    await rig.script.rings(requests, completions, order);
    await rig.hand.write(port.CONTROL, 1);
    expect(await rig.hand.read(port.CONTROL)).toBe(0);
    expect(await rig.hand.read(port.ERROR)).toBe(code);
    expect(await rig.hand.read(port.ERROR_COUNT)).toBe(1);
    await rig.hand.write(port.ERROR, 0);
    expect(await rig.hand.read(port.ERROR)).toBe(0);
    expect(await rig.hand.read(port.ERROR_COUNT)).toBe(1);
  });

  it('keeps its rings while enabled, and opens new ones after being disabled', async () => {
    await rig.open();
    await rig.script.enable(1);
    await rig.hand.write(port.REQUEST_RING, 0x300000);
    expect(await rig.hand.read(port.ERROR)).toBe(port.ENABLED);
    expect(await rig.hand.read(port.REQUEST_RING)).toBe(port.REQUESTS_AT);
    await rig.hand.write(port.CONTROL, 1);
    expect(await rig.hand.read(port.ERROR)).toBe(port.ENABLED);
    await rig.script.request({ opcode: 0 });
    await rig.hand.write(port.CONTROL, 0);
    await rig.script.enable(3);
    expect(await rig.hand.read(port.REQUEST_TAIL)).toBe(0);
    await rig.script.command(port.IDLE);
    expect(rig.script.completion(0)).toMatchObject({ context: 0, ret: 0 });
  });

  it('does not open rings smaller than what is outstanding', async () => {
    await rig.open();
    await rig.script.enable(2);
    for (let i = 0; i < 3; i++) await rig.script.request({ opcode: 0, tag: i });
    await rig.hand.write(port.CONTROL, 0);
    await rig.script.rings(port.REQUESTS_AT, port.COMPLETIONS_AT, 1);
    await rig.hand.write(port.CONTROL, 1);
    expect(await rig.hand.read(port.ERROR)).toBe(port.RING_FULL);
    expect(await rig.hand.read(port.CONTROL)).toBe(0);
  });

  it('does nothing before it is enabled', async () => {
    await rig.open({ programs: [[{ op: 'noop' }]] });
    await rig.hand.write(port.REQUEST_TAIL, 1);
    expect(await rig.hand.read(port.ERROR)).toBe(port.NOT_ENABLED);
    await rig.hand.write(port.COMMAND, port.BLOCK_AT);
    expect(await rig.hand.read(port.ERROR)).toBe(port.NOT_ENABLED);
    expect(rig.session.calls).toEqual([]);
  });

  it('refuses a doorbell beyond the ring, and takes nothing', async () => {
    await rig.open();
    await rig.script.enable(1);
    await rig.hand.write(port.REQUEST_TAIL, 3);
    expect(await rig.hand.read(port.ERROR)).toBe(port.BAD_DOORBELL);
    await rig.hand.write(port.REQUEST_TAIL, 0xffffffff);
    expect(await rig.hand.read(port.REQUEST_TAIL)).toBe(0);
    expect(rig.session.calls).toEqual([]);
  });

  it('takes no more requests than the completion ring has room for', async () => {
    await rig.open();
    await rig.script.enable(1);
    await rig.script.request({ opcode: 0, tag: 0 });
    await rig.script.request({ opcode: 0, tag: 1 });
    await rig.script.request({ opcode: 0, tag: 2 });
    expect(await rig.hand.read(port.ERROR)).toBe(port.RING_FULL);
    expect(await rig.hand.read(port.REQUEST_TAIL)).toBe(2);
    await rig.script.command(port.IDLE);
    await rig.hand.write(port.COMPLETION_HEAD, 2);
    await rig.hand.write(port.REQUEST_TAIL, 3);
    expect(await rig.hand.read(port.REQUEST_TAIL)).toBe(3);
  });

  it('does not believe a completion head it has not reached', async () => {
    await rig.open();
    await rig.script.enable(2);
    await rig.script.request({ opcode: 0 });
    await rig.script.command(port.IDLE);
    await rig.hand.write(port.COMPLETION_HEAD, 2);
    expect(await rig.hand.read(port.ERROR)).toBe(port.BAD_COMPLETION_HEAD);
    await rig.hand.write(port.COMPLETION_HEAD, 1);
    await rig.hand.write(port.ERROR, 0);
    await rig.hand.write(port.COMPLETION_HEAD, 0);
    expect(await rig.hand.read(port.ERROR)).toBe(port.BAD_COMPLETION_HEAD);
  });

  it.each([8, 16] as const)('takes no %i-bit access', async (bits) => {
    await rig.open();
    expect(await rig.hand.read(port.MAGIC, bits)).toBe(2 ** bits - 1);
    expect(await rig.hand.read(port.ERROR)).toBe(port.BAD_WIDTH);
    await rig.hand.write(port.CONTROL + 1, 1, bits);
    expect(await rig.hand.read(port.ERROR_COUNT)).toBe(2);
  });

  it('takes no access between registers and no write to what is read-only', async () => {
    await rig.open();
    await rig.hand.read(port.MAGIC + 2);
    expect(await rig.hand.read(port.ERROR)).toBe(port.BAD_WIDTH);
    await rig.hand.write(port.MAGIC, 1);
    expect(await rig.hand.read(port.ERROR)).toBe(port.BAD_REGISTER);
    expect(await rig.hand.read(port.MAGIC)).toBe(0x53444f4d);
  });
});
