// SPDX-License-Identifier: MIT
/** The stretch of time that charts, tracks and totals show; never outside the run. */
export interface TimeRange {
  /** Nanoseconds. */
  readonly from: number;
  readonly to: number;
}

/** The shortest stretch, nanoseconds. */
const SHORTEST = 100;

/** The range within [0, duration], as long as asked where that is possible. */
export function within(from: number, length: number, duration: number): TimeRange {
  const long = Math.min(duration, Math.max(SHORTEST, length));
  const start = Math.min(Math.max(0, from), duration - long);
  return { from: start, to: start + long };
}

/** Longer or shorter by a factor, with `at` staying where it is. */
export function zoomed(
  { from, to }: TimeRange,
  factor: number,
  at: number,
  duration: number,
): TimeRange {
  const length = Math.min(duration, Math.max(SHORTEST, (to - from) * factor));
  const share = to > from ? (at - from) / (to - from) : 0.5;
  return within(at - share * length, length, duration);
}

export function moved({ from, to }: TimeRange, by: number, duration: number): TimeRange {
  return within(from + by, to - from, duration);
}

/** Round times for an axis, some `count` of them. */
export function ticks({ from, to }: TimeRange, count: number): number[] {
  const rough = (to - from) / Math.max(1, count);
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough) ?? 10 * power;
  const found: number[] = [];
  for (let i = Math.ceil(from / step); i * step <= to; i += 1) found.push(i * step);
  return found;
}

/** The place of the first of some sorted times that is `t` or later; their count if none is. */
export function firstFrom(times: Float64Array, t: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const mid = (low + high) >> 1;
    if (times[mid]! < t) low = mid + 1;
    else high = mid;
  }
  return low;
}
