// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { parseMoment } from '../../../loader/view/moment.ts';
import { HandTrace } from './hand-trace.ts';

describe('a moment', () => {
  it.each([
    ['last', { at: 'last' }],
    ['peak', { at: 'peak' }],
    ['failure', { at: 'failure' }],
    ['#0', { at: 'seq', seq: 0 }],
    ['#1234', { at: 'seq', seq: 1234 }],
    ['12ns', { at: 'time', t: 12 }],
    ['12.5us', { at: 'time', t: 12_500 }],
    ['12.5µs', { at: 'time', t: 12_500 }],
    ['12.345678ms', { at: 'time', t: 12_345_678 }],
    ['1.5 s', { at: 'time', t: 1_500_000_000 }],
  ])('is written %s', (text, moment) => {
    expect(parseMoment(text)).toEqual({ ok: true, moment });
  });

  it.each(['', 'first', '12', '12 parsecs', '-3ms', '#', '#-1', '#1.5', 'ms', '1e3ms', '0x10ns'])(
    'is not "%s"',
    (text) => {
      const parsed = parseMoment(text);
      expect(parsed.ok ? '' : parsed.message).toContain(
        `"${text}" is no moment: expected last, peak, failure, a time such as 12.5ms`,
      );
    },
  );

  it('picks the state of a run, or says why there is none', () => {
    const trace = new HandTrace(32).at(100).area(0, 4, 'file').at(200).area(4, 8, 'text');
    trace.at(300).free(4).at(400).purge().at(500).search(null, 30).at(600).begin(1, 'x');
    const map = trace.map();
    const used = (at: Parameters<typeof map.stateAtMoment>[0]) => {
      const found = map.stateAtMoment(at);
      return found.ok ? [found.state.t, found.state.summary().used / 4096] : found.message;
    };
    expect(used({ at: 'last' })).toEqual([600, 4]);
    expect(used({ at: 'peak' })).toEqual([200, 12]);
    expect(used({ at: 'failure' })).toEqual([500, 4]);
    expect(used({ at: 'time', t: 250 })).toEqual([250, 12]);
    expect(used({ at: 'time', t: 99 })).toEqual([99, 0]);
    expect(used({ at: 'time', t: 1e9 })).toEqual([1e9, 4]);
    expect(used({ at: 'seq', seq: 1 })).toEqual([100, 4]);
    expect(used({ at: 'seq', seq: 5 })).toEqual([400, 4]);
    expect(used({ at: 'seq', seq: 8 })).toBe('there is no event #8, the last one is #7');
    const quiet = new HandTrace(32).area(0, 4, 'file').map();
    expect(quiet.stateAtMoment({ at: 'failure' })).toEqual({
      ok: false,
      message: 'no allocation failed in this run',
    });
  });
});
