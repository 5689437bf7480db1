// SPDX-License-Identifier: MIT
/** The run that the page is held to: a guest booted in Node, and the files of `--out`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootGuest } from '../../../emulator/storm/boot.ts';
import { loadV86Wasm } from '../../../emulator/v86/node-host.ts';
import { openCatalog } from '../../../loader/catalog/catalog.ts';
import { formatFtraceLine, ftraceHeader } from '../../../loader/export/ftrace-text.ts';
import { EventLineWriter } from '../../../loader/export/jsonl.ts';
import { TraceEventJsonWriter } from '../../../loader/export/trace-event-json.ts';
import type { ModuleSource } from '../../../loader/module/module-source.ts';
import { BUNDLED_SCENARIOS } from '../../../loader/scenario/bundled/index.ts';
import { collectResult } from '../../../loader/scenario/collect-result.ts';
import { prepareRun } from '../../../loader/scenario/prepare.ts';
import { scenarioSchema } from '../../../loader/scenario/schema.ts';
import { driveSession } from '../../../loader/session/drive-session.ts';
import { Session } from '../../../loader/session/session.ts';

const IMAGE = join(import.meta.dirname, '../../../guest-images/storm/storm.bin');

export interface NodeRun {
  readonly events: string;
  readonly trace: string;
  readonly ftrace: string;
  readonly result: string;
  readonly stats: string;
  readonly vmallocinfo: string;
  readonly console: string;
}

/** Boots the storm guest on a bundled scenario, with something put over it. */
export async function bootInNode(name: string, over: object): Promise<NodeRun> {
  const scenario = scenarioSchema.parse({ ...BUNDLED_SCENARIOS[name], ...over });
  const run = prepareRun(scenario, { source: openCatalog('boot')! });
  const { kernel } = run;
  const space = kernel.space.preset;
  let events = '';
  let trace = '';
  const lines: string[] = [];
  const eventWriter = new EventLineWriter(space, (text) => {
    events += text;
  });
  const addTrace = (text: string): void => {
    trace += text;
  };
  const traceWriter = new TraceEventJsonWriter(space, addTrace, { initial: kernel.space.areas() });
  kernel.events.attach(eventWriter);
  kernel.events.attach(traceWriter);
  kernel.events.attach({
    push: (event) => {
      const line = formatFtraceLine(space, event);
      if (line !== null) lines.push(`${line}\n`);
    },
  });
  const booted = await bootGuest({
    wasm: await loadV86Wasm(),
    image: readFileSync(IMAGE),
    session: new Session(kernel, run.program, run.observer),
  });
  if (booted.exit !== 'done') throw new Error(booted.message);
  eventWriter.end();
  traceWriter.end();
  const result = collectResult(run);
  const header = ftraceHeader({ entries: lines.length, cpus: kernel.options.cpus });
  return {
    events,
    trace,
    ftrace: header + lines.join(''),
    result: `${JSON.stringify(result, null, 2)}\n`,
    stats: result.files['/sys/kernel/debug/modules/stats']!,
    vmallocinfo: result.files['/proc/vmallocinfo']!,
    console: booted.console,
  };
}

/** The events of a bundled scenario replayed with these modules. */
export function replayInNode(name: string, source: ModuleSource, machine: object): string {
  const bundled = BUNDLED_SCENARIOS[name]!;
  const scenario = scenarioSchema.parse({
    ...bundled,
    machine: { ...bundled.machine, ...machine },
    modules: { dir: '.', init: {} },
  });
  const run = prepareRun(scenario, { source });
  let events = '';
  const writer = new EventLineWriter(run.kernel.space.preset, (text) => {
    events += text;
  });
  run.kernel.events.attach(writer);
  driveSession(new Session(run.kernel, run.program, run.observer));
  writer.end();
  return events;
}
