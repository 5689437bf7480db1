// SPDX-License-Identifier: MIT
/** What a sweep file asks for: a scenario, and the fields of it that vary. */
import { createHash } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import * as z from 'zod';
import type { ModuleSource } from '../../loader/module/index.ts';
import {
  BUNDLED_SCENARIOS,
  firstProblem,
  followModules,
  type Scenario,
  scenarioSchema,
  unknownName,
} from '../../loader/scenario/index.ts';
import { documentProblem } from '../cli/document-problem.ts';
import { InputError } from '../cli/input-error.ts';
import { readJsonFile } from '../cli/json-file.ts';
import { parseKernelVariant, underVariant } from '../cli/kernel-variant.ts';
import { drawn } from '../cli/published-draws.ts';
import { METRICS } from './metrics.ts';

const values = z.union([
  z
    .array(z.union([z.string(), z.number(), z.boolean()]))
    .min(1)
    .max(1_000_000),
  z.strictObject({ from: z.number(), to: z.number(), step: z.number().positive().default(1) }),
]);

const sweepSchema = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1).max(200),
  description: z.string().optional(),
  /** A bundled name, a file beside this one, or the scenario itself. */
  scenario: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
  /** Fields by path, `machine.cpus` or `storm.generators[0].count`; `kernel` takes variants. */
  vary: z.record(z.string().min(1), values).refine((vary) => Object.keys(vary).length > 0, {
    message: 'at least one field',
  }),
  /** What the chart shows: a field that varies, and one of the results. */
  chart: z
    .strictObject({ x: z.string().min(1).optional(), y: z.string().min(1).optional() })
    .prefault({}),
});

export type FieldValue = string | number | boolean;

export interface SweepField {
  readonly path: string;
  readonly values: readonly FieldValue[];
}

/** One combination of values. */
export interface SweepRun {
  readonly index: number;
  readonly values: readonly FieldValue[];
}

const MAX_VALUES = 10_000_000;

/** A sweep file, read and checked. */
export class SweepPlan {
  readonly name: string;
  readonly file: string;
  readonly fields: readonly SweepField[];
  readonly chart: { readonly x?: string | undefined; readonly y?: string | undefined };
  readonly total: number;
  /** Where the scenario's own paths start from. */
  readonly base: string;
  /** Says whether two result files are of the same sweep. */
  readonly hash: string;
  readonly #document: Readonly<Record<string, unknown>>;

  /** Throws an InputError that names the place. */
  constructor(file: string) {
    this.file = file;
    const document = readJsonFile(file, 'a sweep file');
    const parsed = sweepSchema.safeParse(document);
    if (!parsed.success) throw new InputError({ file, ...firstProblem(parsed.error, document) });
    const { name, scenario, vary, chart } = parsed.data;
    this.name = name;
    this.chart = chart;
    const here = dirname(resolve(file));
    const loaded = loadDocument(scenario, here, file);
    this.base = loaded.base;
    this.#document = loaded.document;
    this.fields = Object.entries(vary).map(([path, given]) => ({
      path,
      values: Array.isArray(given) ? given : range(given, path, file),
    }));
    this.total = this.fields.reduce((product, field) => product * field.values.length, 1);
    this.#checkChart();
    const text = JSON.stringify({ name, fields: this.fields, chart, document: this.#document });
    this.hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
    this.#checkValues();
  }

  /** The values of a run; the last field varies fastest. */
  run(index: number): SweepRun {
    const chosen: FieldValue[] = [];
    let rest = index;
    for (const field of [...this.fields].reverse()) {
      chosen.unshift(field.values[rest % field.values.length]!);
      rest = Math.floor(rest / field.values.length);
    }
    return { index, values: chosen };
  }

  /**
   * The scenario of a run, its machine and kernel as `source` has them where it names none. Throws
   * an InputError or a CompileError.
   */
  scenario(run: SweepRun, source?: ModuleSource): Scenario {
    return this.#scenario(run.values, source);
  }

  /** CPUs of the largest machine of the sweep. */
  get mostCpus(): number {
    const field = this.fields.find(({ path }) => path === 'machine.cpus');
    const machine = this.#document.machine as { cpus?: number } | undefined;
    if (!field) return machine?.cpus ?? 8;
    return field.values.reduce<number>((most, value) => Math.max(most, Number(value)), 1);
  }

  #scenario(chosen: readonly FieldValue[], source?: ModuleSource): Scenario {
    const varied = structuredClone(this.#document) as Record<string, unknown>;
    let variant: string | undefined;
    let draw = 0;
    this.fields.forEach(({ path }, i) => {
      if (path === 'kernel') variant = String(chosen[i]);
      else if (path === DRAW) draw = drawNumber(chosen[i]!, this.file);
      else setField(varied, path, chosen[i]!, this.file);
    });
    const document = source === undefined ? varied : followModules(varied, source).document;
    const parsed = scenarioSchema.safeParse(document);
    if (!parsed.success) {
      throw new InputError({ file: this.file, ...documentProblem(parsed.error, document) });
    }
    const { seed } = parsed.data;
    const drew = scenarioSchema.parse(drawn(parsed.data, draw));
    const scenario = this.fields.some(({ path }) => path === 'seed') ? { ...drew, seed } : drew;
    if (variant === undefined) return scenario;
    const kernel = underVariant(scenario.kernel, parseKernelVariant(variant, this.file));
    return { ...scenario, kernel };
  }

  /** Every value once, among the first values of the other fields. */
  #checkValues(): void {
    const first = this.fields.map((field) => field.values[0]!);
    this.fields.forEach((field, i) => {
      for (const value of field.values.slice(0, 1000)) this.#scenario(first.with(i, value));
    });
  }

  #checkChart(): void {
    const { x, y } = this.chart;
    const paths = this.fields.map(({ path }) => path);
    const wrong = (place: string, what: string, name: string, known: readonly string[]) =>
      new InputError({
        file: this.file,
        place,
        expected: what,
        found: unknownName(what, name, known),
      });
    if (x !== undefined && !paths.includes(x)) {
      throw wrong('chart.x', 'field that varies', x, paths);
    }
    const metrics = METRICS.map(({ name }) => name);
    if (y !== undefined && !metrics.includes(y)) throw wrong('chart.y', 'result', y, metrics);
  }
}

