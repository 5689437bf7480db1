// SPDX-License-Identifier: MIT
/** What a scenario's steps expect, laid beside what came of them. */
import { errnoName } from '../base/index.ts';
import type { CallResult, UnmetExpectation } from './result.ts';

/** What must come of a call; the document's `expect`. */
export interface CallExpectation {
  readonly ret?: number | string | undefined;
  readonly log?: readonly string[] | undefined;
  readonly no_log?: string | undefined;
  readonly output?: string | undefined;
  readonly pattern?: string | undefined;
}

interface StepLike {
  readonly parallel?: readonly { readonly step: object }[];
}

export interface ExpectationVerdict {
  /** Expectations that were looked at. */
  readonly checked: number;
  readonly unmet: readonly UnmetExpectation[];
}

/** Every `expect` of the steps; one of a step that was never answered is unmet. */
export function checkExpectations(
  steps: readonly object[],
  results: readonly CallResult[],
): ExpectationVerdict {
  const byPlace = new Map(
    results.map((result) => [`${result.step}/${result.member ?? ''}`, result]),
  );
  const unmet: UnmetExpectation[] = [];
  let checked = 0;
  const look = (step: object, index: number, member?: number): void => {
    const { expect } = step as { expect?: string | CallExpectation };
    if (expect === undefined) return;
    const result = byPlace.get(`${index}/${member ?? ''}`);
    for (const [expected, found] of differences(expect, result)) {
      checked += 1;
      if (found === undefined) continue;
      const path = result?.subject ?? '';
      unmet.push({
        step: index,
        ...(member === undefined ? {} : { member }),
        path,
        expected,
        found,
      });
    }
  };
  steps.forEach((step, index) => {
    const { parallel } = step as StepLike;
    if (parallel) for (const [member, one] of parallel.entries()) look(one.step, index, member);
    else look(step, index);
  });
  return { checked, unmet };
}

/** Each thing expected, and what was found where that is something else. */
function* differences(
  expect: string | CallExpectation,
  result: CallResult | undefined,
): Generator<[expected: string, found: string | undefined]> {
  if (!result) {
    yield ['an answer', 'none: the call never returned'];
    return;
  }
  const { text = '', log, ret, output = [] } = result;
  if (typeof expect === 'string') {
    yield [JSON.stringify(expect), text === expect ? undefined : quoted(text)];
    return;
  }
  if (expect.ret !== undefined) {
    const met = typeof expect.ret === 'number' ? ret === expect.ret : errnoName(ret) === expect.ret;
    const name = ret < 0 ? ` (${errnoName(ret)})` : '';
    yield [`ret ${expect.ret}`, met ? undefined : `ret ${ret}${name}`];
  }
  if (expect.pattern !== undefined) yield matched('', expect.pattern, text);
  if (expect.output !== undefined) yield matched('output ', expect.output, output.join('\n'));
  for (const pattern of expect.log ?? []) yield matched('log ', pattern, log.join('\n'));
  if (expect.no_log !== undefined) {
    const line = log.find((one) => new RegExp(expect.no_log!, 'm').test(one));
    yield [`no log line like /${expect.no_log}/`, line === undefined ? undefined : quoted(line)];
  }
}

function matched(what: string, pattern: string, text: string): [string, string | undefined] {
  return [`${what}/${pattern}/`, new RegExp(pattern, 'm').test(text) ? undefined : quoted(text)];
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
