// SPDX-License-Identifier: MIT
/** Recordings of runs that happened elsewhere: result.json, events.jsonl, or both. */

import { exactTime, formatHex, groupDigits } from '../../../loader/base/index.ts';
import { EventLineReader } from '../../../loader/export/index.ts';
import {
  ADDRESS_SPACES,
  type AddressSpacePreset,
  type PresetResult,
} from '../../../loader/presets/index.ts';
import { firstProblem } from '../../../loader/scenario/index.ts';
import { areasOfVmallocinfo, recordedSpace } from '../../../loader/view/index.ts';
import type { GivenFile } from '../messages.ts';
import { type ResultFile, resultSchema } from '../result-file.ts';
import { isModuleName } from './file-modules.ts';
import { Recording } from './recording.ts';
import type { RunWatcher } from './run-job.ts';
import { GivenProblem, readJson } from './scenario-input.ts';

const CHUNK = 1 << 20;
/** Enough of an event file to find an allocation in. */
const HEAD = 1 << 18;

/** Whether files tell of a run that was, not of one to be; files of neither kind are refused. */
export async function areRecorded(files: readonly GivenFile[]): Promise<boolean> {
  if (files.some(({ path }) => path.endsWith('.jsonl'))) return true;
  const document = documentOf(files);
  if (document !== undefined) {
    const found = await readJson(document);
    return found !== null && typeof found === 'object' && 'counters' in found;
  }
  if (files.some(({ path }) => isModuleName(path))) return false;
  throw new GivenProblem(nothingKnown(files));
}

export async function openRecording(
  files: readonly GivenFile[],
  { progress, started, signal }: RunWatcher,
): Promise<Recording> {
  const events = files.find(({ path }) => path.endsWith('.jsonl'));
  const document = documentOf(files);
  const result = document ? await readResult(document) : null;
  const space = result ? spaceOf(result, document!.path) : await guessSpace(events!);
  const stillText = events ? result?.machine.initial : result!.files['/proc/vmallocinfo'];
  const recording = new Recording(space, {
    title: result?.scenario.name ?? events!.path,
    kernel: result?.kernel.base ?? '',
    cpus: result?.machine.cpus ?? 1,
    initial: stillText === undefined ? [] : areasOfVmallocinfo(space, stillText),
  });
  started(recording);
  if (events) await readEvents(events, recording, progress, signal);
  if (events && result) checkSameRun(recording, result, document!.path, events.path);
  recording.result = result;
  recording.resultText = document ? await document.file.text() : null;
  return recording;
}

function nothingKnown(files: readonly GivenFile[]): string {
  const names = files.slice(0, 3).map(({ path }) => path);
  const more = files.length > 3 ? ` and ${files.length - 3} more` : '';
  return (
    `${names.join(', ')}${more}: expected a scenario (.json), result.json, events.jsonl ` +
    'or a folder of modules (.ko, .ko.gz, .ko.xz, .ko.zst)'
  );
}

async function readResult(given: GivenFile): Promise<ResultFile> {
  const document = await readJson(given);
  const parsed = resultSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const { place, expected, found } = firstProblem(parsed.error, document);
  throw new GivenProblem(`${given.path}: ${place}: expected ${expected}, found ${found}`);
}

function spaceOf({ machine }: ResultFile, path: string): AddressSpacePreset {
  return presetOf(recordedSpace(machine.vmalloc), `${path}: machine.vmalloc`);
}

function presetOf(made: PresetResult, place: string): AddressSpacePreset {
  if (made.ok) return made.preset;
  throw new GivenProblem(`${place}: expected an address space, found ${made.message}`);
}

