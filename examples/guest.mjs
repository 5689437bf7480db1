// SPDX-License-Identifier: MIT
// The same storm from an x86 guest: it boots in v86 and asks over the module port.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  BUNDLED_SCENARIOS,
  collectResult,
  openCatalog,
  prepareRun,
  Session,
  scenarioSchema,
} from 'modstorm';
import { bootGuest, loadV86Wasm } from 'modstorm/emulator/node';

const document = { ...BUNDLED_SCENARIOS['first-boot'], machine: { cpus: 4 } };
const run = prepareRun(scenarioSchema.parse(document), { source: openCatalog('boot') });
const image = new URL('../guest-images/storm/storm.bin', import.meta.url);
const { exit, port } = await bootGuest({
  wasm: await loadV86Wasm(),
  image: readFileSync(fileURLToPath(image)),
  session: new Session(run.kernel, run.program, run.observer),
});
console.log(`the guest ended: ${exit}; ${port.requests} requests`);
console.log(`modules loaded: ${collectResult(run).counters.modcount}`);
