// SPDX-License-Identifier: MIT
/** What the run panel puts over a scenario. */
import { describe, expect, it } from 'vitest';
import { applySettings } from '../../../emulator/web/run-settings.ts';

const DOCUMENT = { version: 1, name: 'x', machine: { cpus: 8, memory_mb: 512 }, modules: 'boot' };

describe('settings over a scenario', () => {
  it('leave it as it is when nothing is set', () => {
    expect(applySettings(DOCUMENT, { guest: true })).toEqual(DOCUMENT);
  });

  it('replace CPUs and window and keep the rest of the machine', () => {
    expect(applySettings(DOCUMENT, { guest: false, cpus: 255, vmalloc: 32, seed: 7 })).toEqual({
      ...DOCUMENT,
      machine: { cpus: 255, memory_mb: 512, vmalloc: { mib: 32 } },
      seed: 7,
    });
    const named = applySettings(DOCUMENT, { guest: false, vmalloc: 'arm32' });
    expect(named).toMatchObject({ machine: { cpus: 8, vmalloc: 'arm32' } });
  });

  it('replace the kernel and keep what the scenario changes in it', () => {
    const own = { ...DOCUMENT, kernel: { base: 'v6.3', dups: false } };
    expect(applySettings(own, { guest: true, kernel: 'v6.12', compression: 'xz' })).toMatchObject({
      kernel: { base: 'v6.12', dups: false, compression: 'xz' },
    });
    const named = { ...DOCUMENT, kernel: 'v6.4' };
    expect(applySettings(named, { guest: true, compression: 'xz' })).toMatchObject({
      kernel: { base: 'v6.4', compression: 'xz' },
    });
  });

  it.each([null, 3, 'text', [1, 2]])('leave what is no document to the schema: %j', (document) => {
    expect(applySettings(document, { guest: true, cpus: 2 })).toBe(document);
  });
});
