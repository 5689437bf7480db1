/**
 * Fits the constants of the published guests: each per-CPU module's init time on the 255-CPU table
 * of April 2023. Prints what it tried and, last, the constants; nothing is written.
 *
 *   npx esbuild scripts/fit/fit-published.ts --bundle --platform=node --format=esm \
 *     --packages=external --outfile=dist/fit-published.mjs && node dist/fit-published.mjs
 */
import {
  INIT_CPU_US,
  PUBLISHED_8,
  PUBLISHED_255,
} from '../../loader/scenario/bundled/published.ts';
import { openCatalog } from '../../loader/scenario/catalog.ts';
import { collectResult } from '../../loader/scenario/collect-result.ts';
import { driveSession } from '../../loader/scenario/drive-session.ts';
import { prepareRun } from '../../loader/scenario/prepare.ts';
import type { RunResult } from '../../loader/scenario/result.ts';
import { type ScenarioInput, scenarioSchema } from '../../loader/scenario/schema.ts';
import { Session } from '../../loader/scenario/session.ts';
import { PUBLISHED_TABLES } from '../published-tables.ts';

const ROUNDS = Number(process.argv[2] ?? 12);
const GIVEN: Record<string, number> = JSON.parse(process.argv[3] ?? '{}');
const fails: string[] = [];
const source = openCatalog('published')!;
const costs: Record<string, number> = { ...GIVEN };
const times: Record<string, number> = { ...INIT_CPU_US };
/** Modules whose duplicates the table gives in the order they are first asked for. */
const ORDER = [
  'crc32c_intel',
  'crc32_pclmul',
  'cryptd',
  'crypto_simd',
  'aesni_intel',
  'sha512_generic',
  'sha512_ssse3',
  'ghash_clmulni_intel',
  'crct10dif_pclmul',
  'irqbypass',
  'kvm',
  'kvm_intel',
];

function run(guest: ScenarioInput): RunResult {
  const modules = guest.modules as { catalog: string };
  const init = Object.fromEntries(
    Object.entries(times).map(([name, cpu_us]) => [name, { cpu_us, sleeps: true }]),
  );
  const machine = { ...guest.machine, costs: { ...guest.machine?.costs, ...costs } };
  const scenario = scenarioSchema.parse({ ...guest, machine, modules: { ...modules, init } });
  const prepared = prepareRun(scenario, { source });
  prepared.kernel.events.attach({
    push: (event) => {
      if (event.kind === 'outcome' && event.stage === 'load') fails.push(event.module);
    },
  });
  driveSession(new Session(prepared.kernel, prepared.program, prepared.observer));
  return collectResult(prepared);
}

function counts(result: RunResult): Map<string, number> {
  return new Map(result.duplicates.map((row) => [row.name, row.count]));
}

const wanted: Readonly<Record<string, number>> = PUBLISHED_TABLES['published-255'].duplicates;
for (let round = 0; round < ROUNDS; round += 1) {
  const got = counts(run(PUBLISHED_255));
  const line = ORDER.map((name) => `${name} ${got.get(name) ?? 0}/${wanted[name]}`).join('  ');
  console.log(line);
  let off = 0;
  for (const name of ORDER) {
    const target = wanted[name]!;
    const have = got.get(name) ?? 0;
    // No init, or a table that says only that it was long enough.
    if (times[name] === undefined || (have > 240 && target > 240)) continue;
    if (Math.abs(have - target) <= Math.max(1, 0.04 * target)) continue;
    off += 1;
    const factor = ((target + 1) / (have + 1)) ** 0.7;
    times[name] = Number((times[name]! * Math.min(3, Math.max(1 / 3, factor))).toPrecision(3));
  }
  if (off === 0) break;
}
for (const [name, guest] of Object.entries({
  'published-255': PUBLISHED_255,
  'published-8': PUBLISHED_8,
})) {
  const result = run(guest);
  const loads = new Map<string, number>();
  for (const call of fails) loads.set(call, (loads.get(call) ?? 0) + 1);
  console.log(name, result.wasted, [...counts(result)].join(' '), '| load:', [...loads].join(' '));
  fails.length = 0;
}
console.log(times);
