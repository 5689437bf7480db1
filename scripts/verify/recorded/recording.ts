// SPDX-License-Identifier: MIT
// A recorded kernel: what a real kernel was given, step by step, and what it answered
// (`format: modstorm-recorded-kernel 1`).

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { ObservedCall, ObservedEvent, ObservedRun } from '../../../emulator/linux/observed.ts';
import type { ModuleFileFacts } from '../../../loader/elf/index.ts';
import {
  firstProblem,
  type Scenario,
  type ScenarioInput,
  scenarioSchema,
} from '../../../loader/scenario/index.ts';
import { InputError } from '../../cli/input-error.ts';

export const RECORDING_FORMAT = 'modstorm-recorded-kernel 1';

const callSchema = z.object({
  op: z.string(),
  subject: z.string(),
  member: z.number().int().optional(),
  ret: z.number().int().nullable(),
  log: z.array(z.string()),
  text: z.string().optional(),
  startUs: z.number().optional(),
  endUs: z.number().optional(),
});

const EVENT_KINDS = ['alloc_vmap_area', 'free_vmap_area_noflush', 'purge_vmap_area_lazy'] as const;

const stepSchema = z.object({
  do: z.record(z.string(), z.unknown()),
  start_us: z.number(),
  calls: z.array(callSchema),
  other_log: z.array(z.string()).default([]),
  vmalloc: z.array(z.tuple([z.enum(EVENT_KINDS), z.string(), z.string(), z.string()])).default([]),
  references: z.record(z.string(), z.number().int()).default({}),
});

const recordingSchema = z.object({
  format: z.literal(RECORDING_FORMAT),
  kernel_release: z.string().min(1),
  outcome: z.string(),
  reason: z.string().default(''),
  completed: z.number().int().nonnegative(),
  scenario: z.record(z.string(), z.unknown()),
  command_line: z.string().default(''),
  vmalloc_mib: z.number().nullable().default(null),
  module_files: z.record(
    z.string(),
    z.object({ bytes: z.number().int().nonnegative(), sha256: z.string() }),
  ),
  steps: z.array(stepSchema),
  inits: z.array(z.object({ log: z.array(z.string()).default([]) })).default([]),
  interrupt_log: z.array(z.string()).default([]),
  exit_log: z.array(z.string()).default([]),
});

export interface Recording {
  readonly file: string;
  readonly release: string;
  /** How the recorded run ended, and after how many whole steps. */
  readonly outcome: string;
  readonly reason: string;
  readonly completed: number;
  /** The document, with its steps; its kernel is the caller's to choose. */
  readonly scenario: Scenario;
  readonly observed: ObservedRun;
  readonly startsUs: readonly number[];
  readonly references: readonly ReadonlyMap<string, number>[];
  readonly moduleFiles: ReadonlyMap<string, { readonly bytes: number; readonly sha256: string }>;
  /** Lines of modules' own inits and exits, and of interrupts, in numbers. */
  readonly initLines: number;
  readonly interruptLines: number;
  /** No allocator event in the whole recording: the kernel has none (before 6.2), or they were off. */
  readonly tracesAllocator: boolean;
}

/** A JSON document, gzipped or not. Throws an InputError. */
export function readJson(file: string): unknown {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new InputError({ file, expected: 'a readable file', found });
  }
  let text: string;
  try {
    text = (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch {
    throw new InputError({ file, expected: 'whole gzip data', found: 'damaged gzip data' });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new InputError({ file, expected: 'a JSON document', found });
  }
}

export function isRecording(document: unknown): boolean {
  return (
    typeof document === 'object' &&
    document !== null &&
    'format' in document &&
    String(document.format).startsWith('modstorm-recorded-kernel')
  );
}

/** Checks a recording key by key. Throws an InputError that names the place. */
export function parseRecording(document: unknown, file: string): Recording {
  const parsed = recordingSchema.safeParse(document);
  if (!parsed.success) {
    throw new InputError({ file, ...firstProblem(parsed.error, document) });
  }
  const { data } = parsed;
  if (data.completed > data.steps.length) {
    const found = `${data.completed} of ${data.steps.length}`;
    throw new InputError({ file, place: 'completed', expected: 'at most all steps', found });
  }
  const input = { ...data.scenario, steps: data.steps.map((step) => step.do) } as ScenarioInput;
  const scenario = scenarioSchema.safeParse(input);
  if (!scenario.success) {
    const problem = firstProblem(scenario.error, input);
    throw new InputError({ file, ...problem, place: `scenario.${problem.place}` });
  }
  return {
    file,
    release: data.kernel_release,
    outcome: data.outcome,
    reason: data.reason,
    completed: data.completed,
    scenario: scenario.data,
    observed: observedOf(data),
    startsUs: data.steps.map((step) => step.start_us),
    references: data.steps.map((step) => new Map(Object.entries(step.references))),
    moduleFiles: new Map(Object.entries(data.module_files)),
    initLines: data.inits.reduce((sum, { log }) => sum + log.length, data.exit_log.length),
    interruptLines: data.interrupt_log.length,
    tracesAllocator: data.steps.some(({ vmalloc }) => vmalloc.length > 0),
  };
}

function observedOf({ steps }: z.infer<typeof recordingSchema>): ObservedRun {
  const calls = steps.flatMap((step, index) =>
    step.calls.map(
      ({ member, text, startUs, endUs, ...call }): ObservedCall => ({
        step: index,
        ...(member === undefined ? {} : { member }),
        ...call,
        ...(text === undefined ? {} : { text }),
        ...(startUs === undefined ? {} : { startUs }),
        ...(endUs === undefined ? {} : { endUs }),
      }),
    ),
  );
  const events = steps.map(({ vmalloc }) =>
    vmalloc.map(([kind, text, task, owner]): ObservedEvent => ({ kind, text, task, owner })),
  );
  return { calls, events, otherLog: steps.map((step) => step.other_log) };
}

const factsSchema = z.object({
  file_bytes: z.number().int().positive(),
  sha256: z.string(),
  shstrndx: z.number().int().nonnegative(),
  sections: z.array(
    z.object({
      name: z.string(),
      type: z.number(),
      flags: z.number(),
      size: z.number(),
      link: z.number(),
      info: z.number(),
      align: z.number(),
      entsize: z.number(),
    }),
  ),
  symbols: z.array(
    z.tuple([z.string(), z.number(), z.number(), z.number(), z.number(), z.number()]),
  ),
  modinfo: z.array(z.string()),
});

const modulesSchema = z.object({
  kernel: z.string(),
  modules: z.record(z.string(), factsSchema),
});

export type RecordedFacts = ModuleFileFacts & { readonly sha256: string };

/** Facts of module files, by their path in the document. */
export function readFacts(file: string): ReadonlyMap<string, RecordedFacts> {
  const document = readJson(file);
  const parsed = modulesSchema.safeParse(document);
  if (!parsed.success) {
    throw new InputError({ file, ...firstProblem(parsed.error, document) });
  }
  return new Map(Object.entries(parsed.data.modules));
}
