// SPDX-License-Identifier: MIT
/** How soon the storm guest's first request is answered after the process starts. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Measurement } from './budget.ts';
import { median } from './stopwatch.ts';

const BUDGET = 'guest-start';
const STARTS = 5;

/** `cli` is the built command line; it stands beside the bench's own bundle. */
export async function guestStart(cli: string): Promise<Measurement> {
  if (!existsSync(cli)) return { budget: BUDGET, skipped: 'dist/cli.js is not there' };
  const times: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'boot', '--json'], {
      maxBuffer: 1 << 28,
    });
    const { host } = JSON.parse(stdout) as { host: { firstRequestMs?: number } };
    if (host.firstRequestMs === undefined) throw new Error('the guest asked for nothing');
    times.push(host.firstRequestMs / 1000);
  }
  const fastest = Math.min(...times).toFixed(2);
  return {
    budget: BUDGET,
    value: median(times),
    detail: `median of ${STARTS} boots; fastest ${fastest} s, slowest ${Math.max(...times).toFixed(2)} s`,
  };
}
