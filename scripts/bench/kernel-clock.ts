// SPDX-License-Identifier: MIT
/** How long a real kernel in v86 takes for groups of operations, by the CPU this process uses. */
import type { LinuxGuestFiles } from '../../emulator/linux/guest-cache.ts';
import type { GuestOp } from '../../emulator/linux/guest-ops.ts';
import { runLinuxGuest } from '../../emulator/linux/linux-machine.ts';
import type { LinuxOpResult } from '../../emulator/linux/linux-run.ts';
import { guestModules } from '../verify/module-files.ts';
import { cpuNanos } from './stopwatch.ts';

export interface TimedGroup {
  /** CPU nanoseconds from the begin of its first operation to the begin of what follows. */
  readonly nanos: number;
  readonly results: readonly LinuxOpResult[];
}

const LIMIT_MS = 600_000;

/**
 * Boots once and runs the groups in order. Nothing is traced in the guest, and while it idles its
 * clock skips, so that waiting costs nothing. Throws when the guest does not come to the end.
 */
export async function timeOnKernel(
  guest: LinuxGuestFiles,
  groups: readonly (readonly GuestOp[])[],
): Promise<TimedGroup[]> {
  const end: GuestOp = { op: 'settle' };
  const ops = [...groups.flat(), end];
  const begins = new Set<number>();
  let line = 0;
  for (const group of groups) {
    begins.add(line);
    line += group.length;
  }
  begins.add(line);
  const times: number[] = [];
  const files = new Map<string, Uint8Array>();
  for (const [name, bytes] of guestModules(guest)) files.set(guestPath(guest, name), bytes);
  const run = await runLinuxGuest({
    guest,
    ops,
    files,
    timeoutMs: LIMIT_MS,
    onProgress: (begun) => {
      if (begins.has(begun)) times.push(cpuNanos());
    },
  });
  if (run.outcome !== 'done') throw new Error(`the guest ended with ${run.outcome}: ${run.reason}`);
  let first = 0;
  return groups.map((group, i) => {
    const results = run.results.slice(first, first + group.length);
    first += group.length;
    return { nanos: times[i + 1]! - times[i]!, results };
  });
}

export function guestPath({ release }: LinuxGuestFiles, name: string): string {
  return `/lib/modules/${release}/${name}`;
}
