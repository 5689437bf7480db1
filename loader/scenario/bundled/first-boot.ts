// SPDX-License-Identifier: MIT
import type { ScenarioInput } from '../schema.ts';

/**
 * What `npm start` runs: 64 CPUs come up within 20 ms and each asks for every module of a server's
 * boot, in its own order of arrival.
 */
export const FIRST_BOOT: ScenarioInput = {
  version: 1,
  name: 'first-boot',
  description: '64 CPUs ask for the same 71 modules at once',
  machine: { cpus: 64 },
  modules: { catalog: 'boot', init: {} },
  storm: {
    generators: [
      {
        per: 'cpu',
        cpus: 'all',
        op: 'finit_module',
        modules: 'all',
        order: 'listed',
        arrival: { uniform_us: [0, 20_000] },
      },
    ],
  },
};
