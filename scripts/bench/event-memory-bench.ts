// SPDX-License-Identifier: MIT
/**
 * What ten million events take in memory while they go to disk: a process of its own replays a
 * storm and writes the event file, and says how large it ever was.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCatalog } from '../../loader/catalog/index.ts';
import { EventLineWriter } from '../../loader/export/index.ts';
import { prepareRun, scenarioSchema } from '../../loader/scenario/index.ts';
import { driveSteps, Session } from '../../loader/session/index.ts';
import type { Measurement } from './budget.ts';

/** First argument of the process that does the work; the second is the file to write. */
export const EVENT_CHILD = '--event-child';

const EVENTS = 10_000_000;

export async function eventMemory(program: string): Promise<Measurement> {
  const directory = mkdtempSync(join(tmpdir(), 'modstorm-bench-'));
  const file = join(directory, 'events.jsonl');
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  const stop = new AbortController();
  const interrupted = (): void => {
    stop.abort();
    remove();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  try {
    const child = JSON.parse(await run(program, [EVENT_CHILD, file], stop.signal)) as ChildReport;
    const size = statSync(file).size;
    if (child.events < EVENTS) throw new Error(`only ${child.events} events`);
    return {
      budget: 'event-memory',
      value: child.peakBytes / 1e9,
      detail: `${(child.events / 1e6).toFixed(1)} million events, ${(size / 1e9).toFixed(2)} GB`,
    };
  } finally {
    process.off('SIGINT', interrupted);
    remove();
  }
}

interface ChildReport {
  readonly events: number;
  readonly peakBytes: number;
}

/** The child: replays until enough events are written, then reports on stdout. */
export function runEventChild(file: string): void {
  const descriptor = openSync(file, 'w');
  const scenario = scenarioSchema.parse({
    version: 1,
    name: 'event memory',
    machine: { cpus: 64 },
    modules: 'boot',
    storm: {
      generators: [{ per: 'cpu', op: 'init_module', modules: 'all', repeat: 300 }],
    },
  });
  const run = prepareRun(scenario, { source: openCatalog('boot')! });
  const { events, space } = run.kernel;
  const writer = new EventLineWriter(space.preset, (chunk) => writeSync(descriptor, chunk));
  events.attach(writer);
  const session = new Session(run.kernel, run.program, run.observer);
  for (const steps = driveSteps(session); events.emitted < EVENTS; ) {
    if (steps.next().done) break;
  }
  writer.end();
  closeSync(descriptor);
  // maxRSS is in KiB on every system.
  const peakBytes = process.resourceUsage().maxRSS * 1024;
  process.stdout.write(JSON.stringify({ events: events.emitted, peakBytes } satisfies ChildReport));
}

function run(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      signal,
    });
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (piece: string) => {
      text += piece;
    });
    child.on('error', reject);
    child.on('close', (code, killed) => {
      if (code === 0) resolve(text);
      else reject(new Error(`the process with the events ended with ${code ?? killed}`));
    });
  });
}
