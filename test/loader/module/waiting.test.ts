// SPDX-License-Identifier: MIT
/** Who waits for whom: the gate by inode, the patient check by name (Linux 6.12). */
import { describe, expect, it } from 'vitest';
import { moduleFile, run } from './rig.ts';

const SLOW = moduleFile({ name: 'slow' });
const kernel = { base: 'v6.12', exports: [] as string[] };
const slowly = { dir: '.', init: { slow: { duration_us: 2_000_000, sleeps: true } } };
const failing = { dir: '.', init: { slow: { ret: -5, duration_us: 500_000, sleeps: true } } };

/** The same call from several processes started together. */
function together(count: number, step: object): { parallel: { step: never }[] } {
  return { parallel: Array.from({ length: count }, () => ({ step: step as never })) };
}

describe('eight processes that load one file', () => {
  it('all get 0 and only one load is counted', () => {
    const { result, rets } = run([SLOW], {
      kernel,
      steps: [together(8, { finit_module: 'slow.ko' })],
    });
    expect(rets).toEqual(new Array(8).fill(0));
    expect(result.counters).toMatchObject({ modcount: 1, failed_becoming: 0, failed_kreads: 0 });
  });

  it('wait for the init function too, and return together with the winner', () => {
    const { result } = run([SLOW], {
      kernel,
      modules: slowly,
      steps: [together(8, { finit_module: 'slow.ko' })],
    });
    for (const call of result.results) expect(call.end_ns).toBeGreaterThan(2_000_000_000);
  });

  it('all get the error of an init that fails', () => {
    const { rets } = run([SLOW], {
      kernel,
      modules: failing,
      steps: [together(8, { finit_module: 'slow.ko' })],
    });
    expect(rets).toEqual(new Array(8).fill(-5));
  });

  it('by init_module are not merged: one 0, seven -17, all seven counted', () => {
    const { result, rets } = run([SLOW], {
      kernel,
      steps: [together(8, { init_module: 'slow.ko' })],
    });
    expect([...rets].sort((a, b) => a - b)).toEqual([-17, -17, -17, -17, -17, -17, -17, 0]);
    const { failed_becoming, failed_load_modules } = result.counters as Record<string, number>;
    expect(failed_becoming! + failed_load_modules!).toBe(7);
  });

  it('under v6.4 rules, without the gate, leave one winner and seven failures', () => {
    const { rets } = run([SLOW], {
      kernel: { ...kernel, base: 'v6.4' },
      steps: [together(8, { finit_module: 'slow.ko' })],
    });
    expect([...rets].sort((a, b) => a - b)).toEqual([-17, -17, -17, -17, -17, -17, -17, 0]);
  });

  it('under v6.4-rc4 rules fail with -26 except the winner', () => {
    const { rets } = run([SLOW], {
      kernel: { ...kernel, base: 'v6.4-rc4' },
      steps: [together(4, { finit_module: 'slow.ko' })],
    });
    expect([...rets].sort((a, b) => a - b)).toEqual([-26, -26, -26, 0]);
  });
});

