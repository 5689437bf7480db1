// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { KmodRig, MS, SECOND } from './kmod-rig.ts';

const BUSY = (name: string): string =>
  `request_module: modprobe ${name} cannot be processed, kmod busy with 50 threads for more than 5 seconds now`;

function crowd(rig: KmodRig, count: number, ns: number, delay = 0): ReturnType<KmodRig['ask']>[] {
  return Array.from({ length: count }, (_, i) => {
    rig.outcomes.set(`slow${i}`, { code: 0, ns });
    return rig.ask(`slow${i}`, { delay });
  });
}

describe('the semaphore of 50 slots', () => {
  it('serves 50 of 58 callers and answers -62 to the last eight after five seconds', () => {
    const rig = new KmodRig();
    const answers = crowd(rig, 58, 7 * SECOND);
    rig.run();
    expect(answers.map((a) => a.ret)).toEqual([...Array(50).fill(0), ...Array(8).fill(-62)]);
    for (const late of answers.slice(50)) expect(late.at).toBe(5 * SECOND);
    expect(rig.lines).toEqual(Array.from({ length: 8 }, (_, i) => BUSY(`slow${50 + i}`)));
    expect(rig.of('module_request')).toHaveLength(50);
  });

  it('serves the ones that wait in the order they came', () => {
    const rig = new KmodRig();
    crowd(rig, 50, SECOND);
    const late = ['x', 'y', 'z'].map((name, i) => rig.ask(name, { delay: (i + 1) * MS }));
    rig.run();
    expect(late.map((a) => a.ret)).toEqual([0, 0, 0]);
    expect(
      rig
        .of('module_request')
        .slice(50)
        .map((e) => e.name),
    ).toEqual(['x', 'y', 'z']);
  });

  it('is not left by a killed caller that has no slot yet', () => {
    const rig = new KmodRig();
    crowd(rig, 50, 7 * SECOND);
    const killed = rig.ask('killed', { delay: MS });
    rig.kill(killed, SECOND);
    rig.run();
    expect(killed).toMatchObject({ ret: -62, at: 5 * SECOND + MS });
  });

  it('prints ten timeouts in five seconds, then says how many it swallowed', () => {
    const rig = new KmodRig();
    crowd(rig, 50, 30 * SECOND);
    for (let i = 0; i < 25; i += 1) rig.ask(`w${i}`, { delay: MS });
    rig.ask('later', { delay: 6 * SECOND });
    rig.run();
    expect(rig.lines.filter((line) => line.startsWith('request_module: modprobe w'))).toHaveLength(
      10,
    );
    expect(rig.lines.slice(10)).toEqual([
      '__request_module: 15 callbacks suppressed',
      BUSY('later'),
    ]);
  });

  it('is held by duplicates while they wait for the first', () => {
    const rig = new KmodRig({ features: { limiter: 'semaphore', dups: 'refcounted' } });
    rig.outcomes.set('m', { code: 0, ns: 7 * SECOND });
    const answers = Array.from({ length: 58 }, () => rig.ask('m'));
    rig.run();
    expect(answers.filter((a) => a.ret === 0)).toHaveLength(50);
    expect(answers.filter((a) => a.ret === -62)).toHaveLength(8);
    expect(rig.started).toEqual(['m']);
  });
});

describe('the counter of kernels before v6.4', () => {
  const features = { limiter: 'counter', dups: 'off' } as const;

  it('says that it throttles, waits, and serves when a slot comes free', () => {
    const rig = new KmodRig({ features });
    crowd(rig, 50, SECOND);
    const late = rig.ask('late', { delay: MS });
    rig.run();
    expect(late.ret).toBe(0);
    expect(rig.lines).toEqual([
      'request_module: kmod_concurrent_max (0) close to 0 (max_modprobes: 50), for module late, throttling...',
    ]);
    expect(rig.of('semaphore').filter((e) => e.op === 'down')).toHaveLength(51);
  });

  it('gives up after five seconds with -62', () => {
    const rig = new KmodRig({ features });
    crowd(rig, 50, 7 * SECOND);
    const late = rig.ask('late', { delay: MS });
    rig.run();
    expect(late).toMatchObject({ ret: -62, at: 5 * SECOND + MS });
    expect(rig.lines[1]).toBe(BUSY('late'));
  });

  it('lets a killed caller go with -512', () => {
    const rig = new KmodRig({ features });
    crowd(rig, 50, 7 * SECOND);
    const killed = rig.ask('killed', { delay: MS });
    rig.kill(killed, SECOND);
    rig.run();
    expect(killed).toMatchObject({ ret: -512, at: SECOND });
    expect(rig.lines[1]).toBe('request_module: sigkill sent for modprobe killed, giving up');
    expect(rig.of('semaphore').at(-1)!.in_use).toBe(0);
  });

  it('never gives out more than 50 slots however the waiters wake', () => {
    const rig = new KmodRig({ features, cpus: 8 });
    crowd(rig, 200, 300 * MS);
    rig.run();
    const busiest = Math.max(...rig.of('semaphore').map((e) => e.in_use));
    expect(busiest).toBe(50);
    expect(rig.of('semaphore').at(-1)!.in_use).toBe(0);
  });
});
