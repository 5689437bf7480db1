// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModulePortDevice } from '../../../emulator/port/device.ts';
import { ArrayGuestMemory } from '../../../emulator/port/guest-memory.ts';
import { FakeSession } from '../fake-session.ts';
import * as port from './port-map.ts';

const MEMORY_BYTES = 0x120000;
const RING_A = 0x100000;
const RING_B = 0x108000;
const BLOCK = 0x110000;
const TEXT = new TextEncoder().encode('x'.repeat(5000));

const address = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }),
  fc.constantFrom(
    0,
    4,
    RING_A,
    RING_A + 64,
    RING_B,
    BLOCK,
    0x9fffc,
    0xa0000,
    0xfffff,
    MEMORY_BYTES - 64,
    MEMORY_BYTES - 1,
    MEMORY_BYTES,
    0x7fffffff,
    0x80000000,
    0xffffffc0,
    0xffffffff,
  ),
);
const number = fc.oneof(fc.nat(20), address);

/** A request that is right but for one word, or altogether. */
const plausible = fc
  .tuple(
    fc.constantFrom([0, 0], [4, 3], [5, 8], [7, 8], [7, 8], [9, 0], [11, 0]),
    fc.nat(3),
    fc.nat(5),
    fc.nat(15),
    fc.option(number, { freq: 3 }),
  )
  .map(([[opcode, length], context, tag, at, wrong]) => {
    const words = [opcode!, context, tag, 0, length === 0 ? 0 : 0x2000, length!];
    while (words.length < 16) words.push(0);
    if (opcode === 7) words.splice(8, 2, 0x3000, 64);
    if (wrong !== null) words[at] = wrong;
    return words;
  });

type Act =
  | { readonly act: 'write'; readonly offset: number; readonly value: number }
  | { readonly act: 'read'; readonly offset: number }
  | { readonly act: 'badAccess'; readonly offset: number }
  | { readonly act: 'open'; readonly order: number }
  | { readonly act: 'poke'; readonly at: number; readonly words: readonly number[] }
  | { readonly act: 'command'; readonly words: readonly number[] }
  | { readonly act: 'ring'; readonly fresh: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('write' as const),
      offset: fc.integer({ min: 0, max: 0x44 }),
      value: number,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant('read' as const),
      offset: fc.integer({ min: 0, max: 0x44 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ act: fc.constant('badAccess' as const), offset: fc.nat(0x3f) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('open' as const), order: fc.nat(9) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('poke' as const),
      at: fc.nat(7).map((slot) => RING_A + slot * 64),
      words: fc.oneof(fc.array(number, { minLength: 1, maxLength: 16 }), plausible),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('command' as const),
      words: fc
        .tuple(fc.nat(7), fc.constant(0), fc.nat(4), address, address, number, number, fc.nat(9))
        .map((words) => [...words]),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ act: fc.constant('ring' as const), fresh: fc.nat(12) }),
  },
);

function newDevice(misuseLimit: number): {
  device: ModulePortDevice;
  memory: ArrayGuestMemory;
  session: FakeSession;
  line: { high: boolean };
  stops: string[];
} {
  const memory = new ArrayGuestMemory(MEMORY_BYTES);
  memory.bytes.fill(0x61, 0x2000, 0x2100);
  const session = new FakeSession({
    programs: [
      [{ op: 'noop' }, { op: 'modprobe', name: 'kvm', args: '' }],
      [{ op: 'read', path: '/proc/modules' }],
      [],
    ],
    serve: (_, operation) => ({
      ret: 0,
      ns: operation.op === 'sleep' ? Number.POSITIVE_INFINITY : 10,
      ...(operation.op === 'read' ? { data: TEXT } : {}),
    }),
  });
  const line = { high: false };
  const stops: string[] = [];
  const device = new ModulePortDevice({
    memory,
    session,
    limits: { misuses: misuseLimit, fruitless: 10 },
    host: {
      raiseIrq: () => {
        line.high = true;
      },
      lowerIrq: () => {
        line.high = false;
      },
      done: () => {},
      stopped: (message) => stops.push(message),
    },
  });
  return { device, memory, session, line, stops };
}

