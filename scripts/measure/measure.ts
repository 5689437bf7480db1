// SPDX-License-Identifier: MIT
/**
 * Measures, on the machine it runs on, those time constants of the model that a process without
 * privileges can see, and prints each beside the model's value and its physical range.
 *
 *   npm run measure -- [--json]
 */
import { cpus } from 'node:os';
import {
  COST_RANGES,
  DEFAULT_COSTS,
  DEFAULT_USERSPACE_COSTS,
  MACHINE_KINDS,
  USERSPACE_COST_RANGES,
} from '../../loader/presets/index.ts';
import { forkTime, openTime, pageCopy, sysfsRead } from './alone.ts';
import { lineTransfer, pagesByAll, wakeUp } from './together.ts';

/** A measured figure, in nanoseconds, and the constant it is the source of. */
interface Measured {
  readonly name: string;
  readonly how: string;
  readonly ns: number;
}

const RANGES = { ...COST_RANGES, ...USERSPACE_COST_RANGES };
const DEFAULTS: Readonly<Record<string, number>> = { ...DEFAULT_COSTS, ...DEFAULT_USERSPACE_COSTS };
const GUEST: Readonly<Record<string, number>> = {
  ...DEFAULTS,
  ...MACHINE_KINDS['kvm-guest'].costs,
  ...MACHINE_KINDS['kvm-guest'].userspace,
};

async function measureAll(): Promise<Measured[]> {
  const threads = cpus().length;
  const wake = await wakeUp();
  const copies = await pagesByAll(threads);
  return [
    { name: 'kread_page_ns', how: 'a page of 4 KiB copied, 64 MiB in turn', ns: pageCopy(64) },
    { name: 'move_page_ns', how: 'the same, 256 KiB in turn', ns: pageCopy(0.25) },
    {
      name: 'memory_page_ns',
      how: `pages copied by ${threads} threads at once, time by all pages`,
      ns: copies,
    },
    {
      name: 'line_ns',
      how: 'a cache line that two threads write in turn',
      ns: await lineTransfer(),
    },
    { name: 'mutex_wakeup_ns', how: 'half a round of two threads that wake each other', ns: wake },
    { name: 'module_wake_ns', how: 'the same, an upper bound', ns: wake },
    { name: 'hotplug_cpu_ns', how: 'a whole round of them', ns: 2 * wake },
    { name: 'udev_fork_ns', how: 'a small shell forks and waits; udevd is larger', ns: forkTime() },
    { name: 'path_open_ns', how: 'open and close of a file in the cache', ns: openTime() },
    { name: 'sysfs_read_ns', how: 'open, read and close of a file of sysfs', ns: sysfsRead() },
  ];
}

const measured = await measureAll();
if (process.argv.includes('--json')) {
  console.log(JSON.stringify({ cpus: cpus().length, model: cpus()[0]?.model, measured }, null, 2));
} else {
  console.log(`${cpus().length} CPUs, ${cpus()[0]?.model}; nanoseconds`);
  console.log(
    `${'constant'.padEnd(18)}${'here'.padStart(10)}${'bare'.padStart(10)}${'guest'.padStart(10)}  ranges (bare; guest)`,
  );
  for (const { name, how, ns } of measured) {
    const range = RANGES[name as keyof typeof RANGES];
    const bounds = range ? `${range.bare.join('–')}; ${range.guest.join('–')}` : 'none given';
    console.log(
      `${name.padEnd(18)}${ns.toFixed(0).padStart(10)}${String(DEFAULTS[name]).padStart(10)}` +
        `${String(GUEST[name]).padStart(10)}  ${bounds}  (${how})`,
    );
  }
}
