// SPDX-License-Identifier: MIT
// Lays what a real kernel and the model did side by side.

import type { PercpuPlacement } from '../../emulator/linux/allocator-digest.ts';
import type { ObservedCall, ObservedEvent, ObservedRun } from '../../emulator/linux/observed.ts';
import type { LinuxScenarioRun } from '../../emulator/linux/scenario-runner.ts';
import { requestsOf } from './kernel-account.ts';

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
  'per-CPU places',
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
  init_log: "printed by a module's own init or exit",
  reference:
    'references on modules taken or dropped by modules’ own inits and exits and by kernel threads',
  direct_map:
    'purge ranges that also cover the direct map’s addresses of pages that were freed, in which only that part differs',
  first_chunk:
    'objects that the first per-CPU chunk still had room for, which lies outside the vmalloc space and holds what the boot left in it',
  dump: 'of a stack trace or memory report that the kernel adds to a warning',
  clock: 'of the clock the guest counts time by (kernel/time/clocksource.c)',
  interrupt: 'printed in an interrupt or by a task outside module system calls',
  stack:
    'lines of /proc/vmallocinfo of threads’ stacks, and of areas not yet purged between them, on a kernel that has no tracepoints to tell when threads came and went',
} as const;
export type Attribution = keyof typeof ATTRIBUTIONS;

export interface Comparison {
  readonly agree: Record<ObservableClass, number>;
  readonly total: Record<ObservableClass, number>;
  readonly disagreements: Disagreement[];
  readonly attributed: Record<Attribution, number>;
  /** What the real kernel cannot show, one line each. */
  readonly unobserved: string[];
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
  for (const line of more.unobserved) {
    if (!into.unobserved.includes(line)) into.unobserved.push(line);
  }
}

export function emptyComparison(): Comparison {
  const zeros = (): Record<ObservableClass, number> =>
    Object.fromEntries(CLASSES.map((name) => [name, 0])) as Record<ObservableClass, number>;
  return {
    agree: zeros(),
    total: zeros(),
    disagreements: [],
    unobserved: [],
    attributed: {
      init: 0,
      init_log: 0,
      reference: 0,
      direct_map: 0,
      first_chunk: 0,
      dump: 0,
      interrupt: 0,
      clock: 0,
      stack: 0,
    },
  };
}

/**
 * Steps from `steps` on are left out: the kernel did not come to their end. Disagreements are noted
 * with `offset` added to their step.
 */
export function compareRuns(
  kernel: ObservedRun & Partial<Pick<LinuxScenarioRun, 'observesAllocator' | 'release'>>,
  model: ObservedRun,
  steps: number,
  offset = 0,
): Comparison {
  const into = emptyComparison();
  const events = kernel.observesAllocator ?? true;
  if (!events) {
    into.unobserved.push(
      `Linux ${kernel.release} has no tracepoints of the vmalloc allocator: its events, their order, and what modules’ own inits take of the address space`,
    );
  }
  const modelCalls = byKey(model.calls);
  for (const call of kernel.calls) {
    if (call.step >= steps) continue;
    const beside = modelCalls.get(keyOf(call));
    if (events) compareCall(into, call, beside);
    else compareCall(into, withoutStacks(call, into), beside && withoutStacks(beside));
  }
  for (let step = 0; step < steps; step++) {
    if (events) {
      compareEvents(
        into,
        step,
        callOf(kernel, step),
        kernel.events[step] ?? [],
        model.events[step] ?? [],
      );
    }
    compareLog(into, step, `step ${step}`, kernel.otherLog[step] ?? [], model.otherLog[step] ?? []);
  }
  for (const found of into.disagreements) found.step += offset;
  return into;
}

/**
 * Chunk and offset of each object that alloc_percpu() returned outside the first chunk, in the steps
 * that the kernel completed.
 */
