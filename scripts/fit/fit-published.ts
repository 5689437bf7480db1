// SPDX-License-Identifier: MIT
/**
 * Fits the constants of guests of KVM on the two tables of April 2023, and on nothing else: a random
 * search over the costs named below and the init times, each inside its physical range. Then prints
 * every row over so many seeds, the constants, and those that touch a bound; nothing is written.
 *
 *   npx esbuild scripts/fit/fit-published.ts --bundle --platform=node --format=esm \
 *     --packages=external --outfile=dist/fit-published.mjs
 *   node dist/fit-published.mjs [ROUNDS OF THE SEARCH, 0] [SEEDS, 12] [SEED OF THE SEARCH, 1]
 */
import { Random } from '../../loader/engine/index.ts';
import {
  COST_RANGES,
  type CostRange,
  DEFAULT_COSTS,
  DEFAULT_USERSPACE_COSTS,
  type Range,
  USERSPACE_COST_RANGES,
} from '../../loader/presets/index.ts';
import { type AprilGuest, type Constants, PRESENT } from './april-guests.ts';
import { distance, meanOf, tableRows, within } from './table-rows.ts';

const ROUNDS = Number(process.argv[2] ?? 0);
const SEEDS = Number(process.argv[3] ?? 12);
const random = new Random(Number(process.argv[4] ?? 1));
const GUESTS: readonly AprilGuest[] = ['published-255', 'published-8'];

interface Searched {
  readonly part: keyof Constants;
  readonly name: string;
  readonly range: Range;
  /** Where the search begins when the constants do not name it. */
  readonly usual: number;
}

/** A module that registers algorithms: one without a test, up to many with long ones. */
const INIT_RANGE: Range = [50, 200_000];

const SEARCHED: readonly Searched[] = [
  ...searched('costs', COST_RANGES, { ...DEFAULT_COSTS }),
  ...searched('userspace', USERSPACE_COST_RANGES, { ...DEFAULT_USERSPACE_COSTS }),
  ...Object.keys(PRESENT.init).map((name) => ({
    part: 'init' as const,
    name,
    range: INIT_RANGE,
    usual: 1000,
  })),
];

function searched(
  part: keyof Constants,
  ranges: Readonly<Record<string, CostRange>>,
  usual: Readonly<Record<string, number>>,
): Searched[] {
  return Object.entries(ranges).map(([name, { guest }]) => ({
    part,
    name,
    range: guest,
    usual: usual[name]!,
  }));
}

function scoreOf(constants: Constants): number {
  return GUESTS.reduce((sum, guest) => sum + distance(tableRows(guest, constants, 4)), 0);
}

/** One to three of the searched constants changed: most by up to a half, some by more. */
function changed(constants: Constants): Constants {
  const parts = {
    costs: { ...constants.costs },
    userspace: { ...constants.userspace },
    init: { ...constants.init },
  };
  for (let left = 1 + Math.floor(random.float() * 3); left > 0; left -= 1) {
    const { part, name, range, usual } = SEARCHED[Math.floor(random.float() * SEARCHED.length)]!;
    const [low, high] = range;
    const width = random.float() < 0.3 ? 1.6 : 0.5;
    const from = parts[part][name] ?? usual;
    const value = (from || high / 10) * Math.exp(width * (2 * random.float() - 1));
    parts[part][name] = Number(Math.min(high, Math.max(low, value)).toPrecision(3));
  }
  return parts;
}

let best = PRESENT;
if (ROUNDS > 0) {
  let score = scoreOf(best);
  console.log(`at first ${score.toFixed(2)}`);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const next = changed(best);
    const found = scoreOf(next);
    if (found >= score) continue;
    [best, score] = [next, found];
    console.log(`round ${round}: ${score.toFixed(2)}`);
  }
}
for (const guest of GUESTS) {
  console.log(guest);
  for (const row of tableRows(guest, best, SEEDS)) {
    const { what, published, values } = row;
    console.log(
      `  ${what.padEnd(24)}${published.toFixed(0).padStart(7)}` +
        `${meanOf(values).toFixed(1).padStart(9)}  ${within(row)}/${SEEDS}  ` +
        values.map((value) => value.toFixed(0)).join(' '),
    );
  }
}
if (ROUNDS > 0) console.log(best);
for (const { part, name, range, usual } of SEARCHED) {
  const value = best[part][name] ?? usual;
  if (range.includes(value)) console.log(`${name} touches its bound: ${value}`);
  if (value < range[0] || value > range[1]) console.log(`${name} is out of range: ${value}`);
}
