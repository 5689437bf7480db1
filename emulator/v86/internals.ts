// SPDX-License-Identifier: MIT
/**
 * The parts of v86 0.5.462 its own types leave out: only what is touched. `missingInternals` says
 * which of them another build lacks.
 */

/** src/io.js: handlers are called with the device as `this`. */
export interface V86Io {
  register_read(
    port: number,
    device: object,
    read8?: () => number,
    read16?: () => number,
    read32?: () => number,
  ): void;
  register_write(
    port: number,
    device: object,
    write8?: (value: number) => void,
    write16?: (value: number) => void,
    write32?: (value: number) => void,
  ): void;
  /** By port number; `device` is undefined where nobody listens. */
  readonly ports: readonly { readonly device: object | undefined }[];
}

/** src/cpu.js. */
export interface V86Cpu {
  readonly io: V86Io;
  /** Guest memory: a proxy that makes a new view for every access. Only byteOffset is used. */
  readonly mem8: Uint8Array;
  readonly memory_size: ArrayLike<number>;
  /** Forgets compiled code of a range of physical memory that has changed. */
  jit_dirty_cache(start: number, end: number): void;
  /** Edge-triggered: raising a line that is high does nothing. */
  device_raise_irq(line: number): void;
  device_lower_irq(line: number): void;
}

/** What `V86` instances have beside their public methods, and events they send undeclared. */
export interface V86Emulator {
  /** Set before `emulator-ready` is sent. */
  readonly v86: { readonly cpu: V86Cpu };
  add_listener(event: 'emulator-ready' | 'cpu-event-halt', listener: () => void): void;
  add_listener(event: 'serial0-output-byte', listener: (byte: number) => void): void;
  run(): Promise<void>;
  destroy(): Promise<void>;
}

/** Exports of v86.wasm that are touched; the rest goes through unseen. */
export interface V86Exports extends WebAssembly.Exports {
  readonly memory: WebAssembly.Memory;
  /** Runs the processor for a while; milliseconds until it wants to run again. */
  readonly main_loop: () => number;
}

/** Imports of v86.wasm through which the processor reaches devices, in the widths it uses most. */
export const COUNTED_IMPORTS = [
  'io_port_read8',
  'io_port_read16',
  'io_port_read32',
  'io_port_write8',
  'io_port_write16',
  'io_port_write32',
  'mmap_read8',
  'mmap_read32',
  'mmap_write8',
  'mmap_write16',
  'mmap_write32',
] as const;

/** Imports of v86.wasm that are replaced. */
export interface V86Imports {
  readonly env: WebAssembly.ModuleImports &
    Readonly<
      Record<(typeof COUNTED_IMPORTS)[number], (address: number, value: number) => number>
    > & {
      /** Prints a message of the processor, a panic above all. */
      readonly console_log_from_wasm: (offset: number, length: number) => void;
    };
}

const CPU_FUNCTIONS = ['jit_dirty_cache', 'device_raise_irq', 'device_lower_irq'] as const;
const IO_FUNCTIONS = ['register_read', 'register_write'] as const;

/** Names an emulator lacks that `emulator-ready` should have found. */
export function missingInternals(emulator: unknown): readonly string[] {
  const cpu = (emulator as Partial<V86Emulator>).v86?.cpu as Partial<V86Cpu> | undefined;
  const io = cpu?.io as Partial<V86Io> | undefined;
  return [
    ...CPU_FUNCTIONS.filter((name) => typeof cpu?.[name] !== 'function').map((n) => `cpu.${n}`),
    ...IO_FUNCTIONS.filter((name) => typeof io?.[name] !== 'function').map((n) => `cpu.io.${n}`),
    ...(io?.ports?.length === 0x10000 ? [] : ['cpu.io.ports']),
    ...(typeof cpu?.memory_size?.[0] === 'number' ? [] : ['cpu.memory_size']),
    ...(typeof cpu?.mem8?.byteOffset === 'number' ? [] : ['cpu.mem8']),
  ];
}
