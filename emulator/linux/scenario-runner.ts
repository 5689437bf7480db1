// SPDX-License-Identifier: MIT
// Runs a scenario's steps on a real Linux in v86 and tells what was seen of them.

import type { Step } from '../../loader/scenario/index.ts';
import { exitCodeOf } from '../../loader/userspace/index.ts';
import { ALLOCATOR_EVENTS, type AllocatorStep, digestAllocator } from './allocator-digest.ts';
import type { KmsgRecord } from './console-parser.ts';
import type { ForeignEvent } from './foreign-events.ts';
import type { LinuxGuestFiles } from './guest-cache.ts';
import type { GuestHost } from './guest-host.ts';
import type { GuestOp } from './guest-ops.ts';
import { runLinuxGuest } from './linux-machine.ts';
import type { LinuxOpResult, LinuxRun } from './linux-run.ts';
import type { ObservedCall, ObservedEvent, ObservedInit, ObservedRun } from './observed.ts';
import { type PlannedCall, type PlannedStep, StepPlanner } from './scenario-ops.ts';
import { type Printed, TRACE_EVENTS, TraceDigest } from './trace-digest.ts';
import { parseTrace } from './trace-lines.ts';

export interface LinuxScenario {
  readonly guest: LinuxGuestFiles;
  readonly steps: readonly Step[];
  /** Module files by path below /lib/modules/RELEASE. */
  readonly modules: ReadonlyMap<string, Uint8Array>;
  readonly modprobeList?: readonly string[];
  /**
   * Modules whose inits are modelled themselves. Kernel workers go before the threads of such an
   * init, so that what they are woken for is done at once instead of some time.
   */
  readonly modelledInits?: readonly string[];
  /** Whether `allocator` is to tell how allocator events came about. */
  readonly watchAllocator?: boolean;
  /** Further programs that are modprobe, too, by absolute path. */
  readonly programs?: readonly string[];
  /** The emulator; v86 unless told. */
  readonly host?: GuestHost;
  readonly memoryMb?: number;
  readonly cpus?: number;
  readonly vmallocMb?: number;
  readonly highmem?: boolean;
  readonly commandLine?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (step: number, of: number) => void;
  /** Console text outside records, line by line, as it comes. */
  readonly onConsole?: (line: string) => void;
}

export interface LinuxScenarioRun extends ObservedRun {
  readonly release: string;
  /** By step and module: references taken (dropped: negative) by others than loader and inits. */
  readonly references: readonly ReadonlyMap<string, number>[];
  /** By step, what tasks outside module system calls did to the address space. */
  readonly foreign: readonly (readonly ForeignEvent[])[];
  /** How many references inits, exits and workers took and dropped in all. */
  readonly referenceCount: number;
  /** What modules' own inits did, in the order they ended. */
  readonly inits: readonly ObservedInit[];
  /** By step; what needs `watchAllocator` is empty without. */
  readonly allocator: readonly AllocatorStep[];
  /** Whether the kernel has the tracepoints of the vmalloc allocator (from Linux 6.2 on). */
  readonly observesAllocator: boolean;
  /** Texts of the kernel's files before the first step. */
  readonly initial: { readonly vmallocinfo: string; readonly meminfo: string };
  /** Steps that were carried out whole; fewer than given when the kernel crashed or hung. */
  readonly completed: number;
  readonly outcome: LinuxRun['outcome'];
  readonly reason: string;
  readonly console: string;
  /** The whole kernel log. */
  readonly kmsg: readonly KmsgRecord[];
  /** The whole trace, as `trace_pipe` gives it. */
  readonly trace: string;
  readonly userSpaceMs: number;
  readonly totalMs: number;
  /** Lines that modules' own exits printed. */
  readonly exitLog: readonly string[];
  /** Lines printed in interrupts or by tasks outside module system calls: no call's. */
  readonly interruptLog: readonly string[];
  /** When each step began, by the guest's clock, counted from the first. */
  readonly startsUs: readonly number[];
}

