// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { ScenarioInput } from '../../../loader/scenario/schema.ts';
import { replay } from '../scenario/replay.ts';

function run(steps: unknown[]) {
  return replay({
    version: 1,
    name: 'expectations',
    machine: { cpus: 1 },
    modules: { catalog: 'boot' },
    steps,
  } as ScenarioInput);
}

describe('what steps expect', () => {
  it('is met by values, errno names, log lines, output and texts', () => {
    const loop = 'kernel/drivers/block/loop.ko';
    const result = run([
      {
        finit_module: loop,
        args: 'nonsense=1',
        expect: { ret: 0, log: ["^loop: unknown parameter 'nonsense'"] },
      },
      { finit_module: loop, expect: { ret: 'EEXIST', no_log: '.' } },
      { modprobe: 'nope', expect: { ret: 1, output: 'FATAL: Module nope not found' } },
      { read: '/proc/modules', expect: { pattern: '^loop ' } },
      { parallel: [{ step: { delete_module: 'loop', expect: { ret: 0 } } }] },
    ]);
    expect([result.expectations, result.unmet]).toEqual([8, []]);
  });

  it('is unmet by name, step and member where something else came', () => {
    const result = run([
      { modprobe: 'loop', expect: { ret: 'ENOENT', output: 'x' } },
      { parallel: [{ step: { delete_module: 'none', expect: { ret: 0 } } }] },
    ]);
    expect(
      result.unmet.map(({ step, member, expected, found }) => [step, member, expected, found]),
    ).toEqual([
      [0, undefined, 'ret ENOENT', 'ret 0'],
      [0, undefined, 'output /x/', '""'],
      [1, 0, 'ret 0', 'ret -2 (ENOENT)'],
    ]);
  });
});
