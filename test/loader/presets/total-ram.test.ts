// SPDX-License-Identifier: MIT
/** The RAM a kernel has to give, against what kernels said. */
import { describe, expect, it } from 'vitest';
import { totalRamPages } from '../../../loader/presets/total-ram.ts';
import { moduleFile, run } from '../module/rig.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('totalRamPages', () => {
  it.each([
    // `MemTotal:` of Linux 6.12.117 in v86 with 1 GiB, of Debian's amd64 6.12.117 in QEMU with 2 GiB.
    ['i386', 1024 * MIB, 32, 1_011_956],
    ['x86-64', 2048 * MIB, 64, 2_021_436],
  ] as const)('is near what %s showed', (_, memory, wordBits, kb) => {
    expect(Math.abs(totalRamPages(memory, wordBits) * 4 - kb)).toBeLessThan(1024);
  });

  it('never is more than the memory, nor less than half of it', () => {
    for (const mib of [1, 16, 64, 4096, 1 << 20]) {
      const pages = totalRamPages(mib * MIB, 64);
      expect(pages).toBeLessThan(mib * 256);
      expect(pages).toBeGreaterThanOrEqual(mib * 128);
    }
  });
});

describe('a vmalloc above total RAM', () => {
  const file = moduleFile({ name: 'big' });
  const load = (bytes: number, machine: object) =>
    run([file], {
      machine: { vmalloc: 'x86-64', cpus: 1, ...machine },
      kernel: { base: 'v6.12' },
      modules: { dir: '.', init: { big: { keeps_vmalloc: [bytes] } } },
      steps: [{ finit_module: 'big.ko' }],
    });

  it('is refused at once, also when it is below the memory of the machine', () => {
    const machine = { vmalloc: 'i386-highmem', memory_mb: 64 };
    const { result, rets } = load(60 * MIB, machine);
    expect(rets).toEqual([-12]);
    expect(result.results[0]!.log[0]).toBe(
      `init: vmalloc error: size ${60 * MIB}, exceeds total pages, mode:0xcc0(GFP_KERNEL), nodemask=(null)`,
    );
    expect(load(20 * MIB, machine).rets).toEqual([0]);
  });

  it('counts from MemTotal when that is given', () => {
    const machine = { vmalloc: 'i386-highmem', memory_mb: 64 };
    expect(load(60 * MIB, { ...machine, total_ram_kb: 62 * KIB }).rets).toEqual([0]);
    expect(load(20 * MIB, { ...machine, total_ram_kb: 16 * KIB }).rets).toEqual([-12]);
  });
});
