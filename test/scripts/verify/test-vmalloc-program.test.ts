// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { GuestMappingError } from '../../../emulator/linux/scenario-ops.ts';
import { scenarioOf } from '../../../scripts/verify/suite.ts';
import { needsAccount, refuseShuffledTests } from '../../../scripts/verify/test-vmalloc-program.ts';

const load = (args: string) =>
  scenarioOf('test', [{ finit_module: 'crc16.ko' }, { finit_module: 'test_vmalloc.ko', args }])
    .steps!;

describe('test_vmalloc.ko in a scenario', () => {
  it.each(['run_test_mask=64', 'sequential_test_order=1', 'nr_threads=1 run_test_mask=1'])(
    'is run with %s',
    (args) => {
      expect(() => refuseShuffledTests(load(args))).not.toThrow();
    },
  );

  it.each(['', 'run_test_mask=65', 'nr_threads=2 sequential_test_order=1'])(
    'is refused with arguments %j: nobody can tell the order',
    (args) => {
      expect(() => refuseShuffledTests(load(args))).toThrow(GuestMappingError);
      expect(() => refuseShuffledTests(load(args))).toThrow('step 1: test_vmalloc.ko');
    },
  );

  it('has what the kernel drew at random told, as per-CPU requests have', () => {
    const write = (text: string) =>
      scenarioOf('write', [{ write: '/sys/module/ms_areas/parameters/do', text }]).steps!;
    expect(needsAccount(load(''))).toBe(true);
    expect(needsAccount(write('1 percpu 8 8'))).toBe(true);
    expect(needsAccount(write('1 vmalloc 4096'))).toBe(false);
  });
});
