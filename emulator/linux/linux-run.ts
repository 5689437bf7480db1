// SPDX-License-Identifier: MIT
// What one boot of the Linux guest gave: its records put together by operation.

import { bytesOf } from './console-escapes.ts';
import type { ConsoleRecord, ConsoleSink, KmsgRecord } from './console-parser.ts';
import type { GuestOp, ListedOp } from './guest-ops.ts';

export interface LinuxOpResult {
  /** The very object that was given. */
  readonly op: GuestOp;
  /** Child process that ran it; null for init itself. */
  readonly child: string | null;
  readonly pid: number;
  /** The system call's value, -errno included. Null when the operation never came back. */
  readonly ret: number | null;
  /** `call`, or `open` when the file could not be opened and `ret` is why. */
  readonly stage: string;
  /** Microseconds of the guest's monotonic clock. */
  readonly startUs: number;
  readonly endUs: number;
  /**
   * Kernel log lines that appeared during it: of every task for init's own operations, of its own
   * task for a child's.
   */
  readonly log: readonly KmsgRecord[];
  /** What a `read` read. */
  readonly data: Uint8Array | null;
  /** Trace lines since init's previous operation (`trace_pipe`); empty for children. */
  readonly trace: string;
}

/** One run of the modprobe helper. `exitCode` null: it never ended. */
export interface ModprobeRun {
  readonly pid: number;
  readonly name: string;
  readonly startUs: number;
  readonly endUs: number | null;
  readonly exitCode: number | null;
  /** `path=return value` per file it tried to load, in order. */
  readonly loads: readonly string[];
}

/** How the boot ended. `exited` is a wait for input nobody gives: a bug in the guest or emulator. */
export type LinuxOutcome = 'done' | 'panic' | 'timeout' | 'aborted' | 'failed';

export interface LinuxRun {
  readonly outcome: LinuxOutcome;
  /** One line on why it is not `done`. */
  readonly reason: string;
  /** Kernel release, such as 6.12.117; empty when user space was never reached. */
  readonly release: string;
  /** In the order of the list, children's operations after their `spawn`. */
  readonly results: readonly LinuxOpResult[];
  /** The whole kernel log, in order. */
  readonly kmsg: readonly KmsgRecord[];
  /** For each line of the log, the line of the list that had begun last; -1 before the first. */
  readonly kmsgDuring: readonly number[];
  readonly modprobe: readonly ModprobeRun[];
  /** Wait status of each child that ended, by name; the last one when a name was used again. */
  readonly children: ReadonlyMap<string, number>;
  /** Console text outside records: what the kernel itself printed. */
  readonly console: string;
  /** Lines that looked like records and were not whole. */
  readonly damagedRecords: number;
  /** Wall-clock milliseconds from the start to init's first record, and to the end. */
  readonly userSpaceMs: number | null;
  readonly totalMs: number;
}

/** Console text kept, from its end. */
const CONSOLE_LIMIT = 1 << 20;

interface OpenResult {
  pid: number;
  result: (ConsoleRecord & { kind: 'result' }) | null;
  data: string[];
  trace: string[];
}

/** Gathers a boot's records. */
export class LinuxRunCollector implements ConsoleSink {
  readonly #lines: readonly (ListedOp | null)[];
  readonly #open = new Map<number, OpenResult>();
  readonly #kmsg: KmsgRecord[] = [];
  readonly #kmsgDuring: number[] = [];
  readonly #modprobe: { -readonly [K in keyof ModprobeRun]: ModprobeRun[K] }[] = [];
  readonly #children = new Map<string, number>();
  #console = '';
  #damaged = 0;
  #release = '';
  #ops: number | null = null;
  #done = false;
  #panic: string | null = null;
  #last = -1;

  constructor(lines: readonly (ListedOp | null)[]) {
    this.#lines = lines;
  }

  /** Whether init has started; then, how many operations it found (or -errno). */
  get ops(): number | null {
    return this.#ops;
  }

  get done(): boolean {
    return this.#done;
  }

  /** The kernel's panic message, once it has been printed. */
  get panic(): string | null {
    return this.#panic;
  }