function perform(device: ModulePortDevice, memory: ArrayGuestMemory, step: Act): void {
  switch (step.act) {
    case 'write':
      device.write(step.offset, step.value);
      break;
    case 'read':
      device.read(step.offset);
      break;
    case 'badAccess':
      device.badAccess(step.offset, 8);
      break;
    case 'open':
      device.write(port.CONTROL, 0);
      device.write(port.REQUEST_RING, RING_A);
      device.write(port.COMPLETION_RING, RING_B);
      device.write(port.RING_ORDER, step.order);
      device.write(port.CONTROL, 1);
      break;
    case 'poke':
      for (const [word, value] of step.words.entries()) memory.writeU32(step.at + word * 4, value);
      break;
    case 'command':
      for (const [word, value] of step.words.entries()) memory.writeU32(BLOCK + word * 4, value);
      device.write(port.COMMAND, BLOCK);
      break;
    case 'ring':
      device.write(port.REQUEST_TAIL, (device.read(port.REQUEST_TAIL) + step.fresh) >>> 0);
      break;
  }
}

describe('a hostile guest', () => {
  // The memory throws on any access outside RAM, so "does not throw" covers that too.
  it('cannot make the port throw, leave RAM, lose count or work without bound', () => {
    const seen = { requests: 0, refused: 0, stopped: 0, texts: 0 };
    fc.assert(
      fc.property(fc.array(act, { maxLength: 80, size: 'max' }), (steps) => {
        const { device, memory, session, line, stops } = newDevice(25);
        perform(device, memory, { act: 'open', order: 3 });
        for (const step of steps) {
          const before = session.calls.length;
          perform(device, memory, step);
          expect(session.calls.length - before).toBeLessThanOrEqual(512);
          const report = device.report();
          expect(report.completions).toBe(report.refused + report.requests - session.outstanding);
          expect(line.high).toBe(device.read(port.IRQ_STATUS) !== 0);
        }
        const report = device.report();
        const misuses = report.misuses.reduce((sum, { count }) => sum + count, 0);
        expect(misuses).toBe(device.read(port.ERROR_COUNT));
        expect(stops.length).toBe(report.stopped === undefined ? 0 : 1);
        if (misuses >= 25) expect(report.stopped).toBeDefined();
        seen.requests += report.requests;
        seen.refused += report.refused;
        seen.stopped += stops.length;
        seen.texts += report.misuses.some(({ code }) => code === 'NO_TEXT') ? 1 : 0;
      }),
      { numRuns: 4000 },
    );
    // The fuzz reached what it is for.
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(20);
  });

  it('is ignored once it has been stopped', () => {
    const { device, session, stops } = newDevice(40);
    for (let i = 0; i < 100; i++) device.write(0x7c, i);
    expect(stops).toEqual(['the guest misused the port 40 times']);
    const calls = session.calls.length;
    device.write(port.REQUEST_RING, RING_A);
    expect(device.read(port.REQUEST_RING)).toBe(0);
    expect(session.calls.length).toBe(calls);
    expect(device.report().misuses).toEqual([
      {
        code: 'BAD_REGISTER',
        count: 40,
        first: 'no such register, or it cannot be written: write at offset 0x7c',
      },
    ]);
  });

  it('is stopped when it rings for ever without asking', () => {
    const { device, stops } = newDevice(40);
    device.write(port.REQUEST_RING, RING_A);
    device.write(port.COMPLETION_RING, RING_B);
    device.write(port.CONTROL, 1);
    for (let i = 0; i < 50; i++) device.write(port.REQUEST_TAIL, 0);
    expect(stops).toEqual(['10 doorbells without a new request']);
  });

  it('is stopped when it idles for ever with nothing to wait for', () => {
    const { device, memory, stops } = newDevice(40);
    device.write(port.REQUEST_RING, RING_A);
    device.write(port.COMPLETION_RING, RING_B);
    device.write(port.CONTROL, 1);
    memory.writeU32(BLOCK, port.IDLE);
    for (let i = 0; i < 50; i++) device.write(port.COMMAND, BLOCK);
    expect(stops).toEqual(['10 IDLEs with nothing to wait for']);
  });
});
