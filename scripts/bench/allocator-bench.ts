// SPDX-License-Identifier: MIT
/**
 * How the allocator grows with the areas that are live, and how it stands against a plain one.
 *
 * What counts is a pair of an allocation and its free while the live areas stay as they are, which
 * is what the kernel's long_busy_list_alloc_test times. Live areas replaced at random are shown
 * beside it: they cost more the more there are, mostly because they no longer fit the processor's
 * caches and outlive the collector's youngest generation.
 */
import { Load } from './allocator-load.ts';
import type { Measurement } from './budget.ts';
import { inTurns, median, ratioOf } from './stopwatch.ts';

const ROUNDS = 15;
/** Some 50 ms a turn, so that it hardly matters what the turn before left in the caches. */
const OPERATIONS = 60_000;
const NAIVE_OPERATIONS = 3000;

export function allocatorGrowth(): Measurement {
  const few = new Load('space', 1000);
  const many = new Load('space', 100_000);
  const operations = OPERATIONS;
  const [pairsFew, pairsMany, replaceFew, replaceMany] = inTurns(
    [
      { operations, run: (n) => few.pairs(n) },
      { operations, run: (n) => many.pairs(n) },
      { operations, run: (n) => few.replace(n) },
      { operations, run: (n) => many.replace(n) },
    ],
    ROUNDS,
  );
  return {
    budget: 'allocator-growth',
    value: ratioOf(pairsMany!, pairsFew!),
    detail: detailText(pairsMany!, pairsFew!, replaceMany!, replaceFew!),
  };
}

export function allocatorAgainstNaive(): Measurement {
  const allocator = new Load('space', 10_000);
  const naive = new Load('naive', 10_000);
  const [pairs, naivePairs, replace, naiveReplace] = inTurns(
    [
      { operations: OPERATIONS, run: (n) => allocator.pairs(n) },
      { operations: NAIVE_OPERATIONS, run: (n) => naive.pairs(n) },
      { operations: OPERATIONS, run: (n) => allocator.replace(n) },
      { operations: NAIVE_OPERATIONS, run: (n) => naive.replace(n) },
    ],
    ROUNDS,
  );
  return {
    budget: 'allocator-naive',
    value: ratioOf(naivePairs!, pairs!),
    detail: detailText(naivePairs!, pairs!, naiveReplace!, replace!),
  };
}

type Times = readonly number[];

function detailText(over: Times, under: Times, overReplace: Times, underReplace: Times): string {
  const replaced = ratioOf(overReplace, underReplace).toFixed(2);
  return (
    `${nanos(over)} / ${nanos(under)} ns; live areas replaced at random: ` +
    `${replaced} (${nanos(overReplace)} / ${nanos(underReplace)} ns)`
  );
}

function nanos(times: Times): string {
  return Math.round(median(times)).toString();
}
