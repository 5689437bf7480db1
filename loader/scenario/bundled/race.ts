// SPDX-License-Identifier: MIT
import type { ScenarioInput } from '../schema.ts';

/**
 * What `boot --modules DIR` runs when no scenario is named: every CPU asks for the first 400
 * modules of a directory, dependencies first; the last CPU through init_module, which no gate
 * merges.
 */
export const RACE: ScenarioInput = {
  version: 1,
  name: 'race',
  description: 'every CPU asks for the same 400 modules, one more context through init_module',
  machine: { cpus: 8 },
  modules: { catalog: 'boot', init: {} },
  storm: {
    generators: [
      {
        per: 'cpu',
        op: 'finit_module',
        modules: 'all',
        limit: 400,
        arrival: { uniform_us: [0, 1000] },
      },
      {
        per: 'cpu',
        cpus: { list: [0] },
        op: 'init_module',
        modules: 'all',
        limit: 400,
        arrival: { at_us: 500 },
      },
    ],
  },
};
