// SPDX-License-Identifier: MIT
// `modstorm verify --recorded`: recorded answers of real kernels, beside the model's.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CommandContext } from '../../cli/command-context.ts';
import { InputError } from '../../cli/input-error.ts';
import type { KernelVariant } from '../../cli/kernel-variant.ts';
import { openModuleDirectory } from '../../cli/module-directory.ts';
import { reportText, suiteLine, totalOf, type VerifiedSuite } from '../verify-report.ts';
import {
  isRecording,
  parseRecording,
  type RecordedFacts,
  readFacts,
  readJson,
} from './recording.ts';
import { type ReplayedRecording, replayRecording } from './replay-recording.ts';
import { type RealFiles, realFilesOf } from './stand-in-files.ts';

export interface RecordedOptions {
  /** Recordings, or directories of them. */
  readonly paths: readonly string[];
  /** Real module files, found by their SHA-256. */
  readonly modules?: string | undefined;
  readonly kernel?: KernelVariant | undefined;
  readonly json: boolean;
}

const FACTS_NAMES = ['modules.json.gz', 'modules.json'];

/** 0: all that was compared agrees; 1: something does not, or nothing could be compared. */
export async function recordedCommand(
  options: RecordedOptions,
  context: CommandContext,
): Promise<number> {
  const recordings = options.paths.flatMap((path) => recordingsIn(path));
  const real = realFiles(options.modules);
  const verified: VerifiedSuite[] = [];
  const replayed: (ReplayedRecording & { readonly file: string })[] = [];
  for (const file of recordings) {
    context.throwIfInterrupted();
    const recording = parseRecording(readJson(file), file);
    const done = replayRecording(recording, {
      facts: factsFor(file),
      real,
      kernel: options.kernel,
    });
    replayed.push({ ...done, file });
    const suite: VerifiedSuite = {
      suite: recording.scenario.name,
      variant: `as ${done.kernel}`,
      machine: 'recorded',
      kernel: done.kernel,
      release: recording.release,
      seed: recording.scenario.seed,
      cases: [
        {
          name: recording.scenario.name,
          steps: done.compared,
          boots: 0,
          comparison: done.comparison,
          crashes: [],
          modules: [],
          linuxMs: 0,
          stepsMs: 0,
          modelMs: done.modelMs,
        },
      ],
    };
    verified.push(suite);
    if (!options.json) await context.write(suiteLine(suite));
    for (const note of done.notes) process.stderr.write(`${file}: ${note}\n`);
  }
  const total = totalOf(verified);
  await context.write(
    options.json
      ? `${JSON.stringify({ version: 1, total, recordings: replayed }, null, 2)}\n`
      : `${reportText(verified)}${filesText(replayed)}`,
  );
  const compared = Object.values(total.total).reduce((a, b) => a + b, 0);
  return total.disagreements.length === 0 && compared > 0 ? 0 : 1;
}

function filesText(replayed: readonly ReplayedRecording[]): string {
  const sum = (of: (one: ReplayedRecording) => number): number =>
    replayed.reduce((n, one) => n + of(one), 0);
  return (
    `\n${replayed.length} recordings, ${sum((r) => r.compared)} of ${sum((r) => r.steps)} steps compared; ` +
    `module files: ${sum((r) => r.realFiles)} real, ${sum((r) => r.standIns)} stand-ins by their facts\n`
  );
}

function realFiles(directory: string | undefined): RealFiles {
  if (directory === undefined) return new Map();
  return realFilesOf(openModuleDirectory(directory).files.map((file) => file.read()));
}

/** The recordings of a directory and of those below it, or the one file. */
function recordingsIn(path: string): string[] {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(path).isDirectory();
  } catch {
    const expected = 'a recording or a directory of recordings';
    throw new InputError({ file: path, expected, found: 'nothing' });
  }
  if (!isDirectory) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();
  const found = names
    .filter((name) => /\.json(\.gz)?$/.test(name) && !isFactsName(name))
    .map((name) => join(path, name))
    .filter((file) => isRecording(readJson(file)));
  if (found.length === 0) {
    throw new InputError({ file: path, expected: 'recordings (*.json.gz)', found: 'none' });
  }
  return found;
}

function isFactsName(name: string): boolean {
  return FACTS_NAMES.some((facts) => name === facts || name.endsWith(`/${facts}`));
}

const factsCache = new Map<string, ReadonlyMap<string, RecordedFacts>>();

/** The facts beside a recording; none when there is no such file. */
function factsFor(file: string): ReadonlyMap<string, RecordedFacts> {
  for (const name of FACTS_NAMES) {
    const path = join(dirname(file), name);
    if (!existsSync(path)) continue;
    let facts = factsCache.get(path);
    if (facts === undefined) {
      facts = readFacts(path);
      factsCache.set(path, facts);
    }
    return facts;
  }
  return new Map();
}
