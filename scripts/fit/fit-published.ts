/**
 * Fits the constants of the published guests on the two tables of April 2023, and on nothing else:
 * a random search over the costs named below, with the init times fitted anew for each set. Then
 * prints every row over so many seeds, and the constants; nothing is written.
 *
 *   npx esbuild scripts/fit/fit-published.ts --bundle --platform=node --format=esm \
 *     --packages=external --outfile=dist/fit-published.mjs
 *   node dist/fit-published.mjs [ROUNDS OF THE SEARCH, 0] [SEEDS, 12] [SEED OF THE SEARCH, 1]
 */
import { Random } from '../../loader/engine/index.ts';
import { type AprilGuest, type Constants, PRESENT } from './april-guests.ts';
import { fitInitTimes } from './init-times.ts';
import { distance, meanOf, tableRows, within } from './table-rows.ts';

const ROUNDS = Number(process.argv[2] ?? 0);
const SEEDS = Number(process.argv[3] ?? 12);
const random = new Random(Number(process.argv[4] ?? 1));
const GUESTS: readonly AprilGuest[] = ['published-255', 'published-8'];

/** What is searched, and between which bounds. */
const BOUNDS: Readonly<
  Record<string, readonly [part: 'costs' | 'userspace', low: number, high: number]>
> = {
  sysfs_ns: ['costs', 60_000, 1_800_000],
  module_wake_ns: ['costs', 50_000, 400_000],
  purge_cpu_ns: ['costs', 40, 250],
  vmap_area_ns: ['costs', 800, 90_000],
  kread_page_ns: ['costs', 300, 1_500],
  kread_spread: ['costs', 0, 0.9],
  udev_receive_ns: ['userspace', 10_000, 60_000],
  udev_rules_wait_ns: ['userspace', 0, 18_000_000],
};

function scoreOf(constants: Constants): number {
  return GUESTS.reduce((sum, guest) => sum + distance(tableRows(guest, constants, 4)), 0);
}

/** One to three of the searched constants changed by up to a fifth or so. */
function changed(constants: Constants): Constants {
  const parts = { costs: { ...constants.costs }, userspace: { ...constants.userspace } };
  const names = Object.keys(BOUNDS);
  for (let left = 1 + Math.floor(random.float() * 3); left > 0; left -= 1) {
    const name = names[Math.floor(random.float() * names.length)]!;
    const [part, low, high] = BOUNDS[name]!;
    const value = (parts[part][name] || low) * Math.exp(0.4 * (random.float() - 0.5));
    parts[part][name] = Number(Math.min(high, Math.max(low, value)).toPrecision(3));
  }
  return { ...parts, init: constants.init };
}

let best = PRESENT;
if (ROUNDS > 0) {
  best = fitInitTimes(PRESENT, 6);
  let score = scoreOf(best);
  console.log(`at first ${score.toFixed(2)}`);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const next = fitInitTimes(changed(best), 3);
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
