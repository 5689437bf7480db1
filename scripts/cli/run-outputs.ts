// SPDX-License-Identifier: MIT
import type { EventSink } from '../../loader/events/index.ts';
import {
  EventLineWriter,
  formatFtraceLine,
  ftraceHeader,
  TraceEventJsonWriter,
} from '../../loader/export/index.ts';
import type { SimKernel } from '../../loader/kernel.ts';
import type { PreparedRun } from '../../loader/scenario/index.ts';
import type { RunResult } from '../../loader/session/index.ts';
import type { OutputDirectory } from './output-directory.ts';

/** The file each of the kernel's texts goes to. */
const TEXT_FILES = {
  stats: '/sys/kernel/debug/modules/stats',
  vmallocinfo: '/proc/vmallocinfo',
  modules: '/proc/modules',
} as const;

/** Everything `--out` writes: events as they happen, the rest at the end. */
export class RunOutputs {
  readonly #out: OutputDirectory;
  readonly #finish: (() => void)[] = [];

  constructor(out: OutputDirectory, kernel: SimKernel) {
    this.#out = out;
    const space = kernel.space.preset;
    const attach = (sink: EventSink): void => {
      kernel.events.attach(sink);
    };
    const lines = out.stream('events.jsonl');
    const lineWriter = new EventLineWriter(space, lines.write);
    attach(lineWriter);
    const json = out.stream('trace.json');
    const jsonWriter = new TraceEventJsonWriter(space, json.write, {
      initial: kernel.space.areas(),
    });
    attach(jsonWriter);
    // The header of a trace file counts its lines, so they wait in a file of their own.
    const body = out.stream('trace.body');
    let entries = 0;
    attach({
      push: (event) => {
        const line = formatFtraceLine(space, event);
        if (line === null) return;
        entries += 1;
        body.write(`${line}\n`);
      },
    });
    this.#finish.push(
      () => {
        lineWriter.end();
        lines.close();
      },
      () => {
        jsonWriter.end();
        json.close();
      },
      () => {
        body.close();
        const header = ftraceHeader({ entries, cpus: kernel.options.cpus });
        out.prepend(header, 'trace.body', 'trace.txt');
      },
    );
  }

  finish(run: PreparedRun, result: RunResult): void {
    for (const finish of this.#finish) finish();
    this.#out.write('result.json', `${JSON.stringify(result, null, 2)}\n`);
    for (const [name, path] of Object.entries(TEXT_FILES)) {
      this.#out.write(name, result.files[path] ?? '');
    }
    this.#out.write('kmsg', run.kernel.log.kmsg());
  }
}
