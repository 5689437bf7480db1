/** What the page and the worker that holds a run say to each other; both check what they get. */
import * as z from 'zod';
import { resultSchema } from './result-file.ts';
import { runSettingsSchema, shadingSchema } from './run-settings.ts';

const count = z.number().int().min(0);
const time = z.number().min(0);
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const numbers = z.custom<Float64Array>((value) => value instanceof Float64Array);

/** A file someone gave, with its path below what was dropped. */
const givenFile = z.object({ path: z.string(), file: z.instanceof(Blob) });
export type GivenFile = z.infer<typeof givenFile>;

/** A moment: after an event, or after everything up to a time. */
export const momentSchema = z.union([
  z.object({ seq: count }),
  z.object({ t: time }),
  z.object({ at: z.enum(['last', 'peak', 'failure']) }),
]);
export type MomentAsked = z.infer<typeof momentSchema>;

export const viewSchema = z.object({
  shading: shadingSchema,
  window: z.enum(['vmalloc', 'modules']),
  columns: z.number().int().min(1).max(1024),
});
export type ViewAsked = z.infer<typeof viewSchema>;

export const EXPORTS = {
  events: 'events.jsonl',
  result: 'result.json',
  trace: 'trace.json',
  ftrace: 'trace.txt',
  stats: 'stats',
  vmallocinfo: 'vmallocinfo',
  svg: 'map.svg',
} as const;
export type ExportName = keyof typeof EXPORTS;
const exportName = z.enum(Object.keys(EXPORTS) as [ExportName, ...ExportName[]]);

export const toWorkerSchema = z.discriminatedUnion('type', [
  /** Runs a bundled scenario or the one among the files, or shows what the files recorded. */
  z.object({
    type: z.literal('run'),
    scenario: z.string().nullable(),
    files: z.array(givenFile),
    settings: runSettingsSchema,
  }),
  z.object({ type: z.literal('frame'), id: count, moment: momentSchema, view: viewSchema }),
  /** The area at an address, in the moment of the last frame. */
  z.object({ type: z.literal('area'), id: count, addr: z.number() }),
  /** The event `by` events from the last frame's. */
  z.object({ type: z.literal('step'), id: count, by: z.number().int(), view: viewSchema }),
  z.object({ type: z.literal('export'), id: count, name: exportName }),
]);
export type ToWorker = z.infer<typeof toWorkerSchema>;

const mark = z.object({
  /** Offset from the start of the picture, and size. */
  start: z.number(),
  size: z.number(),
});
export type Mark = z.infer<typeof mark>;

const seriesSchema = z.object({
  step: time,
  steps: count,
  series: z.record(z.string(), z.object({ min: numbers, max: numbers, last: numbers })),
});
export type SeriesShown = z.infer<typeof seriesSchema>;

const pointSchema = z.object({ t: time, seq: count, label: z.string() });
export type TimelinePoint = z.infer<typeof pointSchema>;

/** A run that is there to be looked at. */
const recordingSchema = z.object({
  title: z.string(),
  kernel: z.string(),
  cpus: count,
  windows: z.array(
    z.object({ name: z.enum(['vmalloc', 'modules']), start: z.string(), bytes: count }),
  ),
  events: count,
  /** Time of the last event. */
  end: time,
  peak: pointSchema,
  failure: pointSchema.nullable(),
  /** The first failure in a sentence. */
  sentence: z.string().nullable(),
  failures: z.array(pointSchema),
  loads: z.array(pointSchema),
  series: seriesSchema.nullable(),
  result: resultSchema.nullable(),
  /** Whether only the end is known. */
  still: z.boolean(),
});
export type RecordingShown = z.infer<typeof recordingSchema>;

const frameSchema = z.object({
  type: z.literal('frame'),
  id: count,
  t: time,
  seq: count,
  /** The last event in words; '' before the first. */
  event: z.string(),
  codes: bytes,
  columns: count,
  cellBytes: count,
  /** Address of the first cell, to reckon with and to show. */
  start: z.number(),
  startText: z.string(),
  size: count,
  legend: z.array(z.object({ code: count, label: z.string(), bytes: z.number() })),
  summary: z.object({
    total: z.number(),
    used: z.number(),
    lazy: z.number(),
    free: z.number(),
    areas: count,
    holes: count,
    fragmentation: z.number(),
  }),
  hole: mark.nullable(),
  holeText: z.string(),
  /** The request that did not fit in this very moment. */
  wanted: mark.nullable(),
  wantedText: z.string(),
});
export type Frame = z.infer<typeof frameSchema>;

const areaSchema = z.object({
  type: z.literal('area'),
  id: count,
  /** As /proc/vmallocinfo has it, or that it is free. */
  line: z.string(),
  story: z.string(),
  area: mark,
});
export type AreaShown = z.infer<typeof areaSchema>;

export const fromWorkerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), phase: z.string(), t: time, events: count }),
  z.object({ type: z.literal('console'), text: z.string() }),
  z.object({ type: z.literal('recording'), recording: recordingSchema }),
  frameSchema,
  areaSchema,
  z.object({ type: z.literal('export'), id: count, name: z.string(), file: z.instanceof(Blob) }),
  z.object({ type: z.literal('problem'), message: z.string() }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;
