// SPDX-License-Identifier: MIT
import type { Bytes } from '../base/index.ts';

/** WORKER_NUM_MAX, src/udev/udevd.c, systemd 252 */
const WORKER_NUM_MAX = 2048;

/**
 * How many workers systemd-udevd starts at most when nobody says otherwise (src/udev/udevd.c,
 * systemd 243 to 258): 16 and two for each CPU, but no more than one for each 128 MiB of RAM
 * (ten in any case), and never more than 2,048.
 */
export function defaultChildrenMax(cpus: number, ram: Bytes): number {
  const cpuLimit = cpus * 2 + 16;
  const memLimit = Math.max(Math.floor(ram / (128 * 1024 * 1024)), 10);
  return Math.min(cpuLimit, memLimit, WORKER_NUM_MAX);
}