describe('a copy of the file under another name', () => {
  it('is another inode: it waits for the load by name and gets -17', () => {
    const { result, rets } = run([SLOW], {
      kernel,
      modules: slowly,
      steps: [
        { copy: 'slow.ko', to: '/tmp/slow-copy.ko' },
        {
          parallel: [
            { step: { finit_module: 'slow.ko' } },
            { step: { finit_module: '/tmp/slow-copy.ko' }, delay_ms: 500 },
          ],
        },
      ],
    });
    expect([...rets].sort((a, b) => a - b)).toEqual([-17, 0]);
    const loser = result.results.find((call) => call.ret === -17)!;
    expect(loser.end_ns).toBeGreaterThan(2_000_000_000);
    expect(result.duplicates).toEqual([{ name: 'slow', count: 1, becoming: true, load: false }]);
  });

  it('gets -16 when the load it waited for fails', () => {
    const { rets } = run([SLOW], {
      kernel,
      modules: failing,
      steps: [
        { copy: 'slow.ko', to: '/tmp/slow-copy.ko' },
        {
          parallel: [
            { step: { finit_module: 'slow.ko' } },
            { step: { finit_module: '/tmp/slow-copy.ko' }, delay_ms: 100 },
          ],
        },
      ],
    });
    expect([...rets].sort((a, b) => a - b)).toEqual([-16, -5]);
  });

  it('loads itself under v6.1 rules when the load it waited for fails', () => {
    const { result } = run([SLOW], {
      kernel: { ...kernel, base: 'v6.1' },
      modules: failing,
      steps: [
        { copy: 'slow.ko', to: '/tmp/slow-copy.ko' },
        {
          parallel: [
            { step: { finit_module: 'slow.ko' } },
            { step: { finit_module: '/tmp/slow-copy.ko' }, delay_ms: 100 },
          ],
        },
      ],
    });
    expect(result.results.map((call) => call.ret)).toEqual([-5, -5]);
    expect(result.results[1]!.end_ns).toBeGreaterThan(1_000_000_000);
  });

  it('as a hard link is the same inode and shares the result', () => {
    const { result, rets } = run([SLOW], {
      kernel,
      modules: slowly,
      steps: [
        { link: 'slow.ko', to: '/tmp/slow-link.ko' },
        {
          parallel: [
            { step: { finit_module: 'slow.ko' } },
            { step: { finit_module: '/tmp/slow-link.ko' }, delay_ms: 500 },
          ],
        },
      ],
    });
    expect(rets).toEqual([0, 0]);
    expect(result.counters).toMatchObject({ modcount: 1, failed_becoming: 0 });
  });
});

describe('signals', () => {
  it('end a wait at the gate with -4', () => {
    const { result } = run([SLOW], {
      kernel,
      modules: slowly,
      steps: [
        {
          parallel: [
            { step: { finit_module: 'slow.ko' } },
            {
              step: { finit_module: 'slow.ko' },
              delay_ms: 100,
              signal: { kind: 'int', after_ms: 300 },
            },
          ],
        },
      ],
    });
    const loser = result.results.find((call) => call.member === 1)!;
    expect(loser.ret).toBe(-4);
    expect(Math.round(loser.end_ns / 1e6)).toBe(400);
  });

  it('do not end it under v6.5 rules', () => {
    const { result } = run([SLOW], {
      kernel: { ...kernel, base: 'v6.5' },
      modules: slowly,
      steps: [
        {
          parallel: [
            { step: { finit_module: 'slow.ko' } },
            {
              step: { finit_module: 'slow.ko' },
              delay_ms: 100,
              signal: { kind: 'kill', after_ms: 300 },
            },
          ],
        },
      ],
    });
    expect(result.results.map((call) => call.ret)).toEqual([0, 0]);
  });

  it('reach the losers of a winner that waits by name as -512', () => {
    const { result } = run([SLOW], {
      kernel,
      modules: slowly,
      steps: [
        { copy: 'slow.ko', to: '/tmp/other.ko' },
        {
          parallel: [
            { step: { finit_module: 'slow.ko' } },
            {
              step: { finit_module: '/tmp/other.ko' },
              delay_ms: 100,
              signal: { kind: 'int', after_ms: 300 },
            },
            { step: { finit_module: '/tmp/other.ko' }, delay_ms: 200 },
          ],
        },
      ],
    });
    const loser = result.results.find((call) => call.member === 2)!;
    expect(loser.ret).toBe(-512);
    expect(result.duplicates).toEqual([]);
    expect(result.counters).toMatchObject({ failed_becoming: 1 });
  });
});

