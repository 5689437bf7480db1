// SPDX-License-Identifier: MIT
/**
 * A guest's hand on the port. `bareHand` holds the device with an array for memory; `guestHand`
 * holds it through a puppet guest in v86, whose `in` and `out` instructions are real. One test
 * body runs on both.
 */

import { ModulePortDevice } from '../../../emulator/port/device.ts';
import { ArrayGuestMemory, type GuestMemory } from '../../../emulator/port/guest-memory.ts';
import type { PortLimits } from '../../../emulator/port/port-report.ts';
import { GuestMachine } from '../../../emulator/v86/guest-machine.ts';
import { loadV86Wasm } from '../../../emulator/v86/node-host.ts';
import type { PortSession } from '../../../loader/session/port-session.ts';
import { MAILBOX, puppetImage } from './puppet-guest.ts';

const BASE = 0x5a0;
const LINE = 13;
const MEMORY_BYTES = 4 << 20;

export interface PortHand {
  readonly memory: GuestMemory;
  readonly device: ModulePortDevice;
  /** What the host was told: `done 0`, `stopped …`. */
  readonly told: readonly string[];
  read(offset: number, bits?: 8 | 16 | 32): Promise<number>;
  write(offset: number, value: number, bits?: 8 | 16 | 32): Promise<void>;
  /** Edges of the interrupt line (bare), or interrupts the guest's processor took (v86). */
  interrupts(): number;
  close(): Promise<void>;
}

export type MakeHand = (session: PortSession, limits?: Partial<PortLimits>) => Promise<PortHand>;

export const bareHand: MakeHand = async (session, limits = {}) => {
  const memory = new ArrayGuestMemory(MEMORY_BYTES);
  const told: string[] = [];
  let high = false;
  let edges = 0;
  const device = new ModulePortDevice({
    memory,
    session,
    limits,
    host: {
      raiseIrq: () => {
        if (!high) edges++;
        high = true;
      },
      lowerIrq: () => {
        high = false;
      },
      done: (status) => told.push(`done ${status}`),
      stopped: (message) => told.push(`stopped ${message}`),
    },
  });
  return {
    memory,
    device,
    told,
    read: async (offset, bits = 32) => {
      if (bits === 32 && offset % 4 === 0) return device.read(offset) >>> 0;
      device.badAccess(offset, bits);
      return 2 ** bits - 1;
    },
    write: async (offset, value, bits = 32) => {
      if (bits === 32 && offset % 4 === 0) device.write(offset, value);
      else device.badAccess(offset, bits);
    },
    interrupts: () => edges,
    close: async () => {},
  };
};

export const guestHand: MakeHand = async (session, limits = {}) => {
  const told: string[] = [];
  const failures: unknown[] = [];
  const machine = await GuestMachine.create({
    wasm: await loadV86Wasm(),
    image: puppetImage(BASE, LINE),
    memoryBytes: MEMORY_BYTES,
    jit: false,
    onConsole: () => {},
    onEnd: (how, message) => failures.push(new Error(`${how}: ${message}`)),
    onDeviceError: (error) => failures.push(error),
  });
  const { memory } = machine;
  const device = new ModulePortDevice({
    memory,
    session,
    limits,
    host: {
      raiseIrq: () => machine.raiseIrq(LINE),
      lowerIrq: () => machine.lowerIrq(LINE),
      done: (status) => told.push(`done ${status}`),
      stopped: (message) => told.push(`stopped ${message}`),
    },
  });
  machine.plug(BASE, 0x40, device);
  machine.run();
  const ask = async (verb: number, offset: number, value: number): Promise<number> => {
    memory.writeU32(MAILBOX + 4, offset);
    memory.writeU32(MAILBOX + 8, value >>> 0);
    memory.writeU32(MAILBOX, verb);
    while (memory.readU32(MAILBOX) !== 0) {
      if (failures.length > 0) throw failures[0];
      await new Promise((resolve) => setImmediate(resolve));
    }
    return memory.readU32(MAILBOX + 8);
  };
  return {
    memory,
    device,
    told,
    read: (offset, bits = 32) => ask({ 8: 1, 16: 2, 32: 3 }[bits], offset, 0),
    write: async (offset, value, bits = 32) => {
      await ask({ 8: 4, 16: 5, 32: 6 }[bits], offset, value);
    },
    interrupts: () => memory.readU32(MAILBOX + 12),
    close: () => machine.destroy(),
  };
};
