// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { driveSession } from '../../../loader/session/drive-session.ts';
import { FakeSession } from '../../emulator/fake-session.ts';

const READ = '{"op":"read","path":"/sys/kernel/debug/modules/stats"}';

describe('driveSession', () => {
  it('starts every context in order, goes on with each as it completes, then reads the stats', () => {
    const session = new FakeSession({
      programs: [[{ op: 'noop' }, { op: 'settle' }], [], [{ op: 'log', text: 'x' }]],
      serve: (context, { op }) => ({
        ret: op === 'read' ? 2 : context === 2 ? -22 : 0,
        ns: context === 2 ? 1 : 5,
        ...(op === 'read' ? { data: new TextEncoder().encode('ok') } : {}),
      }),
    });
    expect(driveSession(session)).toEqual({
      completed: 3,
      failed: 1,
      stuck: 0,
      stats: new TextEncoder().encode('ok'),
    });
    expect(session.calls).toEqual([
      'fetch 0 {"op":"noop"}',
      'submit 0 0 {"op":"noop"}',
      'fetch 1 undefined',
      'fetch 2 {"op":"log","text":"x"}',
      'submit 2 0 {"op":"log","text":"x"}',
      'advance: 2/0',
      'fetch 2 undefined',
      'advance: 0/0',
      'fetch 0 {"op":"settle"}',
      'submit 0 1 {"op":"settle"}',
      'advance: 0/1',
      'fetch 0 undefined',
      'advance: nothing',
      `submit 0 2 ${READ}`,
      'advance: 0/2',
      'advance: nothing',
    ]);
  });

  it('handles completions of one moment in the order they come', () => {
    const session = new FakeSession({
      programs: [[{ op: 'noop' }], [{ op: 'noop' }], [{ op: 'noop' }]],
      serve: () => ({ ret: 0, ns: 7 }),
    });
    driveSession(session);
    expect(session.calls.slice(6, 10)).toEqual([
      'advance: 0/0 1/0 2/0',
      'fetch 0 undefined',
      'fetch 1 undefined',
      'fetch 2 undefined',
    ]);
  });

  it('has the first context that is not stuck read the stats, and counts what is stuck', () => {
    const session = new FakeSession({
      programs: [[{ op: 'settle' }], [{ op: 'noop' }], [{ op: 'noop' }]],
      serve: (_, { op }) => ({ ret: op === 'read' ? -2 : 0, ns: op === 'settle' ? Infinity : 1 }),
    });
    expect(driveSession(session)).toEqual({ completed: 2, failed: 0, stuck: 1 });
    expect(session.calls).toContain(`submit 1 1 ${READ}`);
  });

  it('reads nothing when every context is stuck or there is none', () => {
    const stuck = new FakeSession({
      programs: [[{ op: 'noop' }]],
      serve: () => ({ ret: 0, ns: Infinity }),
    });
    expect(driveSession(stuck)).toEqual({ completed: 0, failed: 0, stuck: 1 });
    expect(stuck.calls.some((call) => call.includes('stats'))).toBe(false);
    expect(driveSession(new FakeSession({ programs: [] }))).toEqual({
      completed: 0,
      failed: 0,
      stuck: 0,
    });
  });
});
