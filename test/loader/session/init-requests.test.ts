// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { ScenarioInput } from '../../../loader/scenario/schema.ts';
import { replay } from '../scenario/replay.ts';

const SELF = { loop: { requests: ['loop'] } };

function run(input: Partial<ScenarioInput> & { init?: unknown }) {
  const { init = SELF, ...rest } = input;
  return replay({
    version: 1,
    name: 'init that asks',
    machine: { cpus: 2 },
    modules: { catalog: 'boot', init },
    steps: [{ modprobe: 'loop' }],
    ...rest,
  } as ScenarioInput);
}

const signalled = (kind: 'int' | 'kill') => [
  {
    parallel: [{ step: { modprobe: 'loop' } }],
    signals: [{ program: 'modprobe', kind, after_ms: 1000 }],
  },
];

describe('an init that asks for its own module', () => {
  it.each(['v6.3', 'v6.5', 'v6.12'])('never ends under %s, and the circle is named', (kernel) => {
    const result = run({ kernel });
    expect(result.results).toEqual([]);
    expect(result.stuck.map(({ task, on }) => [task.split('-')[0], on.length])).toEqual([
      ['modprobe', 1],
      ['kworker/u1:1', 1],
      ['modprobe', 1],
    ]);
    const [first, , third] = result.stuck;
    expect(third!.on).toEqual([first!.task]);
    expect(third!.waits_for).toContain(kernel === 'v6.3' ? 'loop, which has not ended' : 'gate');
    expect(third!.ended_by).toBe(kernel === 'v6.5' ? 'no signal' : 'any signal');
    expect(result.stuck_text.at(-1)).toMatch(/^They wait in a circle: (\S+) -> .* -> \1\.$/);
  });

  it('is freed by a signal to the second modprobe, but not under the gate of v6.5', () => {
    const free = run({ kernel: 'v6.12', steps: signalled('int') as never });
    expect(free.stuck).toEqual([]);
    expect(free.results.map(({ ret }) => ret)).toEqual([0]);
    expect(free.results[0]!.end_ns).toBeGreaterThan(1_000_000_000);
    const held = run({ kernel: 'v6.5', steps: signalled('int') as never });
    expect(held.stuck.length).toBeGreaterThan(2);
    const killed = run({ kernel: 'v6.5', steps: signalled('kill') as never });
    expect(killed.stuck.length).toBeGreaterThan(2);
  });

  it('ends at once when it does not wait, or asks for another module', () => {
    for (const requests of [[{ request: 'loop', wait: false }], ['crc16'], [{ uevent: 'none' }]]) {
      const result = run({ init: { loop: { requests } } });
      expect([result.stuck, result.results[0]!.ret]).toEqual([[], 0]);
    }
  });
});

describe('asynchronous work of an init', () => {
  const slow = (requests: string[] = []) => ({
    loop: { async: { duration_us: 50_000, requests } },
  });

  it('is waited for, unless the module is loaded with async_probe', () => {
    const waited = run({ init: slow() }).results[0]!;
    expect(waited.end_ns - waited.start_ns).toBeGreaterThan(50_000_000);
    for (const [args, waits] of [
      ['async_probe', false],
      ['async_probe=1', false],
      ['async_probe=0', true],
    ] as const) {
      const { end_ns, start_ns } = run({ init: slow(), steps: [{ modprobe: 'loop', args }] })
        .results[0]!;
      expect([args, end_ns - start_ns > 50_000_000]).toEqual([args, waits]);
    }
  });

  it('that asks for a module waits for the load that waits for it', () => {
    const result = run({ init: slow(['crc16']) });
    expect(result.stuck_text.join('\n')).toContain('async_synchronize_full()');
    expect(result.stuck_text.at(-1)).toContain('circle');
  });
});

it('a modprobe of a foreign format asks for its own handler until all slots are taken', () => {
  const result = run({
    kernel: { base: 'v6.12', dups: false },
    userspace: { programs: { '/sbin/modprobe': { binfmt: '464c' } } },
    steps: [{ request_module: 'loop' }],
  });
  expect(result.results[0]!.ret).toBe(-8);
  expect(result.results[0]!.log).toContain(
    'request_module: modprobe binfmt-464c cannot be processed, kmod busy with 50 threads for more than 5 seconds now',
  );
});
