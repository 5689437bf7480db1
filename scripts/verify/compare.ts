// SPDX-License-Identifier: MIT
// Lays what a real kernel and the model did side by side.

import type { ObservedCall, ObservedEvent, ObservedRun } from '../../emulator/linux/observed.ts';

/** What is compared; a result line each. */
export const CLASSES = [
  'return values',
  'log lines',
  'stats text',
  '/proc/modules',
  '/proc/vmallocinfo',
  'other files',
  'alloc_vmap_area',
  'free_vmap_area_noflush',
  'purge_vmap_area_lazy',
  'order of events',
] as const;
export type ObservableClass = (typeof CLASSES)[number];

export interface Disagreement {
  readonly class: ObservableClass;
  step: number;
  /** The call, such as `finit_module crc16.ko`. */
  readonly call: string;
  readonly kernel: string;
  readonly model: string;
}

/** Differences that do not come from the loader, by the rule that says so. */
export const ATTRIBUTIONS = {
  init: "made by a module's own init or exit (between initcall_start and initcall_finish, or of areas taken there)",
  init_log: "printed by a module's own init",
  thread: 'of another kernel thread than the step’s, printed or allocated while it ran',
} as const;
export type Attribution = keyof typeof ATTRIBUTIONS;

export interface Comparison {
  readonly agree: Record<ObservableClass, number>;
  readonly total: Record<ObservableClass, number>;
  readonly disagreements: Disagreement[];
  readonly attributed: Record<Attribution, number>;
}

/** Adds `more` to `into`. */
export function addComparison(into: Comparison, more: Comparison): void {
  for (const name of CLASSES) {
    into.agree[name] += more.agree[name];
    into.total[name] += more.total[name];
  }
  for (const rule of Object.keys(ATTRIBUTIONS) as Attribution[]) {
    into.attributed[rule] += more.attributed[rule];
  }
  into.disagreements.push(...more.disagreements);
}

export function emptyComparison(): Comparison {
  const zeros = (): Record<ObservableClass, number> =>
    Object.fromEntries(CLASSES.map((name) => [name, 0])) as Record<ObservableClass, number>;
  return {
    agree: zeros(),
    total: zeros(),
    disagreements: [],
    attributed: { init: 0, init_log: 0, thread: 0 },
  };
}

/**
 * Steps from `steps` on are left out: the kernel did not come to their end. Disagreements are noted
 * with `offset` added to their step.
 */
export function compareRuns(
  kernel: ObservedRun,
  model: ObservedRun,
  steps: number,
  offset = 0,
): Comparison {
  const into = emptyComparison();
  const modelCalls = byKey(model.calls);
  for (const call of kernel.calls) {
    if (call.step >= steps) continue;
    compareCall(into, call, modelCalls.get(keyOf(call)));
  }
  for (let step = 0; step < steps; step++) {
    compareEvents(
      into,
      step,
      callOf(kernel, step),
      kernel.events[step] ?? [],
      model.events[step] ?? [],
    );
    compareLog(into, step, `step ${step}`, kernel.otherLog[step] ?? [], model.otherLog[step] ?? []);
  }
  for (const found of into.disagreements) found.step += offset;
  return into;
}

const keyOf = ({ step, member }: ObservedCall): string => `${step}.${member ?? ''}`;
const byKey = (calls: readonly ObservedCall[]): Map<string, ObservedCall> =>
  new Map(calls.map((call) => [keyOf(call), call]));
const titleOf = ({ op, subject }: ObservedCall): string => `${op} ${subject}`;
const callOf = (run: ObservedRun, step: number): string => {
  const call = run.calls.find((c) => c.step === step);
  return call ? titleOf(call) : 'file step';
};

function note(
  into: Comparison,
  name: ObservableClass,
  where: { step: number; call: string },
  kernel: string,
  model: string,
): void {
  into.total[name] += 1;
  if (kernel === model) into.agree[name] += 1;
  else into.disagreements.push({ class: name, ...where, kernel, model });
}