function range(
  { from, to, step }: { from: number; to: number; step: number },
  path: string,
  file: string,
): number[] {
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  if (!(count >= 1 && count <= MAX_VALUES)) {
    const found = `${count} values from ${from} to ${to} in steps of ${step}`;
    throw new InputError({ file, place: `vary.${path}`, expected: 'one value or more', found });
  }
  return Array.from({ length: count }, (_, i) => from + i * step);
}

function loadDocument(
  scenario: string | Readonly<Record<string, unknown>>,
  here: string,
  file: string,
): { base: string; document: Readonly<Record<string, unknown>> } {
  if (typeof scenario !== 'string') return { base: here, document: scenario };
  const bundled = Object.hasOwn(BUNDLED_SCENARIOS, scenario)
    ? BUNDLED_SCENARIOS[scenario]
    : undefined;
  if (bundled) return { base: here, document: bundled as unknown as Record<string, unknown> };
  if (!/[./]/.test(scenario)) {
    const found = unknownName('scenario', scenario, Object.keys(BUNDLED_SCENARIOS));
    throw new InputError({ file, place: 'scenario', expected: 'a scenario', found });
  }
  const path = resolve(here, scenario);
  const document = readJsonFile(path, 'a scenario');
  if (document === null || typeof document !== 'object' || Array.isArray(document)) {
    throw new InputError({ file: path, expected: 'a scenario', found: typeof document });
  }
  return { base: dirname(path), document: document as Record<string, unknown> };
}

/** The field that draws seed and constants within their ranges; see `drawn`. */
export const DRAW = 'draw';

function drawNumber(value: FieldValue, file: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new InputError({
    file,
    place: `vary.${DRAW}`,
    expected: 'whole numbers from 0, where 0 is the constants as they are',
    found: JSON.stringify(value),
  });
}

/** `storm.generators[0].count` in a document; objects on the way are made where there are none. */
function setField(
  document: Record<string, unknown>,
  path: string,
  value: FieldValue,
  file: string,
): void {
  const steps = path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
  const last = steps.pop()!;
  let at: Record<string, unknown> = document;
  for (const step of steps) {
    const next = at[step] ?? {};
    if (typeof next === 'string' && step === 'kernel') {
      at[step] = { base: next };
    } else if (typeof next !== 'object') {
      const found = `${step} is ${JSON.stringify(next)}`;
      throw new InputError({
        file,
        place: `vary.${path}`,
        expected: 'a field of the scenario',
        found,
      });
    } else {
      at[step] = next;
    }
    at = at[step] as Record<string, unknown>;
  }
  at[last] = value;
}
