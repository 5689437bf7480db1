// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { KmodRig, MS, SECOND } from './kmod-rig.ts';

const DUP = (name: string): string =>
  `module: module-autoload: duplicate request for module ${name}`;

const current = { features: { limiter: 'semaphore', dups: 'refcounted' } } as const;
const v64 = { features: { limiter: 'semaphore', dups: 'v6.4' } } as const;

describe.each([
  ['the reference-counted form', current],
  ['the v6.4 form', v64],
])('duplicate requests in %s', (_, options) => {
  it('hands the first caller`s value to all that wait for the same name', () => {
    const rig = new KmodRig(options);
    rig.outcomes.set('m', { code: 1, ns: 2 * SECOND });
    const answers = [rig.ask('m'), rig.ask('m', { delay: MS }), rig.ask('m', { delay: SECOND })];
    rig.run();
    expect(answers.map((a) => a.ret)).toEqual([256, 256, 256]);
    expect(rig.started).toEqual(['m']);
    expect(rig.lines).toEqual([DUP('m'), DUP('m')]);
    expect(rig.of('module_request')).toHaveLength(3);
  });

  it('keeps names apart that lead to one module', () => {
    const rig = new KmodRig(options);
    for (const name of ['xfs', 'fs-xfs', 'fs_xfs']) rig.ask(name);
    rig.run();
    expect(rig.started).toEqual(['xfs', 'fs-xfs', 'fs_xfs']);
    expect(rig.lines).toEqual([]);
  });

  it('answers 0 at once to a nowait duplicate whatever the first will get', () => {
    const rig = new KmodRig(options);
    rig.outcomes.set('m', { code: 1, ns: 2 * SECOND });
    rig.ask('m');
    const dup = rig.ask('m', { wait: false, delay: SECOND });
    rig.run();
    expect(dup).toMatchObject({ ret: 0, at: SECOND });
    expect(rig.started).toEqual(['m']);
    expect(rig.lines).toEqual([DUP('m')]);
  });

  it('does not track two nowait requests', () => {
    const rig = new KmodRig(options);
    rig.ask('m', { wait: false });
    rig.ask('m', { wait: false, delay: MS });
    rig.run();
    expect(rig.started).toEqual(['m', 'm']);
    expect(rig.lines).toEqual([]);
  });

  it('makes a waiting request behind a nowait one the anchor of its own modprobe', () => {
    const rig = new KmodRig(options);
    rig.outcomes.set('m', { code: 0, ns: SECOND });
    rig.ask('m', { wait: false });
    const b = rig.ask('m', { delay: 100 * MS });
    rig.run();
    expect(rig.started).toEqual(['m', 'm']);
    expect(b.ret).toBe(0);
    expect(b.at).toBeGreaterThan(1.1 * SECOND);
    expect(rig.of('dup_request').map((e) => e.role)).toEqual(['anchor', 'announce']);
  });

  it('answers from memory for 60 seconds, a failure too, then asks again', () => {
    const rig = new KmodRig(options);
    rig.outcomes.set('m', { code: 1, ns: 10 * MS });
    const first = rig.ask('m');
    rig.run();
    const done = first.at;
    rig.outcomes.set('m', { code: 0, ns: 10 * MS });
    const within = rig.ask('m', { delay: 59 * SECOND });
    rig.runTo(done + 59.5 * SECOND);
    expect(within).toMatchObject({ ret: 256 });
    expect(rig.started).toEqual(['m']);
    const after = rig.ask('m', { delay: SECOND });
    rig.run();
    expect(after.ret).toBe(0);
    expect(rig.started).toEqual(['m', 'm']);
    expect(rig.of('dup_request').filter((e) => e.role === 'expire')).toHaveLength(1);
  });

  it('counts the 60 seconds from the first completion, not from later duplicates', () => {
    const rig = new KmodRig(options);
    rig.ask('m');
    for (let i = 1; i <= 5; i += 1) rig.ask('m', { delay: i * 10 * SECOND });
    rig.runTo(61 * SECOND);
    const [expired] = rig.of('dup_request').filter((e) => e.role === 'expire');
    const [announced] = rig.of('dup_request').filter((e) => e.role === 'announce');
    expect((expired!.t - announced!.t) / SECOND).toBeCloseTo(60, 1);
  });

  it('lets a killed waiter go alone with -512', () => {
    const rig = new KmodRig(options);
    rig.outcomes.set('m', { code: 0, ns: 3 * SECOND });
    const anchor = rig.ask('m');
    const killed = rig.ask('m', { delay: MS });
    const waiter = rig.ask('m', { delay: MS });
    rig.kill(killed, SECOND);
    rig.run();
    expect(killed).toMatchObject({ ret: -512, at: SECOND });
    expect([anchor.ret, waiter.ret]).toEqual([0, 0]);
  });

  it('poisons the name for a minute when the anchor is killed, though modprobe goes on', () => {
    const rig = new KmodRig(options);
    rig.outcomes.set('m', { code: 0, ns: 3 * SECOND });
    const anchor = rig.ask('m');
    const waiter = rig.ask('m', { delay: MS });
    const late = rig.ask('m', { delay: 30 * SECOND });
    rig.kill(anchor, SECOND);
    rig.run();
    expect([anchor.ret, waiter.ret, late.ret]).toEqual([-512, -512, -512]);
    expect(anchor.at).toBe(SECOND);
    expect(waiter.at - SECOND).toBeLessThan(MS);
    expect(late.at).toBe(30 * SECOND);
    expect(rig.started).toEqual(['m']);
    expect(rig.of('process').at(-1)).toMatchObject({ op: 'exit', status: 0 });
  });

  it('times out on the slots before it looks for duplicates', () => {
    const rig = new KmodRig(options);
    rig.outcomes.set('m', { code: 0, ns: 7 * SECOND });
    for (let i = 0; i < 50; i += 1) rig.ask('m');
    const late = rig.ask('m', { delay: MS });
    rig.run();
    expect(late.ret).toBe(-62);
    expect(rig.lines.filter((line) => line === DUP('m'))).toHaveLength(49);
  });

  it.each([2, 13])('keeps exec errno %i like any other value', (errno) => {
    const rig = new KmodRig(options);
    const target = rig.target;
    rig.target = { errno };
    rig.ask('m');
    rig.run();
    rig.target = target;
    const later = rig.ask('m', { delay: SECOND });
    rig.run();
    expect(later.ret).toBe(-errno);
    expect(rig.started).toEqual([]);
  });

  it('gives a WARN instead of a line once enable_dups_trace is on, every time', () => {
    const rig = new KmodRig(options);
    const trace = rig.kmod.dupsTrace;
    expect([trace.read(), trace.write('0'), trace.write('maybe')]).toEqual(['N\n', 0, -22]);
    expect([trace.write('1\n'), trace.write('Y'), trace.write('N')]).toEqual([0, 0, -30]);
    expect(trace.read()).toBe('Y\n');
    rig.ask('m');
    rig.ask('m', { delay: MS });
    rig.ask('m', { delay: MS });
    rig.run();
    const text = 'module-autoload: duplicate request for module m';
    expect(rig.lines.filter((line) => line === text)).toHaveLength(2);
    expect(rig.lines).not.toContain(DUP('m'));
    expect(rig.letters).toEqual(['W', 'W']);
  });
});