/** Characters that tell one line from another; what follows may be escaped differently. */
const PIECE_COMPARED = 24;
const TRACE_KILOBYTES = 16_384;
const VMALLOCINFO: GuestOp = { op: 'read', path: '/proc/vmallocinfo' };
const TRACEPOINTS: GuestOp = { op: 'read', path: '/sys/kernel/tracing/available_events' };

/** Throws GuestMappingError for steps the guest cannot run, RangeError for what does not fit. */
export async function runScenarioOnLinux(scenario: LinuxScenario): Promise<LinuxScenarioRun> {
  const { guest, steps } = scenario;
  const root = `/lib/modules/${guest.release}`;
  const files = new Map<string, Uint8Array>();
  for (const [path, bytes] of scenario.modules) files.set(`${root}/${path}`, bytes);
  const modelled = new Set(scenario.modelledInits ?? []);
  const planner = new StepPlanner(root, (path) => files.get(path)?.length, modelled);
  const plans = steps.map((step, index) => planner.plan(step, index));
  const before: GuestOp[] = [
    // A kernel worker that is woken goes first, always instead of now and then.
    { op: 'idle' },
    {
      op: 'trace_on',
      events: scenario.watchAllocator ? [...TRACE_EVENTS, ...ALLOCATOR_EVENTS] : TRACE_EVENTS,
      kilobytes: TRACE_KILOBYTES,
    },
    { op: 'settle' },
    { op: 'read', path: '/proc/meminfo' },
    VMALLOCINFO,
    TRACEPOINTS,
  ];
  const ops = [...before, ...plans.flatMap((plan) => plan.ops)];
  const stepOfLine = lineSteps(before.length, plans);
  const run = await runLinuxGuest({
    guest,
    ops,
    files,
    ...pick(scenario),
    ...(scenario.onConsole === undefined ? {} : { onConsole: scenario.onConsole }),
    onProgress: (line) => scenario.onProgress?.(stepOfLine[line] ?? 0, steps.length),
  });
  return new RunReader(run, plans, before, stepOfLine, modelled).read();
}

