// SPDX-License-Identifier: MIT
// v86 under Node as the machine of a Linux guest: 32 bits, one CPU.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { V86 } from 'v86';
import type { V86Exports } from '../v86/internals.ts';
import { GuestClock } from './guest-clock.ts';
import type { GuestHost, HostedBoot } from './guest-host.ts';

const MIB = 1 << 20;
/** v86 puts the initrd at 64 MiB (src/kernel.js); memory must reach beyond its end. */
const INITRD_BYTES = 64 << 20;

export const V86_HOST: GuestHost = {
  name: 'v86',
  /** With more than about 880 MiB an i386 kernel uses highmem and the default 120 MiB window. */
  memoryMb: 1024,
  checkMemory(memoryMb, initramfsBytes) {
    if (memoryMb * MIB >= INITRD_BYTES + initramfsBytes + 16 * MIB && memoryMb <= 2048) return;
    const size = Math.ceil(initramfsBytes / MIB);
    throw new RangeError(
      `a guest of ${memoryMb} MiB cannot hold an initramfs of ${size} MiB at 64 MiB`,
    );
  },
  start(boot) {
    if (boot.cpus !== 1) throw new RangeError(`v86 has one CPU, not ${boot.cpus}`);
    const emulator = startEmulator(boot);
    return { stop: () => emulator.destroy() };
  },
};

/** A processor that failed does nothing in its turns, which v86 needs to stop it. */
const IDLE_TURN_MS = 10;

/**
 * A guest that has destroyed its page tables makes v86 overflow its stack instead of resetting the
 * machine; without a hold on it the exception would end the whole process.
 */
function guarded(exports: V86Exports, onFailure: (error: unknown) => void): WebAssembly.Exports {
  let failed = false;
  const main_loop = (): number => {
    if (failed) return IDLE_TURN_MS;
    try {
      return exports.main_loop();
    } catch (error) {
      failed = true;
      onFailure(error);
      return IDLE_TURN_MS;
    }
  };
  return { ...exports, main_loop };
}

function startEmulator(boot: HostedBoot): V86 {
  const require = createRequire(import.meta.url);
  const onFailure = (error: unknown): void =>
    boot.onFailure(`the processor cannot go on: ${String(error)}`);
  const wasm = readFileSync(require.resolve('v86/build/v86.wasm'));
  const clock = new GuestClock();
  const emulator = new V86({
    wasm_fn: async (imports: WebAssembly.Imports) => {
      const { instance } = await WebAssembly.instantiate(wasm, clock.imports(imports));
      return guarded(clock.exports(instance.exports as V86Exports), onFailure);
    },
    memory_size: boot.memoryMb * MIB,
    vga_memory_size: MIB,
    bios: { buffer: copyOf(readFileSync(boot.bios)) },
    bzimage: { buffer: copyOf(readFileSync(boot.kernel)) },
    initrd: { buffer: copyOf(boot.initramfs) },
    cmdline: boot.commandLine,
    autostart: true,
    fastboot: true,
    disable_keyboard: true,
    disable_mouse: true,
    disable_speaker: true,
    acpi: false,
  } as ConstructorParameters<typeof V86>[0]);
  emulator.add_listener('serial0-output-byte', boot.onByte);
  emulator.add_listener('emulator-ready', () => {
    const { v86 } = emulator as unknown as { readonly v86: object };
    GuestClock.dispatch(v86.constructor as unknown as { microtick: () => number });
  });
  return emulator;
}

/** v86 keeps and changes the buffers it is given, and takes whole ArrayBuffers only. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(bytes.length);
  new Uint8Array(copy).set(bytes);
  return copy;
}
