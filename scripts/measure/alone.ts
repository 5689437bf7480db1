// SPDX-License-Identifier: MIT
/** What one thread can measure. All results in nanoseconds. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';

const PAGE = 4096;

/** The least of several rounds: what the work takes when nobody interferes. */
function least(rounds: number, round: () => number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds; i += 1) best = Math.min(best, round());
  return best;
}

function timeOf(times: number, work: (i: number) => void): number {
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i += 1) work(i);
  return Number(process.hrtime.bigint() - start) / times;
}

/** One page copied, out of so many MiB that are gone through in turn. */
export function pageCopy(mib: number): number {
  const pages = (mib * 1024 * 1024) / PAGE;
  const from = new Uint8Array(pages * PAGE).fill(1);
  const to = new Uint8Array(pages * PAGE).fill(2);
  const copies = Math.max(pages, 20_000);
  return least(5, () =>
    timeOf(copies, (i) => {
      const at = (i % pages) * PAGE;
      to.set(from.subarray(at, at + PAGE), at);
    }),
  );
}

/** A small shell forks, and waits for the child's end. */
export function forkTime(): number {
  const loop = 'i=0; while [ $i -lt 500 ]; do (:); i=$((i+1)); done';
  const empty = 'i=0; while [ $i -lt 500 ]; do :; i=$((i+1)); done';
  const run = (text: string): number => timeOf(1, () => spawnSync('/bin/sh', ['-c', text]));
  return least(5, () => Math.max(0, run(loop) - run(empty)) / 500);
}

export function openTime(): number {
  return least(5, () => timeOf(2000, () => closeSync(openSync('/proc/self/exe', 'r'))));
}

/** NaN where there is no sysfs. */
export function sysfsRead(): number {
  const path = '/sys/kernel/mm/transparent_hugepage/enabled';
  if (!existsSync(path)) return Number.NaN;
  return least(5, () => timeOf(1000, () => readFileSync(path)));
}
