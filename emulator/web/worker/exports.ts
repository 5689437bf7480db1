/** Files made of a recording: the ones `--out` writes, byte for byte, and the map. */

import type { EventSink } from '../../../loader/events/index.ts';
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
import { GivenProblem } from './scenario-input.ts';

const TYPES: Readonly<Partial<Record<ExportName, string>>> = {
  result: 'application/json',
  trace: 'application/json',
  svg: 'image/svg+xml',
};
/** Text gathered before it leaves the heap. */
const PIECE = 1 << 22;

export function exportFile(name: ExportName, recording: Recording, frames: FrameMaker): Blob {
  const text = new BlobText();
  write(name, recording, frames, text);
  return text.blob(TYPES[name] ?? 'text/plain');
}

function write(name: ExportName, recording: Recording, frames: FrameMaker, out: BlobText): void {
  const { space, map, initial, result } = recording;
  const all = (sink: EventSink): void => recording.events.visit((event) => sink.push(event));
  switch (name) {
    case 'events': {
      const writer = new EventLineWriter(space, (chunk) => out.write(chunk));
      all(writer);
      writer.end();
      break;
    }
    case 'trace': {
      const writer = new TraceEventJsonWriter(space, (chunk) => out.write(chunk), { initial });
      all(writer);
      writer.end();
      break;
    }
    case 'ftrace':
      writeFtrace(recording, out);
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
      out.write(needed(result?.files['/sys/kernel/debug/modules/stats']));
      break;
    case 'result':
      out.write(needed(recording.resultText));
      break;
  }
}

function writeFtrace({ events, space, cpus }: Recording, out: BlobText): void {
  let entries = 0;
  const body = new BlobText();
  events.visit((event) => {
    const line = formatFtraceLine(space, event);
    if (line === null) return;
    entries += 1;
    body.write(`${line}\n`);
  });
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
