// SPDX-License-Identifier: MIT
// Modules of your own: any object with a name, files and metadata is a source of modules.
import { simulate } from 'modstorm';
import { writeModule } from 'modstorm/elf';

const vermagic = '6.12.0-example SMP mod_unload 686 ';
const files = ['alpha', 'beta'].map((name) => {
  const spec = { name, vermagic, license: 'GPL', structModuleSize: 448 };
  const bytes = writeModule({ ...spec, sizes: { text: 40_000, data: 8_000 } });
  return { path: `extra/${name}.ko`, size: bytes.length, read: () => bytes };
});
const modules = { name: 'mine', release: '6.12.0-example', files, metadata: {} };

const run = simulate(
  {
    version: 1,
    name: 'mine',
    modules: { dir: '.' },
    steps: [{ modprobe: 'alpha' }, { modprobe: 'beta' }],
  },
  { modules },
);
if (!run.ok) throw new Error(`${run.problem.place}: ${run.problem.found}`);
for (const { subject, ret } of run.result.results) console.log(`${subject}: ${ret}`);
console.log(run.result.files['/proc/modules'].trimEnd());
