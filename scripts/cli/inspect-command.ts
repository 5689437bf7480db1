import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { EventLineReader } from '../../loader/export/index.ts';
import { firstProblem, prepareRun } from '../../loader/scenario/index.ts';
import { driveSteps, Session } from '../../loader/session/index.ts';
import {
  AddressMap,
  type AddressState,
  areasOfVmallocinfo,
  explainFailure,
  failureFacts,
  MOMENT_FORMS,
  type Moment,
  mapSvg,
  mapText,
  parseMoment,
  recordedSpace,
  stateJson,
  vmallocinfoText,
} from '../../loader/view/index.ts';
import { Breath } from './breath.ts';
import type { CommandContext } from './command-context.ts';
import { importEvidence } from './import-command.ts';
import { InputError } from './input-error.ts';
import { readJsonFile } from './json-file.ts';
import { Progress } from './progress.ts';
import {
  asInputError,
  isScenarioFile,
  type LoadedScenario,
  loadScenario,
  openDocument,
  type ScenarioOverrides,
} from './scenario-loader.ts';
import { withOverrides } from './scenario-overrides.ts';
import { printWarnings } from './warnings.ts';

export interface InspectOptions extends ScenarioOverrides {
  /** A directory of results, its events.jsonl or result.json, or a scenario. */
  readonly subject: string;
  readonly at: string;
  readonly format: 'map' | 'svg' | 'vmallocinfo' | 'json';
}

const CHUNK = 1 << 20;

/** `inspect`: the address space at one moment of a run. */
export async function inspectCommand(
  options: InspectOptions,
  context: CommandContext,
): Promise<number> {
  const moment = parseMoment(options.at);
  if (!moment.ok) {
    throw new InputError({
      file: '--at',
      expected: MOMENT_FORMS,
      found: JSON.stringify(options.at),
    });
  }
  const events = recordedEvents(options.subject);
  const map = events ? await readRecorded(events, context) : await replayScenario(options, context);
  const found = map.stateAtMoment(moment.moment);
  if (!found.ok) {
    throw new InputError({
      file: options.subject,
      place: `--at ${options.at}`,
      expected: 'a moment of the run',
      found: found.message,
    });
  }
  await context.write(render(options.format, map, found.state, moment.moment));
  return 0;
}

function render(
  format: InspectOptions['format'],
  map: AddressMap,
  state: AddressState,
  moment: Moment,
): string {
  const failure = moment.at === 'failure' ? map.firstFailure : null;
  switch (format) {
    case 'svg':
      return mapSvg(map, state, { failure });
    case 'vmallocinfo':
      return vmallocinfoText(map.space, state);
    case 'json':
      return `${JSON.stringify(stateJson(map, state, failure), null, 2)}\n`;
    case 'map': {
      const color = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
      const columns = Math.min(128, Math.max(64, (process.stdout.columns ?? 80) - 14));
      const text = mapText(map, state, { failure, color, columns });
      return failure === null ? text : `${text}\n${explainFailure(failureFacts(map, failure))}\n`;
    }
  }
}

/** The event file that a subject stands for; undefined when it is a scenario. */
function recordedEvents(subject: string): string | undefined {
  if (!existsSync(subject)) return undefined;
  if (statSync(subject).isDirectory()) {
    const file = join(subject, 'events.jsonl');
    if (existsSync(file)) return file;
    throw new InputError({
      file: subject,
      expected: 'a directory written by --out',
      found: 'no events.jsonl in it',
    });
  }
  if (subject.endsWith('.jsonl')) return subject;
  return basename(subject) === 'result.json' ? join(dirname(subject), 'events.jsonl') : undefined;
}

const machineSchema = z.object({
  machine: z.object({
    vmalloc: z.object({ name: z.string(), start: z.string(), end: z.string() }),
    initial: z.string().optional(),
  }),
});

async function readRecorded(events: string, context: CommandContext): Promise<AddressMap> {
  const file = join(dirname(events), 'result.json');
  const parsed = machineSchema.safeParse(readJson(file));
  if (!parsed.success) {
    throw new InputError({ file, ...firstProblem(parsed.error, readJson(file)) });
  }
  const { vmalloc, initial } = parsed.data.machine;
  const made = recordedSpace(vmalloc);
  if (!made.ok) {
    throw new InputError({
      file,
      place: 'machine.vmalloc',
      expected: 'an address space',
      found: made.message,
    });
  }
  const space = made.preset;
  const before = initial === undefined ? [] : areasOfVmallocinfo(space, initial);
  const map = new AddressMap(space, { initial: before });
  await feedFile(events, new EventLineReader(space, map), context);
  return map;
}

function readJson(file: string): unknown {
  return readJsonFile(file, 'the result.json beside the events');
}

async function feedFile(
  path: string,
  reader: EventLineReader,
  context: CommandContext,
): Promise<void> {
  const progress = new Progress();
  const breath = new Breath(context);
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError({ file: path, expected: 'an event file', found: code ?? String(error) });
  }
  try {
    const decoder = new TextDecoder();
    const chunk = Buffer.alloc(CHUNK);
    let total = 0;
    for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
      total += read;
      fail(path, reader.feed(decoder.decode(chunk.subarray(0, read), { stream: true })));
      progress.show(() => `reading events: ${(total / CHUNK).toFixed(0)} MiB`);
      await breath.take();
    }
    fail(path, reader.end());
  } finally {
    progress.clear();
    closeSync(fd);
  }
}

function fail(file: string, problem: string | null): void {
  if (problem === null) return;
  throw new InputError({ file, expected: 'events as --out writes them', found: problem });
}

/** A scenario, or a file that import takes: a bare vmallocinfo above all. */
async function loadedSubject(
  options: InspectOptions,
  context: CommandContext,
): Promise<LoadedScenario> {
  const { subject } = options;
  if (!existsSync(subject) || subject.endsWith('.json') || isScenarioFile(subject)) {
    return loadScenario(subject, options);
  }
  const { imported } = await importEvidence({ files: [subject] }, context);
  for (const warning of imported.warnings) process.stderr.write(`warning: ${warning}\n`);
  const document = withOverrides(imported.scenario, options);
  return openDocument(document, { base: process.cwd(), origin: subject, shell: true });
}

async function replayScenario(
  options: InspectOptions,
  context: CommandContext,
): Promise<AddressMap> {
  const loaded = await loadedSubject(options, context);
  const progress = new Progress();
  const breath = new Breath(context);
  try {
    const run = prepareRun(loaded.scenario, {
      source: loaded.source,
      followed: loaded.followed,
    });
    const { space } = run.kernel;
    const map = new AddressMap(space.preset, { initial: space.areas() });
    run.kernel.events.attach(map);
    const session = new Session(run.kernel, run.program, run.observer);
    for (const steps = driveSteps(session); !steps.next().done; ) {
      progress.show(() => `${(run.kernel.engine.now / 1e6).toFixed(1)} ms simulated`);
      await breath.take();
    }
    progress.clear();
    printWarnings(run.warnings());
    return map;
  } catch (error) {
    throw asInputError(error, loaded.origin);
  } finally {
    progress.clear();
  }
}