export function comparePlaces(
  into: Comparison,
  kernel: Pick<LinuxScenarioRun, 'calls' | 'allocator' | 'completed'>,
  model: readonly (readonly PercpuPlacement[] | undefined)[],
  offset = 0,
): void {
  const place = (found: PercpuPlacement | undefined): string =>
    found === undefined
      ? '(nothing)'
      : `size=${found.size} align=${found.align} base_addr=${found.chunk.toString(16)} off=${found.offset}`;
  for (const [step, details] of kernel.allocator.slice(0, kernel.completed).entries()) {
    const all = requestsOf(details);
    const a = all.filter(({ chunk }) => chunk >= DIRECT_MAP_END);
    const b = model[step] ?? [];
    into.attributed.first_chunk += all.length - a.length;
    const call = kernel.calls.find((c) => c.step === step);
    const where = { step: step + offset, call: call ? titleOf(call) : 'file step' };
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      note(into, 'per-CPU places', where, place(a[i]), place(b[i]));
    }
  }
}

const keyOf = ({ step, member }: ObservedCall): string => `${step}.${member ?? ''}`;
const byKey = (calls: readonly ObservedCall[]): Map<string, ObservedCall> =>
  new Map(calls.map((call) => [keyOf(call), call]));
const titleOf = ({ op, subject }: ObservedCall): string => `${op} ${subject}`;
const callOf = (run: ObservedRun, step: number): string => {
  const call = run.calls.find((c) => c.step === step);
  return call ? titleOf(call) : 'file step';
};

/** An area in the vmalloc space of x86-64: a thread's stack, or one that is not purged yet. */
const STACK_LINE = /^0xffff[c-e]\w{11}-\S+ +\d+ (kernel_clone[ +]|unpurged vm_area)/;

/** The call without lines of other tasks' doing, which are counted in `into`. */
function withoutStacks(call: ObservedCall, into?: Comparison): ObservedCall {
  if (call.subject !== '/proc/vmallocinfo' || call.text === undefined) return call;
  const lines = call.text.split('\n');
  const kept = lines.filter((line) => !STACK_LINE.test(line));
  if (into !== undefined) into.attributed.stack += lines.length - kept.length;
  return { ...call, text: kept.join('\n') };
}

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
    const texts = [comparable(name, kernel.text), comparable(name, model?.text)] as const;
    const [left, right] = name === '/proc/vmallocinfo' ? withoutInitCallers(...texts) : texts;
    compareTexts(into, name, where, left, right);
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
  printed: readonly string[],
  model: readonly string[],
): void {
  const lines = printed.filter((line) => !CLOCK_LINE.test(line));
  into.attributed.clock += printed.length - lines.length;
  const kernel = withoutDumps(lines);
  into.attributed.dump += lines.length - kernel.length;
  for (let i = 0; i < Math.max(kernel.length, model.length); i++) {
    const [left, right] = [kernel[i] ?? '(no line)', model[i] ?? '(no line)'].map(withoutTimes);
    note(into, 'log lines', { step, call }, left!, right!);
  }
}

/** No loader prints such a line; the emulated clock decides when it comes. */
const CLOCK_LINE = /^clocksource: /;

/** How long test_vmalloc.ko took is the machine's business; the rest of its lines is compared. */
function withoutTimes(line: string): string {
  return line
    .replace(/^(Summary: \w+ passed: .* avg: )\d+( usec)$/, '$1(time)$2')
    .replace(/^(All test took worker\d+=)\d+( cycles)$/, '$1(time)$2');
}

/** dump_stack() begins with this line; a WARN() stands between marks of its own (lib/dump_stack.c, Linux 6.12). */
const DUMP = /^CPU: \d+ (UID: \d+ )?PID: \d+ Comm: /;
/** What follows it, up to the end of show_mem() (mm/show_mem.c). */
const IN_DUMP =
  /^(Tainted:|Hardware name:|Call Trace:| \??|Mem-Info:|active_anon:|Node \d|DMA\b|Normal\b|HighMem\b|lowmem_reserve|\d+ (total pagecache )?pages\b|(Free|Total) swap|\d+ pages)/;