function compareCall(
  into: Comparison,
  kernel: ObservedCall,
  model: ObservedCall | undefined,
): void {
  const where = { step: kernel.step, call: titleOf(kernel) };
  const reads = kernel.op === 'read' && (kernel.ret ?? 0) >= 0 && (model?.ret ?? -1) >= 0;
  if (reads) {
    const name = textClass(kernel.subject);
    compareTexts(into, name, where, comparable(name, kernel.text), comparable(name, model?.text));
  } else {
    const word = (ret: number | null | undefined): string => String(ret ?? 'none');
    note(into, 'return values', where, word(kernel.ret), word(model?.ret));
  }
  compareLog(into, where.step, where.call, kernel.log, model?.log ?? []);
}

function compareLog(
  into: Comparison,
  step: number,
  call: string,
  kernel: readonly string[],
  model: readonly string[],
): void {
  for (let i = 0; i < Math.max(kernel.length, model.length); i++) {
    note(into, 'log lines', { step, call }, kernel[i] ?? '(no line)', model[i] ?? '(no line)');
  }
}

function textClass(path: string): ObservableClass {
  if (path === '/sys/kernel/debug/modules/stats') return 'stats text';
  if (path === '/proc/modules' || path === '/proc/vmallocinfo') return path;
  return 'other files';
}

/** Offsets into functions are the compiler's business: `load_module+0x123/0x1a80`. */
function comparable(name: ObservableClass, text: string | undefined): string {
  if (text === undefined) return '(nothing)';
  if (name !== '/proc/vmallocinfo') return text;
  return text.replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, '');
}

/** Lists line by line; the statistics as a whole, byte for byte. */
function compareTexts(
  into: Comparison,
  name: ObservableClass,
  where: { step: number; call: string },
  kernel: string,
  model: string,
): void {
  if (name !== '/proc/modules' && name !== '/proc/vmallocinfo') {
    note(into, name, where, kernel, model);
    return;
  }
  const a = kernel.split('\n');
  const b = model.split('\n');
  const known = new Set(b);
  const seen = new Set(a);
  const extra = b.filter((line) => !seen.has(line));
  for (const line of a) {
    if (line === '') continue;
    if (known.has(line)) note(into, name, where, line, line);
    else note(into, name, where, line, extra.shift() ?? '(no line)');
  }
  for (const line of extra) if (line !== '') note(into, name, where, '(no line)', line);
  if (a.join('\n') !== b.join('\n') && [...a].sort().join('\n') === [...b].sort().join('\n')) {
    note(into, name, where, `(order) ${a.join('; ')}`, `(order) ${b.join('; ')}`);
  }
}

function compareEvents(
  into: Comparison,
  step: number,
  call: string,
  kernelEvents: readonly ObservedEvent[],
  modelEvents: readonly ObservedEvent[],
): void {
  const foreign = kernelEvents.filter((event) => event.owner !== '');
  into.attributed.init += foreign.length;
  const kernel = kernelEvents.filter((event) => event.owner === '');
  const model = modelEvents.filter((event) => event.owner === '');
  const where = { step, call };
  let same = true;
  for (const kind of [
    'alloc_vmap_area',
    'free_vmap_area_noflush',
    'purge_vmap_area_lazy',
  ] as const) {
    const a = kernel.filter((event) => event.kind === kind);
    const b = model.filter((event) => event.kind === kind);
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const left = a[i]?.text ?? '(no event)';
      const right = b[i]?.text ?? '(no event)';
      same &&= left === right;
      note(into, kind, where, left, right);
    }
  }
  if (!same || kernel.length === 0) return;
  const order = (events: readonly ObservedEvent[]): string =>
    events.map(({ kind, text }) => `${kind.split('_')[0]} ${text}`).join('; ');
  note(into, 'order of events', where, order(kernel), order(model));
}
