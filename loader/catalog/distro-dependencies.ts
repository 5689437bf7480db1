// SPDX-License-Identifier: MIT
/**
 * Which modules of a synthetic distribution need which: a few libraries that many use, most modules
 * using one or two, chains a few links long. Shaped like Debian 12's i386 modules: 2.56 modules
 * needed in the mean, 25 at most, 26 in a hundred needing none.
 */
import type { Random } from '../engine/index.ts';

/** Share of the modules that others use. */
const LIBRARIES = 0.183;
/** Most modules one may need, directly or not. */
const MOST_NEEDED = 25;
/** Popularity of the nth library falls with this power of n + 2. */
const POPULARITY = 0.9;
/** How often a further dependency is one that the first one has too. */
const SHARED = 0.6;
/** How little the popular libraries' having few dependencies of their own is strict. */
const LOOSENESS = 1.8;
const TRIES = 60;

/** Share of modules with 0, 1, 2, … direct dependencies. */
const USERS = [
  0.2396, 0.3761, 0.1877, 0.1016, 0.0536, 0.0225, 0.0098, 0.005, 0.0021, 0.0009, 0.0013,
];
const OF_LIBRARIES = [
  0.3734, 0.2955, 0.1768, 0.0778, 0.0422, 0.0158, 0.004, 0.0079, 0.0026, 0, 0.004,
];

export interface Dependencies {
  /** Modules 0 … libraries − 1 are the ones that others use. */
  readonly libraries: number;
  /** For each module the libraries it uses, all of lower number than itself. */
  readonly direct: readonly (readonly number[])[];
}

export function drawDependencies(count: number, random: Random): Dependencies {
  const libraries = Math.round(count * LIBRARIES);
  const wanted = [
    ...libraryCounts(libraries, random),
    ...random.shuffle(spread(USERS, count - libraries)),
  ];
  const popularity = cumulated(libraries);
  const direct: number[][] = [];
  const needed: Set<number>[] = [];
  for (let i = 0; i < count; i += 1) {
    const limit = Math.min(i, libraries);
    const chosen: number[] = [];
    const all = new Set<number>();
    const most = Math.min(wanted[i]!, limit);
    for (let tries = 0; chosen.length < most && tries < TRIES; tries += 1) {
      const shared = chosen.length > 0 && random.float() < SHARED ? direct[chosen[0]!]! : undefined;
      if (shared?.length === 0) continue;
      const library = shared
        ? shared[random.below(shared.length)]!
        : pick(popularity, limit, random);
      if (chosen.includes(library)) continue;
      const more = new Set([...all, library, ...needed[library]!]);
      if (more.size > MOST_NEEDED) continue;
      chosen.push(library);
      for (const one of more) all.add(one);
    }
    direct.push(chosen);
    needed.push(all);
  }
  return { libraries, direct };
}

/** `count` values distributed as exactly as whole numbers allow. */
function spread(shares: readonly number[], count: number): number[] {
  const values: number[] = [];
  let sum = 0;
  for (let value = 0; value < shares.length; value += 1) {
    sum += shares[value]!;
    while (values.length < count && (values.length + 0.5) / count < sum) values.push(value);
  }
  while (values.length < count) values.push(0);
  return values;
}

/** Few dependencies for the first, the popular ones, more or less. */
function libraryCounts(libraries: number, random: Random): number[] {
  const order = Array.from({ length: libraries }, (_, library) => ({
    library,
    key: library + LOOSENESS * libraries * random.float(),
  }));
  order.sort((a, b) => a.key - b.key || a.library - b.library);
  const values = spread(OF_LIBRARIES, libraries);
  const counts = new Array<number>(libraries).fill(0);
  order.forEach(({ library }, i) => {
    counts[library] = values[i]!;
  });
  return counts;
}

function cumulated(libraries: number): Float64Array {
  const sums = new Float64Array(libraries);
  let sum = 0;
  for (let i = 0; i < libraries; i += 1) {
    sum += (i + 2) ** -POPULARITY;
    sums[i] = sum;
  }
  return sums;
}

/** One of the first `limit` libraries, by popularity. */
function pick(popularity: Float64Array, limit: number, random: Random): number {
  const at = random.float() * popularity[limit - 1]!;
  let low = 0;
  let high = limit - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (popularity[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
