/** Recordings of runs that happened elsewhere: result.json, events.jsonl, or both. */

import { formatHex } from '../../../loader/base/index.ts';
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
import { GivenProblem, readJson } from './scenario-input.ts';

export type Progress = (phase: string, t: number, events: number) => void;

const CHUNK = 1 << 20;
/** Enough of an event file to find an allocation in. */
const HEAD = 1 << 18;

/** Whether files tell of a run that was, not of one to be; files of neither kind are refused. */
export async function areRecorded(files: readonly GivenFile[]): Promise<boolean> {
  if (files.some(({ path }) => path.endsWith('.jsonl'))) return true;
  const document = files.find(({ path }) => path.endsWith('.json'));
  if (document !== undefined) {
    const found = await readJson(document);
    return found !== null && typeof found === 'object' && 'counters' in found;
  }
  if (files.some(({ path }) => isModuleName(path))) return false;
  throw new GivenProblem(nothingKnown(files));
}

export async function openRecording(
  files: readonly GivenFile[],
  progress: Progress,
  started: (recording: Recording) => void,
): Promise<Recording> {
  const events = files.find(({ path }) => path.endsWith('.jsonl'));
  const document = files.find(({ path }) => path.endsWith('.json'));
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
  if (events) await readEvents(events, recording, progress);
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

async function readEvents(
  { path, file }: GivenFile,
  recording: Recording,
  progress: Progress,
): Promise<void> {
  const reader = new EventLineReader(recording.space, recording);
  const decoder = new TextDecoder();
  for (let at = 0; at < file.size; at += CHUNK) {
    const piece = new Uint8Array(await file.slice(at, at + CHUNK).arrayBuffer());
    fail(path, reader.feed(decoder.decode(piece, { stream: true })));
    progress(
      `reading events, ${Math.floor((100 * at) / file.size)} %`,
      recording.map.last.t,
      recording.map.events,
    );
  }
  fail(path, reader.feed(decoder.decode()));
  fail(path, reader.end());
}

function fail(path: string, problem: string | null): void {
  if (problem !== null) throw new GivenProblem(`${path}: ${problem}`);
}