/** Events alone do not name their address space; the range they search tells it. */
async function guessSpace({ path, file }: GivenFile): Promise<AddressSpacePreset> {
  const head = await file.slice(0, HEAD).text();
  const ranges = head.matchAll(/"vstart":"(0x[0-9a-f]+)","vend":"(0x[0-9a-f]+)"/g);
  let first: { start: string; end: string } | undefined;
  for (const [, start, end] of ranges) {
    for (const preset of ADDRESS_SPACES.values()) {
      const found = [formatHex(preset, preset.vmallocStart), formatHex(preset, preset.vmallocEnd)];
      if (found[0] === start && found[1] === end) return preset;
    }
    first ??= { start: start!, end: end! };
  }
  if (first === undefined) {
    throw new GivenProblem(
      `${path}: expected events as --out writes them, found no alloc_vmap_area among the first ` +
        'lines; drop the result.json of the run with it',
    );
  }
  return presetOf(recordedSpace({ name: '', ...first }), path);
}

/** Reads as far as the file can be read; where it ends early, the recording says so. */
async function readEvents(
  { path, file }: GivenFile,
  recording: Recording,
  progress: RunWatcher['progress'],
  signal: AbortSignal,
): Promise<void> {
  const reader = new EventLineReader(recording.space, recording);
  const decoder = new TextDecoder();
  let problem: string | null = null;
  for (let at = 0; at < file.size && problem === null && !signal.aborted; at += CHUNK) {
    const piece = new Uint8Array(await file.slice(at, at + CHUNK).arrayBuffer());
    problem = reader.feed(decoder.decode(piece, { stream: true }));
    progress(
      `reading events, ${Math.floor((100 * at) / file.size)} %`,
      recording.map.last.t,
      recording.map.events,
    );
  }
  if (signal.aborted) {
    recording.cut = `stopped at ${exactTime(recording.map.last.t)}: ${path} goes on after this`;
    return;
  }
  problem ??= reader.feed(decoder.decode()) ?? reader.end();
  if (problem === null) return;
  if (recording.map.events === 0) throw new GivenProblem(`${path}: ${problem}`);
  recording.cut = `${path}: ${problem}; shown is the run up to there`;
}

/** Refuses a result and events that cannot be of one run. */
function checkSameRun(
  recording: Recording,
  result: ResultFile,
  document: string,
  path: string,
): void {
  const { map } = recording;
  const differ = (what: string, there: string, here: string): never => {
    throw new GivenProblem(
      `${document} and ${path} are of different runs: expected ${what} ${there} as in ` +
        `${document}, found ${here} in ${path}`,
    );
  };
  const whole = recording.cut === '';
  if (whole ? map.events !== result.events : map.events > result.events) {
    if (map.events > result.events || !whole) {
      differ('the count of events', groupDigits(result.events), groupDigits(map.events));
    }
  }
  for (const { request, op, subject, start_ns } of result.results ?? []) {
    const facts = request === undefined ? undefined : map.requests.get(request);
    if (facts === undefined) continue;
    const here = `${facts.op} ${facts.subject} at ${exactTime(facts.begin)}`;
    const there = `${op} ${subject} at ${exactTime(start_ns)}`;
    if (facts.op !== op || facts.subject !== subject || facts.begin !== start_ns) {
      differ(`request ${request}`, there, here);
    }
  }
  const complete = whole && map.events === result.events;
  if (complete && (map.peak.t !== result.peak.t || map.peak.used !== result.peak.used)) {
    const words = ({ t, used }: { t: number; used: number }): string =>
      `${groupDigits(used)} bytes at ${exactTime(t)}`;
    differ('the peak', words(result.peak), words(map.peak));
  }
  if (!complete && whole) {
    recording.cut =
      `${path} ends after ${groupDigits(map.events)} of ${groupDigits(result.events)} events; ` +
      'shown is the run up to there';
  }
}

/** The scenario or result among the files; a folder of `--out` holds a trace that is neither. */
export function documentOf(files: readonly GivenFile[]): GivenFile | undefined {
  const name = ({ path }: GivenFile): string => path.slice(path.lastIndexOf('/') + 1);
  const documents = files.filter(({ path }) => path.endsWith('.json'));
  return (
    documents.find((file) => name(file) === 'result.json') ??
    documents.find((file) => name(file) !== 'trace.json')
  );
}
