// SPDX-License-Identifier: MIT
// A storm in one call: eight CPUs ask for every bundled module at once.
import { simulate } from 'modstorm';

const run = simulate({
  version: 1,
  name: 'eight CPUs',
  kernel: 'v6.4',
  machine: { cpus: 8 },
  modules: 'boot',
  storm: { generators: [{ per: 'cpu', op: 'finit_module', modules: 'all' }] },
});

if (!run.ok) {
  const { place, expected, found } = run.problem;
  throw new Error(`${place}: expected ${expected}, found ${found}`);
}
for (const warning of run.warnings) console.error(warning);
const { counters, wasted } = run.result;
console.log(`modules loaded: ${counters.modcount}`);
console.log(`bytes wasted:   ${wasted.becoming + wasted.load + wasted.kread + wasted.decompress}`);
