// SPDX-License-Identifier: MIT
/** Files made of a recording: the ones `--out` writes, byte for byte, and the map. */

import type { EventSink, TraceEvent } from '../../../loader/events/index.ts';
import {
  EventLineWriter,
  formatFtraceLine,
  ftraceHeader,
  TraceEventJsonWriter,
} from '../../../loader/export/index.ts';
import { mapSvg, vmallocinfoText } from '../../../loader/view/index.ts';
import { EXPORTS, type ExportName } from '../messages.ts';
import type { FrameMaker } from './frame.ts';
import type { Recording } from './recording.ts';
import { breathe } from './run-job.ts';
import { GivenProblem } from './scenario-input.ts';

const TYPES: Readonly<Partial<Record<ExportName, string>>> = {
  result: 'application/json',
  trace: 'application/json',
  svg: 'image/svg+xml',
};
/** Events written before messages are let in. */
const SLICE = 50_000;
/** Text gathered before it leaves the heap. */
const PIECE = 1 << 22;

export interface SaveWatcher {
  readonly signal: AbortSignal;
  /** From 0 to 1. */
  onShare(share: number): void;
}

/** The file, or null when it was given up meanwhile. */
export async function exportFile(
  name: ExportName,
  recording: Recording,
  frames: FrameMaker,
  watcher: SaveWatcher,
): Promise<Blob | null> {
  const text = new BlobText();
  await write(name, recording, frames, text, watcher);
  return watcher.signal.aborted ? null : text.blob(TYPES[name] ?? 'text/plain');
}

async function write(
  name: ExportName,
  recording: Recording,
  frames: FrameMaker,
  out: BlobText,
  watcher: SaveWatcher,
): Promise<void> {
  const { space, map, initial, result } = recording;
  switch (name) {
    case 'events': {
      const writer = new EventLineWriter(space, (chunk) => out.write(chunk));
      await pushAll(recording, writer, watcher);
      writer.end();
      break;
    }
    case 'trace': {
      const writer = new TraceEventJsonWriter(space, (chunk) => out.write(chunk), { initial });
      await pushAll(recording, writer, watcher);
      writer.end();
      break;
    }
    case 'ftrace':
      await writeFtrace(recording, out, watcher);
      break;
    case 'svg':
      out.write(mapSvg(map, frames.state, { failure: frames.failureNow() }));
      break;
    case 'vmallocinfo': {
      // The kernel's own text says more than events do; of other moments there is only the latter.
      const own = result?.files['/proc/vmallocinfo'];
      out.write(own ?? vmallocinfoText(space, map.stateAt(map.last)));
      break;
    }
    case 'stats':
      out.write(statsText(recording));
      break;
    case 'result':
      out.write(needed(recording.resultText));
      break;
  }
}

/** Hands on all events, letting messages in now and then; ends early when it is given up. */
async function pushAll(
  { events }: Recording,
  sink: EventSink,
  { signal, onShare }: SaveWatcher,
): Promise<void> {
  for (let at = 0; at < events.length && !signal.aborted; at += SLICE) {
    events.visit((event) => sink.push(event), at, at + SLICE);
    onShare(Math.min(0.99, (at + SLICE) / events.length));
    await breathe();
  }
}

/** A kernel without the file has none to save, which is not the recording's fault. */
function statsText({ result }: Recording): string {
  const text = result?.files['/sys/kernel/debug/modules/stats'];
  if (result === null || text !== undefined) return needed(text);
  throw new GivenProblem(
    `kernel ${result.kernel.base} has no modules/stats: the file came with v6.4`,
  );
}

async function writeFtrace(
  recording: Recording,
  out: BlobText,
  watcher: SaveWatcher,
): Promise<void> {
  const { space, cpus } = recording;
  let entries = 0;
  const body = new BlobText();
  const push = (event: TraceEvent): void => {
    const line = formatFtraceLine(space, event);
    if (line === null) return;
    entries += 1;
    body.write(`${line}\n`);
  };
  await pushAll(recording, { push }, watcher);
  out.write(ftraceHeader({ entries, cpus }));
  out.append(body.blob('text/plain'));
}

function needed(text: string | null | undefined): string {
  if (text !== null && text !== undefined) return text;
  throw new GivenProblem('this recording has events only; drop its result.json too');
}

export function exportName(name: ExportName): string {
  return EXPORTS[name];
}

/** Text that grows into a blob, which browsers keep outside the heap. */
class BlobText {
  #parts: Blob[] = [];
  #pending = '';

  write(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= PIECE) this.#flush();
  }

  append(blob: Blob): void {
    this.#flush();
    this.#parts.push(blob);
  }

  blob(type: string): Blob {
    this.#flush();
    return new Blob(this.#parts, { type });
  }

  #flush(): void {
    this.#parts.push(new Blob([this.#pending]));
    this.#pending = '';
  }
}
