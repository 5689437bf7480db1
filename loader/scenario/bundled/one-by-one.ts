// SPDX-License-Identifier: MIT
import type { ScenarioInput } from '../schema.ts';

/** One CPU loads every module of a directory, dependencies first, until the end or past it. */
export const ONE_BY_ONE: ScenarioInput = {
  version: 1,
  name: 'one-by-one',
  description: 'one CPU loads every module, one after the other',
  machine: { cpus: 1 },
  modules: { catalog: 'distro', init: {} },
  storm: { generators: [{ per: 'cpu', op: 'finit_module', modules: 'all' }] },
};
