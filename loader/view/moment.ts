// SPDX-License-Identifier: MIT
/** Moments of a run as people write them: `last`, `peak`, `failure`, `12.5ms`, `#1234`. */
import type { Nanos } from '../base/index.ts';

export type Moment =
  | { readonly at: 'last' | 'peak' | 'failure' }
  | { readonly at: 'time'; readonly t: Nanos }
  | { readonly at: 'seq'; readonly seq: number };

export type MomentResult =
  | { readonly ok: true; readonly moment: Moment }
  | { readonly ok: false; readonly message: string };

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['µs', 1e3],
  ['μs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
]);

/** What a moment may look like. */
export const MOMENT_FORMS =
  'last, peak, failure, a time such as 12.5ms (ns, us, ms or s), or an event such as #1234';

/** Reads a moment; a time needs its unit. */
export function parseMoment(text: string): MomentResult {
  const word = text.trim();
  if (word === 'last' || word === 'peak' || word === 'failure') {
    return { ok: true, moment: { at: word } };
  }
  const seq = /^#(\d{1,15})$/.exec(word);
  if (seq) return { ok: true, moment: { at: 'seq', seq: Number(seq[1]) } };
  const time = /^(\d+(?:\.\d+)?)\s*([a-zµμ]+)$/.exec(word);
  const unit = time ? UNITS.get(time[2]!) : undefined;
  if (time && unit !== undefined) {
    return { ok: true, moment: { at: 'time', t: Math.round(Number(time[1]) * unit) } };
  }
  return {
    ok: false,
    message: `"${text.slice(0, 40)}" is no moment: expected ${MOMENT_FORMS}`,
  };
}
