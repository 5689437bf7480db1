/** What the page and the worker that holds a run say to each other; both check what they get. */
import * as z from 'zod';
import { TRACK_GROUPS } from '../../loader/view/index.ts';
import { resultSchema } from './result-file.ts';
import { runSettingsSchema, shadingSchema } from './run-settings.ts';

const count = z.number().int().min(0);
const time = z.number().min(0);
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const numbers = z.custom<Float64Array>((value) => value instanceof Float64Array);
const wholes = z.custom<Uint32Array>((value) => value instanceof Uint32Array);
const group = z.enum(TRACK_GROUPS);

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

/** What is lit up on map and tracks: all of a request, or all requests of a module. */
export const selectionSchema = z.union([
  z.object({ request: count }),
  z.object({ module: z.string() }),
]);
export type Selection = z.infer<typeof selectionSchema>;

export const viewSchema = z.object({
  select: selectionSchema.nullable(),
  shading: shadingSchema,
  window: z.enum(['vmalloc', 'modules']),
  columns: z.number().int().min(1).max(1024),
});
export type ViewAsked = z.infer<typeof viewSchema>;

export const slicesAskedSchema = z.object({
  from: time,
  to: time,
  group,
  first: count,
  last: count,
  pixels: count,
});

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
  /** Ends the run under way, or the file being written; what is recorded is kept. */
  z.object({ type: z.literal('stop') }),
  z.object({ type: z.literal('slices'), id: count, asked: slicesAskedSchema }),
  z.object({ type: z.literal('totals'), id: count, from: time, to: time }),
  z.object({ type: z.literal('story'), id: count, request: count }),
  z.object({ type: z.literal('find'), id: count, text: z.string().max(200) }),
  /** Events from a place on, those of a kind or with a word only. */
  z.object({
    type: z.literal('events'),
    id: count,
    from: count,
    count: z.number().int().min(1).max(500),
    filter: z.string().max(200),
  }),
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

const linkSchema = z.union([
  z.object({ to: z.literal('failure') }),
  z.object({ to: z.literal('module'), module: z.string() }),
  z.object({ to: z.literal('request'), request: count }),
  z.object({ to: z.literal('hole'), seq: count }),
]);

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
  /** Why this run is all there is, when it ended before its end; '' otherwise. */
  cut: z.string(),
  /** What was run for dropped files, where they do not say; '' otherwise. */
  note: z.string(),
  headline: z.object({
    tone: z.enum(['good', 'warn', 'bad']),
    parts: z.array(z.object({ text: z.string(), link: linkSchema.nullable() })).readonly(),
  }),
  /** Time and event of every failure. */
  failureT: numbers,
  failureSeq: numbers,
  loads: z.array(pointSchema),
  /** Loads there were; the list holds the first of them. */
  loadCount: count,
  tracks: z.record(
    group,
    z.object({ labels: z.array(z.string()), rows: z.array(count), first: z.array(count) }),
  ),
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
  /** The request it is of; 0: none. */
  request: count,
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
  /** Pages of what is selected. */
  selected: z.array(mark),
  selectedText: z.string(),
});
export type Frame = z.infer<typeof frameSchema>;

const areaSchema = z.object({
  type: z.literal('area'),
  id: count,
  /** As /proc/vmallocinfo has it, or that it is free. */
  line: z.string(),
  story: z.string(),
  area: mark,
  /** The loader's request that holds it; 0: none. */
  request: count,
});
export type AreaShown = z.infer<typeof areaSchema>;

const slicesSchema = z.object({
  type: z.literal('slices'),
  id: count,
  asked: slicesAskedSchema,
  slices: z.object({
    level: z.enum(['stages', 'requests', 'busy']),
    begin: numbers,
    end: numbers,
    row: wholes,
    code: bytes,
    fill: bytes,
    request: numbers,
    arrows: numbers,
  }),
});
export type SlicesShown = z.infer<typeof slicesSchema>;

const amount = z.object({ name: z.string(), bytes: z.number() });
const totalsSchema = z.object({
  type: z.literal('totals'),
  id: count,
  from: time,
  to: time,
  totals: z.object({
    bytes: z.number(),
    requests: count,
    stages: z.object({
      kread: z.number(),
      decompress: z.number(),
      becoming: z.number(),
      load: z.number(),
    }),
    modules: z.array(amount),
    cpus: z.array(amount),
  }),
});
export type TotalsShown = z.infer<typeof totalsSchema>;

const storySchema = z.object({
  type: z.literal('story'),
  id: count,
  request: count,
  title: z.string(),
  begin: time,
  end: time.nullable(),
  module: z.string(),
  /** Row of the request, by what the rows are of. */
  rows: z.record(group, count),
  /** The request it waited for; 0: none. */
  winner: count,
  wasted: z.number(),
  lines: z.array(z.object({ t: time, seq: count, text: z.string() })),
  /** Whether there were more lines. */
  more: z.boolean(),
});
export type StoryShown = z.infer<typeof storySchema>;

const hitSchema = z.object({
  label: z.string(),
  kind: z.enum(['module', 'request', 'CPU', 'address', 'errno', 'log']),
  t: time.nullable(),
  seq: count.nullable(),
  request: count,
  module: z.string(),
});
export type Hit = z.infer<typeof hitSchema>;

const eventsSchema = z.object({
  type: z.literal('events'),
  id: count,
  rows: z.array(z.object({ index: count, seq: count, t: time, text: z.string() })),
  /** Where to look on; null at the end. */
  next: count.nullable(),
});
export type EventsShown = z.infer<typeof eventsSchema>;

export const fromWorkerSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), phase: z.string(), t: time, events: count }),
  z.object({ type: z.literal('console'), text: z.string() }),
  z.object({ type: z.literal('recording'), recording: recordingSchema }),
  frameSchema,
  areaSchema,
  z.object({ type: z.literal('export'), id: count, name: z.string(), file: z.instanceof(Blob) }),
  slicesSchema,
  totalsSchema,
  storySchema,
  z.object({ type: z.literal('hits'), id: count, hits: z.array(hitSchema), more: z.boolean() }),
  eventsSchema,
  z.object({ type: z.literal('saving'), share: z.number() }),
  z.object({ type: z.literal('problem'), message: z.string() }),
]);
export type FromWorker = z.infer<typeof fromWorkerSchema>;
