// SPDX-License-Identifier: MIT
import type { ScenarioInput } from '../schema.ts';

/** `stress-ng --module 100 --module-name xfs`: 100 processes load and unload one module. */
export const STRESS_NG: ScenarioInput = {
  version: 1,
  name: 'stress-ng',
  description: '100 processes load and delete xfs, 20 times each',
  kernel: 'v6.12',
  machine: { cpus: 8, vmalloc: { mib: 512 } },
  modules: { catalog: 'boot', init: {} },
  storm: {
    generators: [
      { per: 'process', count: 1, op: 'modprobe', modules: ['libcrc32c'] },
      {
        per: 'process',
        count: 100,
        op: 'finit_delete',
        modules: ['xfs'],
        repeat: 20,
        arrival: { at_us: 20_000 },
      },
    ],
  },
};
