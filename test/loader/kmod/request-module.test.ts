// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { KmodRig, MS, SECOND } from './kmod-rig.ts';

describe('the order of checks of request_module', () => {
  it('answers -2 for an empty modprobe path before it looks at the name or takes a slot', () => {
    const rig = new KmodRig();
    expect(rig.kmod.path.write('\n')).toBe(0);
    const answer = rig.ask('x'.repeat(200));
    rig.run();
    expect(answer.ret).toBe(-2);
    expect(rig.events).toEqual([]);
  });

  it.each([
    [32, 59, 0],
    [32, 60, -36],
    [64, 55, 0],
    [64, 56, -36],
  ] as const)('on %i bits a name of %i characters gives %i', (wordBits, length, ret) => {
    const rig = new KmodRig({ wordBits });
    const answer = rig.ask('m'.repeat(length));
    rig.run();
    expect(answer.ret).toBe(ret);
    expect(rig.started.length).toBe(ret === 0 ? 1 : 0);
  });

  it('counts a name in bytes and ends it at a NUL', () => {
    const rig = new KmodRig();
    const wide = rig.ask('ä'.repeat(30));
    const cut = rig.ask(`ok\0${'x'.repeat(100)}`);
    rig.run();
    expect(wide.ret).toBe(-36);
    expect(cut.ret).toBe(0);
    expect(rig.started).toEqual(['ok']);
  });

  it('asks the security hook after the name check and before a slot is taken', () => {
    const asked: string[] = [];
    const rig = new KmodRig({
      security: (name) => {
        asked.push(name);
        return name.startsWith('net-') ? -1 : 0;
      },
    });
    const refused = rig.ask('net-pf-10');
    const tooLong = rig.ask('n'.repeat(60));
    const fine = rig.ask('fs-xfs');
    rig.run();
    expect([refused.ret, tooLong.ret, fine.ret]).toEqual([-1, -36, 0]);
    expect(asked).toEqual(['net-pf-10', 'fs-xfs']);
    expect(rig.of('semaphore').filter((e) => e.op === 'down').length).toBe(1);
  });

  it('emits one trace event per request that got a slot', () => {
    const rig = new KmodRig();
    rig.ask('exit1');
    rig.ask('quick', { wait: false, delay: MS });
    rig.run();
    expect(rig.of('module_request')).toMatchObject([
      { name: 'exit1', wait: true, call_site: 'asker', t: 0 },
      { name: 'quick', wait: false, call_site: 'asker', t: MS },
    ]);
  });

  it('warns once in all about waiting in an async worker, and goes on', () => {
    const rig = new KmodRig();
    const answers = [
      rig.ask('a', { fromAsync: true }),
      rig.ask('b', { fromAsync: true }),
      rig.ask('c', { fromAsync: true, wait: false }),
    ];
    rig.run();
    expect(answers.map((a) => a.ret)).toEqual([0, 0, 0]);
    expect(rig.lines.filter((line) => line.startsWith('WARNING: CPU: '))).toHaveLength(1);
    expect(rig.lines[1]).toMatch(/at kernel\/module\/kmod\.c:\d+ __request_module$/);
    expect(rig.letters).toEqual(['W']);
  });

  it('does not warn about a nowait request in an async worker', () => {
    const rig = new KmodRig();
    rig.ask('c', { fromAsync: true, wait: false });
    rig.run();
    expect(rig.lines).toEqual([]);
  });
});

