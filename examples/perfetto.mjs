// SPDX-License-Identifier: MIT
// A file that Perfetto opens: requests and their stages as slices, counters above them.
import { writeFileSync } from 'node:fs';
import { ADDRESS_SPACES, BUNDLED_SCENARIOS, simulate } from 'modstorm';
import { TraceEventJsonWriter } from 'modstorm/trace';

const file = process.argv[2] ?? 'trace.json';
const chunks = [];
const writer = new TraceEventJsonWriter(ADDRESS_SPACES.get('i386-128m'), (chunk) =>
  chunks.push(chunk),
);
const document = { ...BUNDLED_SCENARIOS.race, machine: { cpus: 4 } };
const run = simulate(document, { events: writer });
if (!run.ok) throw new Error(run.problem.found);
writer.end();
writeFileSync(file, chunks.join(''));
console.log(`${file}: ${JSON.parse(chunks.join('')).traceEvents.length} events`);
