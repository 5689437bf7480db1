// SPDX-License-Identifier: MIT
/**
 * A PC in v86 without BIOS, disk, screen or keyboard: memory, a serial console, and whatever
 * device is plugged into its I/O space. Runs in Node and in browsers.
 *
 * v86 dies of an exception in a handler (it says running and never stops), kills Node when a
 * guest writes port 0xf4, and lets a panic of its processor escape from a timer; none of that
 * passes this class.
 */
import { V86 } from 'v86';
import type { GuestMemory } from '../port/guest-memory.ts';
import {
  missingInternals,
  type V86Emulator,
  type V86Exports,
  type V86Imports,
} from './internals.ts';
import { type IoDevice, type MachineEnd, MainLoopGate } from './main-loop-gate.ts';
import { V86Memory } from './v86-memory.ts';

export interface GuestMachineOptions {
  /** v86.wasm, compiled. */
  readonly wasm: WebAssembly.Module;
  /** A multiboot image that `readMultiboot` accepts. */
  readonly image: Uint8Array;
  /** A multiple of 128 KiB. */
  readonly memoryBytes: number;
  /** Compile the guest's code; off it is interpreted, which starts sooner. */
  readonly jit: boolean;
  /** A byte on the serial console. */
  readonly onConsole: (byte: number) => void;
  /** The guest can never go on: how, and in words. */
  readonly onEnd: (how: MachineEnd, message: string) => void;
  /** A device or console handler threw; the guest no longer runs. */
  readonly onDeviceError: (error: unknown) => void;
}

/** v86 fetches nothing once it has been given its WebAssembly; longer than this is a defect. */
const READY_TIMEOUT_MS = 20_000;
/** "only for kvm-unit-test": v86 throws a string when a guest writes here. */
const TEST_EXIT_PORT = 0xf4;
/** Longest the processor runs on while its devices interrupt it. */
const SLICE_MS = 25;

export class GuestMachine {
  readonly memory: GuestMemory;
  readonly #emulator: V86Emulator;
  readonly #gate: MainLoopGate;
  /** Lines to be raised when the host has had its turn. */
  readonly #postponed = new Set<number>();

  private constructor(emulator: V86Emulator, memory: GuestMemory, gate: MainLoopGate) {
    this.#emulator = emulator;
    this.memory = memory;
    this.#gate = gate;
  }

  /** Makes the machine and loads the image; it does not run yet. */
  static async create(options: GuestMachineOptions): Promise<GuestMachine> {
    const gate = new MainLoopGate(options.onEnd, options.onDeviceError);
    const emulator = await startV86(options, gate);
    const missing = missingInternals(emulator);
    if (missing.length > 0) throw new Error(`this build of v86 lacks ${missing.join(', ')}`);
    const { cpu } = emulator.v86;
    const memory = new V86Memory(cpu, gate.memory, options.jit);
    const machine = new GuestMachine(emulator, memory, gate);
    emulator.add_listener('serial0-output-byte', (byte) =>
      gate.guard(() => options.onConsole(byte)),
    );
    emulator.add_listener('cpu-event-halt', () => {
      gate.halted = true;
      options.onEnd('halt', 'the guest halted');
    });
    const exit = (value: number) =>
      gate.end('fault', `the guest wrote ${value & 0xff} to port 0xf4, v86's test exit`);
    cpu.io.register_write(TEST_EXIT_PORT, {}, exit, exit, exit);
    return machine;
  }

  /** Plugs a device into ports nobody uses. */
  plug(base: number, size: number, device: IoDevice): void {
    const { io } = this.#emulator.v86.cpu;
    for (let port = base; port < base + size; port++) {
      if (io.ports[port]?.device !== undefined) {
        throw new Error(`I/O port 0x${port.toString(16)} is taken by a device of v86`);
      }
    }
    const gate = this.#gate;
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

  /**
   * Raises an interrupt line. When the processor has run for long without a break (its devices
   * work on the same thread), the line goes up only after the host's other work had its turn: the
   * guest, which waits for it, lets go meanwhile.
   */
  raiseIrq(line: number): void {
    const { cpu } = this.#emulator.v86;
    if (this.#gate.sliceMs() < SLICE_MS) {
      cpu.device_raise_irq(line);
      return;
    }
    this.#postponed.add(line);
    setTimeout(() => {
      if (this.#postponed.delete(line) && !this.#gate.closed) cpu.device_raise_irq(line);
    }, 0);
  }

  lowerIrq(line: number): void {
    this.#postponed.delete(line);
    this.#emulator.v86.cpu.device_lower_irq(line);
  }

  run(): void {
    void this.#emulator.run();
  }

  /** Ends the guest where it is: it gets no answer any more, and no further than its next access. */
  halt(): void {
    this.#gate.closed = true;
  }

  /** Takes the machine apart; afterwards nothing of it keeps the process alive. */
  async destroy(): Promise<void> {
    this.halt();
    await this.#emulator.destroy();
  }
}

/** v86 with its processor gated, resolved at `emulator-ready`. */
function startV86(options: GuestMachineOptions, gate: MainLoopGate): Promise<V86Emulator> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`v86 was not ready after ${READY_TIMEOUT_MS} ms`)),
      READY_TIMEOUT_MS,
    );
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      reject(error);
    };
    const settings = {
      wasm_fn: async (imports: WebAssembly.Imports) => {
        try {
          const gated = gate.imports(imports as unknown as V86Imports);
          const instance = await WebAssembly.instantiate(options.wasm, gated);
          return gate.exports(instance.exports as V86Exports);
        } catch (error) {
          fail(error);
          return new Promise<WebAssembly.Exports>(() => {});
        }
      },
      memory_size: options.memoryBytes,
      vga_memory_size: 1 << 20,
      // v86 keeps and may change what it is given.
      multiboot: { buffer: new Uint8Array(options.image).buffer },
      disable_jit: !options.jit,
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
      // Any type it does not know leaves the network card out.
      net_device: { type: 'none' as 'ne2k' },
      autostart: false,
    };
    const emulator = new V86(settings) as unknown as V86Emulator;
    emulator.add_listener('emulator-ready', () => {
      clearTimeout(timer);
      resolve(emulator);
    });
  });
}