describe('the helper call', () => {
  it('runs modprobe with the kernel`s arguments and environment', () => {
    const rig = new KmodRig();
    const seen: unknown[] = [];
    rig.target = function* (argv, env) {
      seen.push(argv, env, rig.engine.current!.comm);
      yield rig.engine.work(1);
      return 0;
    };
    rig.ask('dm-mod');
    rig.run();
    expect(seen).toEqual([
      ['/sbin/modprobe', '-q', '--', 'dm-mod'],
      ['HOME=/', 'TERM=linux', 'PATH=/sbin:/usr/sbin:/bin:/usr/bin'],
      'modprobe',
    ]);
    expect(rig.of('process').map((e) => [e.op, e.comm, e.status])).toEqual([
      ['exec', 'modprobe', 0],
      ['exit', 'modprobe', 0],
    ]);
  });

  it.each([
    [0, 0],
    [1, 256],
    [3, 768],
    [127, 32_512],
  ])('returns exit code %i as %i', (code, status) => {
    const rig = new KmodRig();
    rig.outcomes.set('m', { code, ns: MS });
    const answer = rig.ask('m');
    const nowait = rig.ask('m', { wait: false });
    rig.run();
    expect(answer.ret).toBe(status);
    expect(nowait.ret).toBe(0);
  });

  it('returns the signal that killed modprobe', () => {
    const rig = new KmodRig();
    rig.target = function* () {
      yield rig.engine.work(MS);
      return 9;
    };
    const answer = rig.ask('m');
    rig.run();
    expect(answer.ret).toBe(9);
  });

  it.each([
    ['is missing', 2],
    ['is not executable', 13],
  ])('shows the errno of exec through when modprobe %s', (_, errno) => {
    const rig = new KmodRig();
    rig.target = { errno };
    const wait = rig.ask('m');
    const nowait = rig.ask('m', { wait: false });
    rig.run();
    expect([wait.ret, nowait.ret]).toEqual([-errno, -errno]);
    expect(rig.started).toEqual([]);
  });

  it('looks at whatever path stands in /proc/sys/kernel/modprobe', () => {
    const rig = new KmodRig();
    rig.kmod.path.write('/KMOD_TEST_NONEXISTENT\n');
    expect(rig.kmod.path.read()).toBe('/KMOD_TEST_NONEXISTENT\n');
    const answer = rig.ask('m');
    rig.run();
    expect(answer.ret).toBe(-2);
  });

  it('keeps 255 bytes of a path', () => {
    const rig = new KmodRig();
    rig.kmod.path.write(`/${'p'.repeat(300)}`);
    expect(rig.kmod.path.read()).toBe(`/${'p'.repeat(254)}\n`);
  });

  it('succeeds without running anything when the path was emptied while a slot was waited for', () => {
    const rig = new KmodRig();
    for (let i = 0; i < 50; i += 1) rig.ask(`busy${i}`);
    for (let i = 0; i < 50; i += 1) rig.outcomes.set(`busy${i}`, { code: 0, ns: 100 * MS });
    const late = rig.ask('late', { delay: MS });
    rig.engine.after(2 * MS, () => rig.kmod.path.write(''));
    rig.run();
    expect(late.ret).toBe(0);
    expect(rig.started).not.toContain('late');
  });

  it('refuses with -16 while helpers are disabled, and does nothing with an empty static path', () => {
    const rig = new KmodRig();
    rig.helper.disabled = true;
    const early = rig.ask('m');
    rig.run();
    expect(early.ret).toBe(-16);
    const nothing = new KmodRig({ staticPath: '' });
    const answer = nothing.ask('m');
    nothing.run();
    expect(answer.ret).toBe(0);
    expect(nothing.started).toEqual([]);
  });

  it('lets a nowait caller go at exec, long before modprobe ends', () => {
    const rig = new KmodRig();
    rig.outcomes.set('slow', { code: 0, ns: 3 * SECOND });
    const answer = rig.ask('slow', { wait: false });
    rig.run();
    expect(answer.ret).toBe(0);
    expect(answer.at).toBeLessThan(50 * MS);
    expect(rig.engine.now).toBeGreaterThan(3 * SECOND);
  });

  it('returns -512 to a killed caller, gives the slot back, and modprobe goes on', () => {
    const rig = new KmodRig();
    rig.outcomes.set('slow', { code: 0, ns: 3 * SECOND });
    const answer = rig.ask('slow');
    rig.kill(answer, SECOND);
    rig.run();
    expect(answer).toMatchObject({ ret: -512, at: SECOND });
    expect(rig.of('semaphore').at(-1)).toMatchObject({ op: 'up', in_use: 0, t: SECOND });
    expect(rig.of('process').at(-1)).toMatchObject({ op: 'exit', comm: 'modprobe', status: 0 });
    expect(rig.of('process').at(-1)!.t).toBeGreaterThan(3 * SECOND);
  });
});