  /** Line of the operation that began last, -1 before any. */
  get lastBegun(): number {
    return this.#last;
  }

  text(line: string, damaged: boolean): void {
    if (damaged) this.#damaged++;
    this.#console += `${line}\n`;
    if (this.#console.length > 2 * CONSOLE_LIMIT)
      this.#console = this.#console.slice(-CONSOLE_LIMIT);
    const panic = /Kernel panic - not syncing: (.*)/.exec(line);
    if (panic !== null) this.#panic = panic[1] as string;
  }

  record(record: ConsoleRecord): void {
    switch (record.kind) {
      case 'hello':
        this.#release = record.release;
        this.#ops = record.ops;
        break;
      case 'begin':
        this.#last = record.line;
        this.#result(record.line).pid = record.pid;
        break;
      case 'kmsg':
        this.#kmsg.push(record);
        this.#kmsgDuring.push(this.#last);
        break;
      case 'data':
        this.#result(record.line).data.push(record.text);
        break;
      case 'trace':
        this.#result(record.line).trace.push(record.text);
        break;
      case 'result':
        this.#result(record.line).result = record;
        break;
      case 'child-ended':
        this.#children.set(record.name, record.status);
        break;
      case 'modprobe':
        this.#helper(record);
        break;
      case 'done':
        this.#done = true;
        break;
    }
  }

  finish(
    outcome: LinuxOutcome,
    reason: string,
    userSpaceMs: number | null,
    totalMs: number,
  ): LinuxRun {
    return {
      outcome,
      reason,
      release: this.#release,
      results: this.#results(),
      kmsg: this.#kmsg,
      kmsgDuring: this.#kmsgDuring,
      modprobe: this.#modprobe,
      children: this.#children,
      console: this.#console.slice(-CONSOLE_LIMIT),
      damagedRecords: this.#damaged,
      userSpaceMs,
      totalMs,
    };
  }

  #result(line: number): OpenResult {
    let open = this.#open.get(line);
    if (open === undefined) {
      open = { pid: 0, result: null, data: [], trace: [] };
      this.#open.set(line, open);
    }
    return open;
  }

  #helper(record: ConsoleRecord & { kind: 'modprobe' }): void {
    const { pid, name, timeUs, exitCode, loads } = record;
    if (record.phase === 'begin') {
      this.#modprobe.push({ pid, name, startUs: timeUs, endUs: null, exitCode: null, loads: [] });
      return;
    }
    const run = this.#modprobe.findLast((r) => r.pid === pid && r.exitCode === null);
    if (run === undefined) return;
    run.endUs = timeUs;
    run.exitCode = exitCode;
    run.loads = loads === '' ? [] : loads.split(' ');
  }

  #results(): LinuxOpResult[] {
    const results: LinuxOpResult[] = [];
    this.#lines.forEach((listed, line) => {
      if (listed === null) return;
      const open = this.#open.get(line);
      const result = open?.result ?? null;
      const { op, child } = listed;
      const pid = open?.pid ?? 0;
      results.push({
        op,
        child,
        pid,
        ret: result?.ret ?? null,
        stage: result?.stage ?? 'none',
        startUs: result?.startUs ?? 0,
        endUs: result?.endUs ?? 0,
        log: result === null ? [] : this.#logOf(result, child === null ? null : `T${pid}`),
        data: op.op === 'read' && result !== null ? bytesOf(open?.data.join('') ?? '') : null,
        trace: open?.trace.join('') ?? '',
      });
    });
    return results;
  }

  #logOf(range: { logFirst: number; logEnd: number }, caller: string | null): KmsgRecord[] {
    if (range.logFirst < 0) return [];
    let at = lowerBound(this.#kmsg, range.logFirst);
    const log: KmsgRecord[] = [];
    for (; at < this.#kmsg.length; at++) {
      const record = this.#kmsg[at] as KmsgRecord;
      if (record.seq >= range.logEnd) break;
      if (caller === null || record.caller === caller) log.push(record);
    }
    return log;
  }
}

function lowerBound(kmsg: readonly KmsgRecord[], seq: number): number {
  let low = 0;
  let high = kmsg.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((kmsg[middle] as KmsgRecord).seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
