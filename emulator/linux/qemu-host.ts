// SPDX-License-Identifier: MIT
// QEMU as the machine of a Linux guest: a program of the system, emulating without the host's own
// virtualisation (TCG), so that every machine gives the same processor.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GuestHost, HostedBoot, HostedGuest } from './guest-host.ts';

const MIB = 1 << 20;
/** The kernel unpacks an initramfs into as much memory again, and needs some itself. */
const KERNEL_MIB = 256;

export const QEMU_X86_64 = 'qemu-system-x86_64';

/** Everything QEMU can emulate but 57-bit addresses, with which the kernel's layout is another. */
const CPU = 'max,la57=off';

/** Arguments of one boot; the initramfs is in a file. */
export function qemuArguments(boot: HostedBoot, initramfsPath: string): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-monitor', 'none'],
    ...['-machine', 'pc,accel=tcg', '-cpu', CPU],
    ...['-smp', String(boot.cpus), '-m', String(boot.memoryMb)],
    ...['-serial', 'stdio', '-kernel', boot.kernel, '-initrd', initramfsPath],
    ...['-append', boot.commandLine],
  ];
}

export const QEMU_HOST: GuestHost = {
  name: 'qemu-x86_64',
  memoryMb: 2048,
  checkMemory(memoryMb, initramfsBytes) {
    const least = KERNEL_MIB + Math.ceil((2 * initramfsBytes) / MIB);
    if (memoryMb >= least) return;
    throw new RangeError(`a guest of ${memoryMb} MiB needs ${least} MiB for its initramfs`);
  },
  start: (boot) => new QemuGuest(boot),
};

const STDERR_KEPT = 2000;

class QemuGuest implements HostedGuest {
  readonly #ended: Promise<void>;
  readonly #kill: () => void;

  constructor(boot: HostedBoot) {
    const directory = mkdtempSync(join(tmpdir(), 'modstorm-qemu-'));
    const initramfs = join(directory, 'initramfs');
    writeFileSync(initramfs, boot.initramfs);
    const child = spawn(QEMU_X86_64, qemuArguments(boot, initramfs), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stopping = false;
    let stderr = '';
    this.#kill = () => {
      stopping = true;
      child.kill('SIGKILL');
    };
    // Node's own end, by a signal to it as well, must not leave a machine behind.
    process.once('exit', this.#kill);
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-STDERR_KEPT);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      for (const byte of chunk) boot.onByte(byte);
    });
    this.#ended = new Promise((resolve) => {
      const over = (reason: string): void => {
        process.removeListener('exit', this.#kill);
        rmSync(directory, { recursive: true, force: true });
        if (!stopping) boot.onFailure(reason);
        resolve();
      };
      child.once('error', (error) => over(`${QEMU_X86_64}: ${error.message}`));
      child.once('close', (code) => {
        const said = stderr.trim().split('\n').at(-1) ?? '';
        over(`${QEMU_X86_64} ended with ${code}${said === '' ? '' : `: ${said}`}`);
      });
    });
  }

  stop(): Promise<void> {
    this.#kill();
    return this.#ended;
  }
}
