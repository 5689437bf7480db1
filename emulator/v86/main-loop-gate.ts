// SPDX-License-Identifier: MIT
/**
 * Stands between v86's scheduler and its processor, and between the processor and devices: no
 * exception passes it, and a guest that is over gets no further.
 */
import { COUNTED_IMPORTS, type V86Exports, type V86Imports } from './internals.ts';

/**
 * `halt`: it executed `hlt` with interrupts off. `fault`: v86's processor panicked. `runaway`: one
 * instruction of it would have kept the host busy for minutes.
 */
export type MachineEnd = 'halt' | 'fault' | 'runaway';

/** A device in I/O space. `offset` is from the first port. */
export interface IoDevice {
  read(offset: number): number;
  write(offset: number, value: number): void;
  /** An access of 8 or 16 bits, or a 32-bit one off a 4-byte boundary. */
  badAccess(offset: number, bits: number): void;
}

type OnEnd = (how: MachineEnd, message: string) => void;
type OnDeviceError = (error: unknown) => void;

/** When v86 is to ask again for a processor that does not run. */
const TICK_MS = 1;
/** v86 takes a break every 100,003 instructions. */
const MOST_ACCESSES = 1_000_000;
/** Thrown through the processor when it is not to run on; nothing of it is used afterwards. */
const TICK_OVER = Symbol('tick over');

export class MainLoopGate {
  halted = false;
  closed = false;
  #memory: WebAssembly.Memory | undefined;
  #said = '';
  /** When v86 last entered the processor; undefined outside it. */
  #entered: number | undefined;
  /** Accesses to devices since then. */
  #accesses = 0;
  readonly #onEnd: OnEnd;
  readonly #onDeviceError: OnDeviceError;

  constructor(onEnd: OnEnd, onDeviceError: OnDeviceError) {
    this.#onEnd = onEnd;
    this.#onDeviceError = onDeviceError;
  }

  get memory(): WebAssembly.Memory {
    if (this.#memory === undefined) throw new Error('v86 has not been started');
    return this.#memory;
  }

  /**
   * The imports v86 gives, with two changes: what the processor says goes with its fault, and
   * accesses to ports and memory-mapped devices are counted. Only a repeated string instruction
   * makes more of them than MOST_ACCESSES between two breaks, and it could go on for minutes.
   */
  imports(imports: V86Imports): WebAssembly.Imports {
    const env: Record<string, WebAssembly.ImportValue> = { ...imports.env };
    env.console_log_from_wasm = (offset: number, length: number): void => {
      const bytes = new Uint8Array(this.memory.buffer, offset, length);
      this.#said = new TextDecoder()
        .decode(bytes)
        .trim()
        .replace(/\s*\n\s*/g, ' ');
    };
    for (const name of COUNTED_IMPORTS) {
      const access = imports.env[name];
      env[name] = (address: number, value: number): number => {
        if (++this.#accesses > MOST_ACCESSES) this.#runAway();
        return access(address, value);
      };
    }
    return { ...imports, env };
  }

  /** The exports v86 is given: its own, with a main loop that does not throw. */
  exports(exports: V86Exports): WebAssembly.Exports {
    this.#memory = exports.memory;
    const run = exports.main_loop;
    const main_loop = (): number => {
      if (this.closed) return TICK_MS;
      this.#entered = performance.now();
      this.#accesses = 0;
      try {
        const wait = run();
        return this.halted ? TICK_MS : wait;
      } catch (error) {
        if (error === TICK_OVER) return TICK_MS;
        const message = error instanceof Error ? error.message : String(error);
        this.end('fault', this.#said === '' ? message : this.#said);
        return TICK_MS;
      } finally {
        this.#entered = undefined;
      }
    };
    return { ...exports, main_loop };
  }

  /** Milliseconds since v86 entered the processor, 0 outside it. */
  sliceMs(): number {
    return this.#entered === undefined ? 0 : performance.now() - this.#entered;
  }

  /** The processor does not go on. */
  end(how: MachineEnd, message: string): void {
    if (this.closed) return;
    this.closed = true;
    this.#onEnd(how, message);
  }

  guard(action: () => void): void {
    if (this.closed) this.#leave();
    try {
      action();
    } catch (error) {
      this.#deviceError(error);
    }
  }

  guardRead(device: IoDevice, offset: number): number {
    if (this.closed) this.#leave();
    try {
      return device.read(offset) | 0;
    } catch (error) {
      this.#deviceError(error);
      return -1;
    }
  }

  guardWrite(device: IoDevice, offset: number, value: number): void {
    if (this.closed) this.#leave();
    try {
      device.write(offset, value);
    } catch (error) {
      this.#deviceError(error);
    }
  }

  #runAway(): never {
    this.end('runaway', `the guest made over ${MOST_ACCESSES} device accesses without a break`);
    return this.#leave();
  }

  #leave(): never {
    throw TICK_OVER;
  }

  #deviceError(error: unknown): void {
    this.closed = true;
    this.#onDeviceError(error);
  }
}