function withoutDumps(lines: readonly string[]): string[] {
  let inside = false;
  let warning = false;
  return lines.filter((line) => {
    if (line.startsWith('------------[ cut here ]')) warning = true;
    if (warning) {
      warning = !line.startsWith('---[ end trace');
      return false;
    }
    inside = DUMP.test(line) || (inside && IN_DUMP.test(line));
    return !inside;
  });
}

function textClass(path: string): ObservableClass {
  if (path === '/sys/kernel/debug/modules/stats') return 'stats text';
  if (path === '/proc/modules' || path === '/proc/vmallocinfo') return path;
  return 'other files';
}

/** Offsets into functions are the compiler's business: `load_module+0x123/0x1a80`. */
function comparable(name: ObservableClass, text: string | undefined): string {
  if (text === undefined) return '(nothing)';
  return name === '/proc/vmallocinfo' ? text.replace(/\+0x[0-9a-f]+\/0x[0-9a-f]+/g, '') : text;
}

const INIT_LINE = /^(\S+ +\d+) (\w+)_init \[\2\] /;

/**
 * The init function that asked for an area is but an address once its memory has been freed, and
 * has the name of whatever comes to lie there: the rest of such a line is compared.
 */
function withoutInitCallers(kernel: string, model: string): [string, string] {
  const ranges = new Set<string>();
  const rename = (line: string): string => {
    const found = INIT_LINE.exec(line);
    if (found === null) return line;
    ranges.add(found[1]!);
    return line.replace(INIT_LINE, '$1 (init function) ');
  };
  const after = model.split('\n').map(rename).join('\n');
  const before = kernel.split('\n').map((line) => {
    const found = /^(\S+ +\d+) .* pages=/.exec(line);
    if (found === null || !ranges.has(found[1]!)) return line;
    return line.replace(/^(\S+ +\d+) .* pages=/, '$1 (init function) pages=');
  });
  return [before.join('\n'), after];
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

const PURGE = /^start=0x([0-9a-f]+) end=(0x[0-9a-f]+) num_purged=(\d+)$/;

/**
 * vm_reset_perms() flushes the direct map of the pages it frees as well (mm/vmalloc.c, Linux 6.12);
 * where pages lie is not the loader's business. The rest of the range must be the same.
 */
function isDirectMapPurge(kernel: string, model: string): boolean {
  const a = PURGE.exec(kernel);
  const b = PURGE.exec(model);
  if (a === null || b === null || kernel === model) return false;
  const start = Number.parseInt(a[1]!, 16);
  return isDirectMap(start) && a[2] === b[2] && a[3] === b[3];
}

/** Below the vmalloc space: on x86-64 from PAGE_OFFSET on (Documentation/arch/x86/x86_64/mm.rst). */
function isDirectMap(address: number): boolean {
  if (address <= 0xffff_ffff) return address < DIRECT_MAP_END;
  return address >= 0xffff_8880_0000_0000 && address < 0xffff_c880_0000_0000;
}

/** Below any vmalloc window of an i386 guest with 1 GiB. */
const DIRECT_MAP_END = 0xf700_0000;

function compareEvents(
  into: Comparison,
  step: number,
  call: string,
  kernelEvents: readonly ObservedEvent[],
  modelEvents: readonly ObservedEvent[],
): void {
  const foreign = kernelEvents.filter((event) => event.owner !== '');
  into.attributed.init += foreign.length;
  const kernel = kernelEvents.filter((event) => event.owner === '').map((event) => ({ ...event }));
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
      if (isDirectMapPurge(left, right)) {
        into.attributed.direct_map += 1;
        a[i]!.text = right;
        continue;
      }
      same &&= left === right;
      note(into, kind, where, left, right);
    }
  }
  if (!same || kernel.length === 0) return;
  const order = (events: readonly ObservedEvent[]): string =>
    events.map(({ kind, text }) => `${kind.split('_')[0]} ${text}`).join('; ');
  note(into, 'order of events', where, order(kernel), order(model));
}