describe('where the two forms differ', () => {
  /** A nowait request whose exec comes after another request has become the anchor. */
  function lateExec(rig: KmodRig): { anchor: ReturnType<KmodRig['ask']>; waiter: typeof anchor } {
    rig.outcomes.set('m', { code: 1, ns: SECOND });
    rig.ask('m', { wait: false });
    const anchor = rig.ask('m', { delay: 10_000 });
    const waiter = rig.ask('m', { delay: 20_000 });
    return { anchor, waiter };
  }

  it('now: a nowait request that reaches exec late completes the anchor`s waiters with 0 for good', () => {
    const rig = new KmodRig(current);
    const { anchor, waiter } = lateExec(rig);
    rig.run();
    expect(waiter.ret).toBe(0);
    expect(waiter.at).toBeLessThan(100 * MS);
    expect(anchor.ret).toBe(256);
    const later = rig.ask('m');
    rig.run();
    expect(later.ret).toBe(0);
    expect(rig.of('dup_request').filter((e) => e.role === 'announce')).toHaveLength(1);
  });

  it('v6.4: the anchor`s own announcement overwrites that answer', () => {
    const rig = new KmodRig(v64);
    const { anchor, waiter } = lateExec(rig);
    rig.run();
    expect([waiter.ret, anchor.ret]).toEqual([0, 256]);
    const later = rig.ask('m');
    rig.run();
    expect(later.ret).toBe(256);
    expect(rig.of('dup_request').filter((e) => e.role === 'announce')).toHaveLength(2);
  });

  it('v6.4: the anchor returns before its waiters; now they need not wait for it', () => {
    for (const [options, hop] of [
      [v64, true],
      [current, false],
    ] as const) {
      const rig = new KmodRig(options);
      const anchor = rig.ask('m');
      const waiter = rig.ask('m', { delay: MS });
      rig.run();
      expect(waiter.at > anchor.at).toBe(hop);
    }
  });

  it('v6.4: a request that comes while an entry is deleted waits for the grace period', () => {
    const rig = new KmodRig(v64);
    const first = rig.ask('m');
    rig.run();
    const [announced] = rig.of('dup_request').filter((e) => e.role === 'announce');
    const deletion = announced!.t + 60 * SECOND;
    const other = rig.ask('other', { wait: false, delay: deletion + MS - first.at });
    rig.runTo(deletion + 2 * SECOND);
    const [, request] = rig.of('module_request');
    const [, exec] = rig.of('process').filter((e) => e.op === 'exec');
    expect(other.ret).toBe(0);
    expect(exec!.t - request!.t).toBeGreaterThan(6 * MS);
  });
});
