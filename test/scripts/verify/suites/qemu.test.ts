// SPDX-License-Identifier: MIT
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findProgram } from '../../../../scripts/tools/debian/run-command.ts';
import { findQemuGuest, qemuCacheOf } from '../../../../scripts/verify/qemu-guest.ts';
import { runCase } from '../../../../scripts/verify/run-case.ts';
import { debianPackage, isLeftOut } from '../../../../scripts/verify/suites/package.ts';
import { qemuTarget } from '../../../../scripts/verify/target.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const found = findQemuGuest(qemuCacheOf(ROOT), '6.12');
const qemu = findProgram('qemu-system-x86_64');
const missing = typeof found === 'string' ? found : qemu === undefined ? 'no QEMU' : '';
const SUITE_MS = 900_000;

describe('the package suite', () => {
  it('leaves out what crashes on purpose, and whatever needs it', () => {
    expect(isLeftOut({ name: 'lkdtm', dependencies: [] })).toBe(true);
    expect(isLeftOut({ name: 'innocent', dependencies: ['torture'] })).toBe(true);
    expect(isLeftOut({ name: 'crc16', dependencies: [] })).toBe(false);
  });
});

describe.skipIf(missing !== '')(
  `Debian’s stock kernel in QEMU ${missing && `(skipped: ${missing})`}`,
  () => {
    it('agrees with the model on 100 modules of its package: sizes, addresses, events, log', {
      timeout: SUITE_MS,
    }, async () => {
      if (typeof found === 'string') throw new Error(found);
      const target = qemuTarget(found, 'v6.12');
      const [first] = await debianPackage.cases(new Map(), 1, 'xz', target);
      const { comparison, crashes } = await runCase(first!, { target, variant: 'xz' });
      expect(comparison.disagreements).toEqual([]);
      expect(crashes).toEqual([]);
      expect(comparison.total['/proc/modules']).toBeGreaterThan(200);
      expect(comparison.total.alloc_vmap_area).toBeGreaterThan(1000);
    });
  },
);