describe('delete_module', () => {
  const USER = moduleFile({ name: 'user', undefinedSymbols: ['owned'] });
  const OWNER = moduleFile({ name: 'owner', exports: [{ name: 'owned' }] });

  it('of a module in its init is refused with -16', () => {
    const { result } = run([SLOW], {
      kernel,
      modules: slowly,
      steps: [
        {
          parallel: [
            { step: { finit_module: 'slow.ko' } },
            { step: { delete_module: 'slow' }, delay_ms: 100 },
          ],
        },
      ],
    });
    expect(result.results.find((call) => call.op === 'delete_module')!.ret).toBe(-16);
  });

  it('of a module others use is refused with -11, and allowed once they are gone', () => {
    const { rets, kernel: sim } = run([OWNER, USER], {
      kernel,
      steps: [
        { finit_module: 'owner.ko' },
        { finit_module: 'user.ko' },
        { delete_module: 'owner' },
        { delete_module: 'user' },
        { delete_module: 'owner' },
        { delete_module: 'owner' },
      ],
    });
    expect(rets).toEqual([0, 0, -11, 0, 0, -2]);
    expect(sim.space.usedBytes()).toBe(0);
  });

  it('of a module with init and no exit is refused with -16', () => {
    const file = moduleFile({ name: 'permanent', exit: false });
    const { rets, result } = run([file], {
      kernel,
      steps: [{ finit_module: 'permanent.ko' }, { delete_module: 'permanent' }],
    });
    expect(rets).toEqual([0, -16]);
    expect(result.files['/proc/modules']).toMatch(/^permanent \d+ 0 \[permanent\], Live 0x/);
  });

  it('of a name that is empty or too long is refused with -2', () => {
    const { rets } = run([SLOW], {
      kernel,
      steps: [
        { delete_module: '' },
        { delete_module: 'x'.repeat(59) },
        { delete_module: 'x'.repeat(60) },
      ],
    });
    expect(rets).toEqual([-2, -2, -2]);
  });

  it('is refused with -11 while another module’s init holds it, until that module goes', () => {
    const { rets, events } = run([SLOW, moduleFile({ name: 'user' })], {
      kernel,
      modules: { dir: '.', init: { user: { holds: ['slow', 'slow'] } } },
      steps: [
        { finit_module: 'slow.ko' },
        { finit_module: 'user.ko' },
        { delete_module: 'slow' },
        { read: '/proc/modules' },
        { delete_module: 'user' },
        { delete_module: 'slow' },
      ],
    });
    expect(rets.filter((_, i) => i !== 3)).toEqual([0, 0, -11, 0, 0]);
    const held = events.flatMap((event) =>
      event.kind === 'module_get' && event.call_site === 'user_init' ? [event.refcnt] : [],
    );
    expect(held).toEqual([2, 3]);
  });

  it('is refused with -11 when its own init holds it', () => {
    const { rets, result } = run([SLOW], {
      kernel,
      modules: { dir: '.', init: { slow: { holds: ['slow', 'slow'] } } },
      steps: [{ finit_module: 'slow.ko' }, { delete_module: 'slow' }],
    });
    expect(rets).toEqual([0, -11]);
    expect(result.files['/proc/modules']).toMatch(/^slow \d+ 2 - Live 0x/);
  });

  it('frees what the init had kept', () => {
    const { kernel: sim, rets } = run([SLOW], {
      kernel,
      modules: {
        dir: '.',
        init: { slow: { keeps_vmalloc: [5000, 5_000_000], uses_vmalloc: [9000] } },
      },
      steps: [{ finit_module: 'slow.ko' }, { delete_module: 'slow' }],
    });
    expect(rets).toEqual([0, 0]);
    expect(sim.space.usedBytes()).toBe(0);
  });
});

describe('a symbol whose owner is in its init', () => {
  const OWNER = moduleFile({ name: 'slow', exports: [{ name: 'owned' }] });
  const USER = moduleFile({ name: 'user', undefinedSymbols: ['owned'] });

  it('is waited for', () => {
    const { result } = run([OWNER, USER], {
      kernel,
      modules: slowly,
      steps: [
        {
          parallel: [
            { step: { finit_module: 'slow.ko' } },
            { step: { finit_module: 'user.ko' }, delay_ms: 10 },
          ],
        },
      ],
    });
    expect(result.results.map((call) => call.ret)).toEqual([0, 0]);
    expect(result.files['/proc/modules']).toMatch(/slow \d+ 1 user, Live/);
  });

  it('is given up after 30 seconds with error -16', () => {
    const { result } = run([OWNER, USER], {
      kernel,
      modules: { dir: '.', init: { slow: { duration_us: 40_000_000, sleeps: true } } },
      steps: [
        {
          parallel: [
            { step: { finit_module: 'slow.ko' } },
            { step: { finit_module: 'user.ko' }, delay_ms: 10 },
          ],
        },
      ],
    });
    const user = result.results.find((call) => call.subject === 'user.ko')!;
    expect(user.ret).toBe(-16);
    expect(user.log).toEqual([
      'user: gave up waiting for init of module slow.',
      'user: Unknown symbol owned (err -16)',
    ]);
    expect(Math.round((user.end_ns - user.start_ns) / 1e9)).toBe(30);
  });
});
