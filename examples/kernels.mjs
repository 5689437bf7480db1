// SPDX-License-Identifier: MIT
// One storm under the rules of several kernels: where the duplicates are stopped, and what they cost.
import { simulate } from 'modstorm';

const storm = {
  version: 1,
  name: 'duplicates',
  machine: { cpus: 32 },
  modules: 'boot',
  storm: { generators: [{ per: 'cpu', op: 'finit_module', modules: 'all' }] },
};

for (const kernel of ['v6.3', 'v6.4', 'v6.5', 'v6.12']) {
  const run = simulate({ ...storm, kernel });
  if (!run.ok) throw new Error(run.problem.found);
  const { becoming, load } = run.result.wasted;
  console.log(`${kernel.padEnd(6)} becoming ${becoming}, load ${load}`);
}
