// SPDX-License-Identifier: MIT
/**
 * A PC in v86 without BIOS, disk, screen or keyboard: memory, a serial console, and whatever
 * device is plugged into its I/O space. Runs in Node and in browsers.
 *
 * v86 dies of an exception in a handler (it says running and never stops), kills Node when a
 * guest writes port 0xf4, and lets a panic of its processor escape from a timer; none of that
 * passes this class.
 */
import type { GuestMemory } from '../port/guest-memory.ts';
import { missingInternals, type V86Emulator } from './internals.ts';
import { type IoDevice, type MachineEnd, MainLoopGate } from './main-loop-gate.ts';
import { BARE_PC, plugDevice, startV86, watchGuest } from './start-v86.ts';
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

const READY_MS = 20_000;
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
    const settings = {
      ...BARE_PC,
      memory_size: options.memoryBytes,
      // v86 keeps and may change what it is given.
      multiboot: { buffer: new Uint8Array(options.image).buffer },
      disable_jit: !options.jit,
    };
    const emulator = await startV86<V86Emulator>(options.wasm, gate, settings, READY_MS);
    const missing = missingInternals(emulator);
    if (missing.length > 0) throw new Error(`this build of v86 lacks ${missing.join(', ')}`);
    const { cpu } = emulator.v86;
    const memory = new V86Memory(cpu, gate.memory, options.jit);
    const machine = new GuestMachine(emulator, memory, gate);
    watchGuest(emulator, gate, options);
    return machine;
  }

  /** Plugs a device into ports nobody uses. */
  plug(base: number, size: number, device: IoDevice): void {
    plugDevice(this.#emulator, this.#gate, base, size, device);
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
