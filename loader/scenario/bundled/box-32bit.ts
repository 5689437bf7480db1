// SPDX-License-Identifier: MIT
import type { ScenarioInput } from '../schema.ts';

/**
 * A 32-bit machine with the default 120 MiB of vmalloc space whose 48 CPUs mount three kinds of
 * file system at once. Up to v6.3 every loser holds a copy and a layout of the module it waits
 * for, and the space runs out; from v6.5 on one load serves all.
 */
export const BOX_32BIT: ScenarioInput = {
  version: 1,
  name: 'box-32bit',
  description: '48 CPUs of a 32-bit machine ask for three file systems at once',
  kernel: 'v6.3',
  machine: { cpus: 48, vmalloc: 'i386-highmem', memory_mb: 16_384 },
  modules: { catalog: 'boot', init: {} },
  storm: {
    generators: [
      {
        per: 'cpu',
        op: 'modprobe',
        modules: ['ext4', 'xfs', 'btrfs'],
        arrival: { uniform_us: [0, 500] },
      },
    ],
  },
};
