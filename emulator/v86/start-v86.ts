// SPDX-License-Identifier: MIT
/** What every machine in v86 has: a gated processor, guarded devices, and an end that is reported. */
import { V86 } from 'v86';
import type { V86Emulator, V86Exports, V86Imports } from './internals.ts';
import type { IoDevice, MachineEnd, MainLoopGate } from './main-loop-gate.ts';

/** "only for kvm-unit-test": v86 throws a string when a guest writes here. */
const TEST_EXIT_PORT = 0xf4;

/** What v86 is told besides its memory and processor, the same for every machine. */
export const BARE_PC = {
  vga_memory_size: 2 ** 20,
  disable_keyboard: true,
  disable_mouse: true,
  disable_speaker: true,
  // Any type it does not know leaves the network card out.
  net_device: { type: 'none' as 'ne2k' },
  autostart: false,
} as const;

export interface GuestEnds {
  /** A byte on the serial console. */
  readonly onConsole: (byte: number) => void;
  /** The guest can never go on: how, and in words. */
  readonly onEnd: (how: MachineEnd, message: string) => void;
}

/**
 * v86 with its processor gated, resolved at `emulator-ready`. It fetches nothing once it has been
 * given its WebAssembly, so longer than `readyMs` is a defect and rejects.
 */
export function startV86<Emulator extends Pick<V86Emulator, 'add_listener'>>(
  wasm: WebAssembly.Module,
  gate: MainLoopGate,
  settings: Readonly<Record<string, unknown>>,
  readyMs: number,
): Promise<Emulator> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`v86 was not ready after ${readyMs} ms`)),
      readyMs,
    );
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      reject(error);
    };
    const wasm_fn = async (imports: WebAssembly.Imports): Promise<WebAssembly.Exports> => {
      try {
        const gated = gate.imports(imports as unknown as V86Imports);
        const instance = await WebAssembly.instantiate(wasm, gated);
        return gate.exports(instance.exports as V86Exports);
      } catch (error) {
        fail(error);
        return new Promise<WebAssembly.Exports>(() => {});
      }
    };
    let emulator: Emulator;
    try {
      const all = { ...settings, wasm_fn } as unknown as ConstructorParameters<typeof V86>[0];
      emulator = new V86(all) as unknown as Emulator;
    } catch (error) {
      fail(error);
      return;
    }
    emulator.add_listener('emulator-ready', () => {
      clearTimeout(timer);
      resolve(emulator);
    });
  });
}

/** Reports what the guest prints, that it halted, and a write that v86 would die of. */
export function watchGuest(
  emulator: Pick<V86Emulator, 'add_listener' | 'v86'>,
  gate: MainLoopGate,
  { onConsole, onEnd }: GuestEnds,
): void {
  emulator.add_listener('serial0-output-byte', (byte) => gate.guard(() => onConsole(byte)));
  emulator.add_listener('cpu-event-halt', () => {
    gate.halted = true;
    onEnd('halt', 'the guest halted');
  });
  const exit = (value: number) =>
    gate.end('fault', `the guest wrote ${value & 0xff} to port 0xf4, v86's test exit`);
  emulator.v86.cpu.io.register_write(TEST_EXIT_PORT, {}, exit, exit, exit);
}

/** Plugs a device into ports nobody uses. */
export function plugDevice(
  { v86 }: Pick<V86Emulator, 'v86'>,
  gate: MainLoopGate,
  base: number,
  size: number,
  device: IoDevice,
): void {
  const { io } = v86.cpu;
  for (let port = base; port < base + size; port++) {
    if (io.ports[port]?.device !== undefined) {
      throw new Error(`I/O port 0x${port.toString(16)} is taken by a device of v86`);
    }
  }
  for (let offset = 0; offset < size; offset++) {
    const bad = (bits: number, ones: number) => () => {
      gate.guard(() => device.badAccess(offset, bits));
      return ones;
    };
    const aligned = offset % 4 === 0;
    io.register_read(
      base + offset,
      device,
      bad(8, 0xff),
      bad(16, 0xffff),
      aligned ? () => gate.guardRead(device, offset) : bad(32, -1),
    );
    io.register_write(
      base + offset,
      device,
      bad(8, 0),
      bad(16, 0),
      aligned ? (value) => gate.guardWrite(device, offset, value) : bad(32, 0),
    );
  }
}
