// SPDX-License-Identifier: MIT
import { afterEach, describe, expect, it } from 'vitest';
import type { HostedBoot } from '../../../emulator/linux/guest-host.ts';
import { QEMU_HOST, qemuArguments } from '../../../emulator/linux/qemu-host.ts';
import { V86_HOST } from '../../../emulator/linux/v86-host.ts';

const MIB = 1 << 20;
const boot = (more: Partial<HostedBoot> = {}): HostedBoot => ({
  kernel: '/k/vmlinuz',
  bios: '',
  initramfs: new Uint8Array(4),
  commandLine: 'console=ttyS0 nokaslr',
  memoryMb: 512,
  cpus: 8,
  onByte: () => {},
  onFailure: () => {},
  ...more,
});
const path = process.env.PATH;
afterEach(() => {
  process.env.PATH = path;
});

describe('QEMU as a guest’s machine', () => {
  it('is asked for the CPUs, memory, kernel and command line of the boot, without KVM', () => {
    const words = qemuArguments(boot(), '/t/initramfs');
    const word = (option: string): string => words[words.indexOf(option) + 1]!;
    expect(word('-smp')).toBe('8');
    expect(word('-m')).toBe('512');
    expect(word('-kernel')).toBe('/k/vmlinuz');
    expect(word('-initrd')).toBe('/t/initramfs');
    expect(word('-append')).toBe('console=ttyS0 nokaslr');
    expect(word('-machine')).toMatch(/accel=tcg/);
  });

  it('refuses an initramfs that the memory cannot hold twice', () => {
    expect(() => QEMU_HOST.checkMemory(512, 100 * MIB)).not.toThrow();
    expect(() => QEMU_HOST.checkMemory(512, 200 * MIB)).toThrow(/needs 656 MiB/);
  });

  it('says so when the program is not there', async () => {
    process.env.PATH = '/nonexistent';
    const failed = new Promise<string>((resolve) => {
      QEMU_HOST.start(boot({ onFailure: resolve }));
    });
    expect(await failed).toMatch(/^qemu-system-x86_64: .*ENOENT/);
  });
});

describe('v86 as a guest’s machine', () => {
  it('has one CPU', () => {
    expect(() => V86_HOST.start(boot())).toThrow('v86 has one CPU, not 8');
  });
});
