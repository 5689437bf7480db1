// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { writeModule } from '../../../loader/elf/index.ts';
import { machineOfElf } from '../../../loader/survey/index.ts';

/** An ELF header as the tools of each architecture write it. */
function header(bits: 32 | 64, order: 'little' | 'big', machine: number): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, order === 'little' ? 1 : 2, 1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, 1, order === 'little');
  view.setUint16(18, machine, order === 'little');
  return bytes;
}

describe('the machine in an ELF header', () => {
  it.each([
    ['i386', 32, 'little', 3],
    ['x86_64', 64, 'little', 62],
    ['x32', 32, 'little', 62],
    ['arm', 32, 'little', 40],
    ['arm big-endian', 32, 'big', 40],
    ['arm64', 64, 'little', 183],
    ['riscv64', 64, 'little', 243],
    ['riscv32', 32, 'little', 243],
    ['ppc64el', 64, 'little', 21],
    ['ppc64', 64, 'big', 21],
    ['powerpc', 32, 'big', 20],
    ['s390x', 64, 'big', 22],
    ['mipsel', 32, 'little', 8],
    ['mips64el', 64, 'little', 8],
    ['loongarch64', 64, 'little', 258],
    ['machine 999', 64, 'little', 999],
  ] as const)('%s', (name, bits, order, machine) => {
    expect(machineOfElf(header(bits, order, machine))).toBe(name);
  });

  it('is none in what is no ELF, or cut short', () => {
    expect(machineOfElf(new TextEncoder().encode('not a module, but long enough'))).toBeUndefined();
    expect(machineOfElf(header(64, 'little', 62).subarray(0, 19))).toBeUndefined();
  });

  it('is that of the modules the ELF writer makes', () => {
    const module = writeModule({ name: 'a', structModuleSize: 640, vermagic: '6.12.7 ' });
    expect(machineOfElf(module)).toBe('i386');
  });
});
