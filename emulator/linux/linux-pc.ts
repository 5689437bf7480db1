// SPDX-License-Identifier: MIT
/**
 * A PC in v86 that boots a Linux kernel with an initramfs: BIOS, memory, a serial console for a
 * person, and the user channel of the module port. Runs in Node and in browsers; its clock is real
 * time. Nothing a guest does leaves this class as an exception.
 */
import { V86 } from 'v86';
import type { UserChannel } from '../port/user-channel.ts';
import {
  GATE_BASE,
  GATE_SIZE,
  WINDOW_COUNT,
  WINDOW_SIZE,
  WINDOWS_BASE,
} from '../port/user-protocol.ts';
import type { V86Emulator, V86Exports, V86Imports } from '../v86/internals.ts';
import { type IoDevice, type MachineEnd, MainLoopGate } from '../v86/main-loop-gate.ts';

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
const READY_TIMEOUT_MS = 30_000;
/** v86 throws a string when a guest writes here. */
const TEST_EXIT_PORT = 0xf4;

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
    const emulator = await startV86(options, gate);
    emulator.add_listener('serial0-output-byte', (byte) =>
      gate.guard(() => options.onConsole(byte)),
    );
    emulator.add_listener('cpu-event-halt', () => {
      gate.halted = true;
      options.onEnd('halt', 'the guest halted');
    });
    const { io } = emulator.v86.cpu;
    const exit = (): void => gate.end('fault', "the guest wrote to port 0xf4, v86's test exit");
    io.register_write(TEST_EXIT_PORT, {}, exit, exit, exit);
    plug(emulator, gate, GATE_BASE, GATE_SIZE, gateDevice(options.channel));
    plug(emulator, gate, WINDOWS_BASE, WINDOW_SIZE * WINDOW_COUNT, windowDevice(options.channel));
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

function plug(
  { v86 }: Emulator,
  gate: MainLoopGate,
  base: number,
  size: number,
  device: IoDevice,
): void {
  const { io } = v86.cpu;
  for (let offset = 0; offset < size; offset++) {
    if (io.ports[base + offset]?.device !== undefined) {
      throw new Error(`I/O port 0x${(base + offset).toString(16)} is taken by a device of v86`);
    }
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

function startV86(options: LinuxPcOptions, gate: MainLoopGate): Promise<Emulator> {
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
      memory_size: options.memoryMb * MIB,
      vga_memory_size: MIB,
      bios: { buffer: copyOf(options.bios) },
      bzimage: { buffer: copyOf(options.bzImage) },
      initrd: { buffer: copyOf(options.initramfs) },
      cmdline: options.commandLine,
      autostart: false,
      fastboot: true,
      disable_keyboard: true,
      disable_mouse: true,
      disable_speaker: true,
      net_device: { type: 'none' as 'ne2k' },
      acpi: false,
    };
    let emulator: Emulator;
    try {
      emulator = new V86(
        settings as unknown as ConstructorParameters<typeof V86>[0],
      ) as unknown as Emulator;
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

/** v86 keeps and changes what it is given, and takes whole ArrayBuffers only. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}
