// SPDX-License-Identifier: MIT
// Every event of a run as the text that /sys/kernel/tracing/trace would show.
import { ADDRESS_SPACES, simulate } from 'modstorm';
import { formatFtraceLine } from 'modstorm/trace';

const space = ADDRESS_SPACES.get('i386-128m');
const lines = [];
const run = simulate(
  { version: 1, name: 'one', modules: 'boot', steps: [{ modprobe: 'xfs' }] },
  {
    events: {
      push(event) {
        const line = formatFtraceLine(space, event);
        if (line !== null) lines.push(line);
      },
    },
  },
);
if (!run.ok) throw new Error(run.problem.found);
console.log(lines.slice(0, 12).join('\n'));
console.log(`${lines.length} lines`);