function pick(scenario: LinuxScenario) {
  const { modprobeList, programs, vmallocMb, highmem, commandLine, timeoutMs, signal } = scenario;
  const { host, memoryMb, cpus } = scenario;
  return {
    ...(host === undefined ? {} : { host }),
    ...(memoryMb === undefined ? {} : { memoryMb }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(modprobeList === undefined ? {} : { modprobeList }),
    ...(programs === undefined ? {} : { programs }),
    ...(vmallocMb === undefined ? {} : { vmallocMb }),
    ...(highmem === undefined ? {} : { highmem }),
    ...(commandLine === undefined ? {} : { commandLine }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** The step of each line of the operations list. */
function lineSteps(first: number, plans: readonly PlannedStep[]): number[] {
  const steps: number[] = Array(first).fill(-1);
  plans.forEach(({ ops }, step) => {
    for (const op of ops) {
      steps.push(step);
      if (op.op === 'spawn') for (let i = 0; i <= op.ops.length; i++) steps.push(step);
    }
  });
  return steps;
}

class RunReader {
  readonly #run: LinuxRun;
  readonly #plans: readonly PlannedStep[];
  readonly #results: ReadonlyMap<GuestOp, LinuxOpResult>;
  readonly #digest: TraceDigest;
  readonly #initial: readonly GuestOp[];
  readonly #interruptLog: string[] = [];
  /** Of lines not yet seen: one that lacks its end is shown once another follows. By pid. */
  readonly #printed = new Map<number, Printed[]>();
  /** Lines of each of init's own calls, by step. */
  readonly #callLogs = new Map<number, string[]>();
  /** Log lines by the step during which they came. */
  readonly #log = new Map<number, KmsgRecord[]>();

  constructor(
    run: LinuxRun,
    plans: readonly PlannedStep[],
    initial: readonly GuestOp[],
    stepOfLine: readonly number[],
    modelled: ReadonlySet<string>,
  ) {
    this.#run = run;
    this.#digest = new TraceDigest(modelled);
    run.kmsg.forEach((record, i) => {
      if (record.caller.startsWith('C')) {
        this.#interruptLog.push(record.text);
        return;
      }
      const step = stepOfLine[run.kmsgDuring[i]!] ?? -1;
      this.#log.set(step, [...(this.#log.get(step) ?? []), record]);
    });
    this.#plans = plans;
    this.#initial = initial;
    this.#results = new Map(run.results.map((result) => [result.op, result]));
  }

  read(): LinuxScenarioRun {
    const calls: ObservedCall[] = [];
    const events: ObservedEvent[][] = [];
    const otherLog: string[][] = [];
    const inits: ObservedInit[] = [];
    const allocator: AllocatorStep[] = [];
    const references: ReadonlyMap<string, number>[] = [];
    const foreign: (readonly ForeignEvent[])[] = [];
    let completed = 0;
    const startsUs: number[] = [];
    for (const [index, plan] of this.#plans.entries()) {
      const results = plan.ops.map((op) => this.#results.get(op));
      const parsed = parseTrace(results.map((result) => result?.trace ?? '').join(''));
      if (parsed.lost > 0) throw new Error(`the guest lost ${parsed.lost} trace events`);
      const step = this.#digest.step(index, parsed.lines);
      inits.push(...step.inits);
      allocator.push(digestAllocator(parsed.lines));
      references.push(step.references);
      foreign.push(step.foreign);
      events.push(step.events);
      const log = this.#logOf(index, step.printed);
      for (const call of plan.calls) calls.push(this.#call(index, call, step.returned, log));
      otherLog.push(log.map((record) => record.text));
      const whole = results.every((result) => result !== undefined && result.ret !== null);
      if (whole && completed === index) completed += 1;
      startsUs.push(results[0]?.startUs ?? 0);
    }
    const { outcome, reason, release, console, kmsg, userSpaceMs, totalMs } = this.#run;
    return {
      calls,
      events,
      otherLog,
      inits,
      allocator,
      references,
      foreign,
      referenceCount: this.#digest.references,
      completed,
      outcome,
      reason,
      release,
      console,
      kmsg,
      trace: this.#run.results.map(({ trace }) => trace).join(''),
      userSpaceMs: userSpaceMs ?? totalMs,
      totalMs,
      exitLog: this.#digest.exits.log,
      interruptLog: this.#interruptLog,
      startsUs: startsUs.map((us) => us - startsUs[0]!),
      observesAllocator: /^vmalloc:alloc_vmap_area$/m.test(this.#text(TRACEPOINTS)),
      initial: {
        meminfo: this.#text(this.#initial[3]!),
        vmallocinfo: this.#text(this.#initial[4]!),
      },
    };
  }

  /**
   * Lines printed during a step, those of modules' own inits apart, which they are given. A line
   * without its end, cut because it was too long, is shown when the next comes: it goes back to the
   * call that printed it.
   */
  #logOf(step: number, printed: ReadonlyMap<number, readonly Printed[]>): KmsgRecord[] {
    for (const [pid, pieces] of printed) {
      this.#printed.set(pid, [...(this.#printed.get(pid) ?? []), ...pieces]);
    }
    return (this.#log.get(step) ?? []).filter(({ caller, text }) => {
      const found = /^T(\d+)$/.exec(caller);
      const piece =
        caller === '' ? this.#pieceOfAny(text) : found && this.#pieceOf(Number(found[1]), text);
      // A kernel without CONFIG_PRINTK_CALLER: the trace tells who printed it.
      if (caller === '' && piece !== null && piece.by === null && !piece.calling) {
        this.#interruptLog.push(text);
        return false;
      }
      const earlier = piece && piece.step < step ? this.#callLogs.get(piece.step) : undefined;
      const to = piece?.by?.log ?? earlier;
      to?.push(text);
      return to === undefined;
    });
  }

  /** The same of whichever task, the one whose next line it is first. */
  #pieceOfAny(line: string): Printed | null {
    const pids = [...this.#printed.keys()];
    const next = pids.find((pid) => isPiece(line, this.#printed.get(pid)?.[0]));
    const any = next ?? pids.find((pid) => this.#printed.get(pid)?.some((p) => isPiece(line, p)));
    return any === undefined ? null : this.#pieceOf(any, line);
  }

  /** How a line was printed: its first piece is the next that the line begins with. */
  #pieceOf(pid: number, line: string): Printed | null {
    const pieces = this.#printed.get(pid) ?? [];
    const at = pieces.findIndex((piece) => isPiece(line, piece));
    if (at < 0) return null;
    return pieces.splice(0, at + 1).at(-1)!;
  }

  /** Takes the lines of the call's task out of `log`. */
  #call(
    step: number,
    { member, step: asked, op, child }: PlannedCall,
    returned: ReadonlyMap<number, readonly number[]>,
    log: KmsgRecord[],
  ): ObservedCall {
    const result = this.#results.get(op);
    const pid = result?.pid ?? 0;
    const callers = [pid, ...this.#programsOf(asked, result)].map((of) => `T${of}`);
    const own: string[] = [];
    for (let i = 0; i < log.length; ) {
      // init's steps have the whole log of the time they take
      const mine = child === undefined || callers.includes(log[i]!.caller);
      if (mine) own.push(log.splice(i, 1)[0]!.text);
      else i += 1;
    }
    let ret = result?.ret ?? returned.get(pid)?.[0] ?? null;
    if ('request_module' in asked) ret = takeRequestValue(asked, own) ?? ret;
    // The guest's init answers with the wait status of the modprobe it ran.
    if ('modprobe' in asked && ret !== null && ret >= 0) ret = exitCodeOf(ret);
    const { name, subject } = nameOf(asked);
    if (child === undefined) this.#callLogs.set(step, own);
    return {
      step,
      ...(member === undefined ? {} : { member }),
      op: name,
      subject,
      ret,
      log: own,
      ...(result?.data == null || ret === null || ret < 0 ? {} : { text: latin1(result.data) }),
      ...(result === undefined ? {} : { startUs: result.startUs, endUs: result.endUs }),
    };
  }

  /** The process that a call ran in its place: modprobe, of that name and within that time. */
  #programsOf(asked: PlannedCall['step'], result: LinuxOpResult | undefined): number[] {
    if (!('modprobe' in asked) || result === undefined) return [];
    const { startUs, endUs } = result;
    const run = this.#run.modprobe.find(
      (one) => one.name === asked.modprobe && one.startUs >= startUs && one.startUs <= endUs,
    );
    return run === undefined ? [] : [run.pid];
  }

  #text(op: GuestOp): string {
    return latin1(this.#results.get(op)?.data ?? new Uint8Array());
  }
}

function isPiece(line: string, piece: Printed | undefined): boolean {
  if (piece === undefined) return false;
  return piece.text === '' ? line === '' : line.startsWith(piece.text.slice(0, PIECE_COMPARED));
}

/** What ms_request printed: the value of request_module. */
function takeRequestValue(
  asked: { readonly request_module: string; readonly wait: boolean },
  log: string[],
): number | undefined {
  const start = `ms_request: ${asked.wait ? 'wait' : 'nowait'} ${asked.request_module} = `;
  const at = log.findIndex((line) => line.startsWith(start));
  if (at < 0) return undefined;
  const [line] = log.splice(at, 1);
  return Number(line!.slice(start.length));
}

function nameOf(step: PlannedCall['step']): { name: string; subject: string } {
  const [name, subject] = Object.entries(step).find(([key]) =>
    /^(finit_module|init_module|delete_module|request_module|modprobe|read|write)$/.test(key),
  )!;
  return { name, subject: String(subject) };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
