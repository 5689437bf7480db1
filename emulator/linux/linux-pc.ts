// SPDX-License-Identifier: MIT
/**
 * A PC in v86 that boots a Linux kernel with an initramfs: BIOS, memory, a serial console for a
 * person, and the user channel of the module port. Runs in Node and in browsers; its clock is real
 * time. Nothing a guest does leaves this class as an exception.
 */
import type { UserChannel } from '../port/user-channel.ts';
import {
  GATE_BASE,
  GATE_SIZE,
  WINDOW_COUNT,
  WINDOW_SIZE,
  WINDOWS_BASE,
} from '../port/user-protocol.ts';
import type { V86Emulator } from '../v86/internals.ts';
import { type IoDevice, type MachineEnd, MainLoopGate } from '../v86/main-loop-gate.ts';
import { BARE_PC, plugDevice, startV86, watchGuest } from '../v86/start-v86.ts';

export interface LinuxPcOptions {
  /** v86.wasm, compiled. */
  readonly wasm: WebAssembly.Module;
  readonly bios: Uint8Array;
  readonly bzImage: Uint8Array;
  readonly initramfs: Uint8Array;
  readonly commandLine: string;
  readonly memoryMb: number;
  readonly channel: UserChannel;
  /** A byte on the serial console. */
  readonly onConsole: (byte: number) => void;
  /** The machine can never go on: how, and in words. */
  readonly onEnd: (how: MachineEnd, message: string) => void;
  /** A bug of the host's own. */
  readonly onHostError: (error: unknown) => void;
}

const MIB = 2 ** 20;
const READY_MS = 30_000;

interface Emulator extends Omit<V86Emulator, 'add_listener'> {
  add_listener(event: string, listener: (value: number) => void): void;
  serial0_send(text: string): void;
  serial_send_bytes(serial: number, bytes: Uint8Array): void;
  save_state(): Promise<ArrayBuffer>;
  restore_state(state: ArrayBuffer): Promise<void>;
  stop(): Promise<void>;
}

export class LinuxPc {
  readonly #emulator: Emulator;
  readonly #gate: MainLoopGate;

  private constructor(emulator: Emulator, gate: MainLoopGate) {
    this.#emulator = emulator;
    this.#gate = gate;
  }

  /** Makes the machine; it does not run yet. */
  static async create(options: LinuxPcOptions): Promise<LinuxPc> {
    const gate = new MainLoopGate(options.onEnd, options.onHostError);
    const settings = {
      ...BARE_PC,
      memory_size: options.memoryMb * MIB,
      bios: { buffer: copyOf(options.bios) },
      bzimage: { buffer: copyOf(options.bzImage) },
      initrd: { buffer: copyOf(options.initramfs) },
      cmdline: options.commandLine,
      fastboot: true,
      acpi: false,
    };
    const emulator = await startV86<Emulator>(options.wasm, gate, settings, READY_MS);
    watchGuest(emulator, gate, options);
    const { channel } = options;
    plugDevice(emulator, gate, GATE_BASE, GATE_SIZE, gateDevice(channel));
    const windows = WINDOW_SIZE * WINDOW_COUNT;
    plugDevice(emulator, gate, WINDOWS_BASE, windows, windowDevice(channel));
    return new LinuxPc(emulator, gate);
  }

  run(): void {
    void this.#emulator.run();
  }

  /** Bytes typed on the console. */
  type(bytes: Uint8Array): void {
    if (!this.#gate.closed) this.#emulator.serial_send_bytes(0, bytes);
  }

  /** The machine's whole state; the machine must not be running into it (`pause` first). */
  save(): Promise<ArrayBuffer> {
    return this.#emulator.save_state();
  }

  /** Rejects when v86 does not take the state. */
  async restore(state: ArrayBuffer): Promise<void> {
    await this.#emulator.restore_state(state);
  }

  pause(): Promise<void> {
    return this.#emulator.stop();
  }

  /** The guest gets no further than its next access to a device. */
  halt(): void {
    this.#gate.closed = true;
  }

  async destroy(): Promise<void> {
    this.halt();
    await this.#emulator.destroy();
  }
}

function gateDevice(channel: UserChannel): IoDevice {
  return {
    read: (offset) => channel.readGate(offset),
    write: () => channel.misuse(),
    badAccess: () => channel.misuse(),
  };
}

function windowDevice(channel: UserChannel): IoDevice {
  return {
    read: (offset) => channel.readWindow(offset),
    write: (offset, value) => channel.writeWindow(offset, value),
    badAccess: () => channel.misuse(),
  };
}

/** v86 keeps and changes what it is given, and takes whole ArrayBuffers only. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}
