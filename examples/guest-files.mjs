// SPDX-License-Identifier: MIT
// The kernel's files after a run, read with the `fs` API of Node.
import { simulate } from 'modstorm';
import { createGuestVolume } from 'modstorm/memfs';

const run = simulate({
  version: 1,
  name: 'files',
  modules: 'boot',
  steps: [{ modprobe: 'ext4' }],
});
if (!run.ok) throw new Error(run.problem.found);
const fs = createGuestVolume(run.kernel);
console.log(fs.readFileSync('/proc/modules', 'utf8').trimEnd());
console.log(fs.readFileSync('/sys/kernel/debug/modules/stats', 'utf8').split('\n')[0]);
