// SPDX-License-Identifier: MIT
// A scenario's steps as operations of the Linux guest.

import { testKmodAttribute } from '../../loader/kernel-tests/index.ts';
import type { CallStep, Step } from '../../loader/scenario/index.ts';
import type { GuestOp } from './guest-ops.ts';

/** A step, or a part of one, that the guest cannot be asked for. */
export class GuestMappingError extends Error {
  readonly step: number;

  constructor(step: number, message: string) {
    super(`step ${step}: ${message}`);
    this.step = step;
  }
}

/** The operation that makes one call, and where its value is found. */
export interface PlannedCall {
  readonly member?: number;
  readonly step: CallStep;
  readonly op: GuestOp;
  readonly child?: string;
}

/** More than starting modprobe and loading a small module takes. */
const UNWAITED_MS = 700;
/** A worker's last act after freeing memory is a purge: the pause lets it come to its end. */
const SETTLE: readonly GuestOp[] = [
  { op: 'settle', timeoutMs: 60_000 },
  { op: 'sleep', ms: 2 },
];

export interface PlannedStep {
  readonly calls: readonly PlannedCall[];
  /** Everything the step does, in order, `settle` last. */
  readonly ops: readonly GuestOp[];
}

const SIGUSR1 = 10;
const SIGKILL = 9;
const SLOTS = 16;
/** No descriptor of the guest's init is this high. */
const BAD_FD = 99;
const REQUEST = '/sys/module/ms_request/parameters';

/** Plans steps one after the other; files kept open are remembered from step to step. */
export class StepPlanner {
  readonly #root: string;
  readonly #sizeOf: (path: string) => number | undefined;
  readonly #workersFirst: ReadonlySet<string>;
  readonly #slots = new Map<string, number>();

  /**
   * `root`: where relative paths start. `sizeOf`: bytes of a file known before the boot.
   * `workersFirst`: modules before whose loading kernel workers are put before all other tasks.
   */
  constructor(
    root: string,
    sizeOf: (path: string) => number | undefined,
    workersFirst: ReadonlySet<string> = new Set(),
  ) {
    this.#root = root;
    this.#sizeOf = sizeOf;
    this.#workersFirst = workersFirst;
  }

  plan(step: Step, index: number): PlannedStep {
    const files = this.#fileOp(step, index);
    if (files !== undefined) return { calls: [], ops: [...this.#parents(step), files] };
    if ('sleep_ms' in step) {
      return { calls: [], ops: [{ op: 'sleep', ms: Math.ceil(step.sleep_ms) }, ...settle()] };
    }
    if ('log' in step) {
      const data = `<6>${step.log}`;
      return { calls: [], ops: [{ op: 'write', path: '/dev/kmsg', data }] };
    }
    if ('parallel' in step) return this.#parallel(step.parallel, index);
    const op = this.#call(step as CallStep, index);
    // Nobody waits for the modprobe of such a request but this step.
    const unwaited = 'request_module' in step && !step.wait;
    const pause: GuestOp[] = unwaited ? [{ op: 'sleep', ms: UNWAITED_MS }] : [];
    const workers: GuestOp[] = this.#wantsWorkers(step) ? [{ op: 'workers' }] : [];
    const ops = 'read' in step ? [op] : [...workers, op, ...pause, ...settle()];
    return { calls: [{ step: step as CallStep, op }], ops };
  }

  #wantsWorkers(step: Step): boolean {
    if (!('finit_module' in step)) return startsThreads(step);
    return this.#workersFirst.has(/([^/]*)\.ko$/.exec(step.finit_module)?.[1] ?? '');
  }

  /** Children wait at a gate, go together, and are waited for. */
  #parallel(members: Extract<Step, { parallel: unknown }>['parallel'], index: number): PlannedStep {
    const calls: PlannedCall[] = [];
    const ops: GuestOp[] = members.some(({ step }) => startsThreads(step))
      ? [{ op: 'workers' }]
      : [];
    members.forEach(({ step, delay_ms }, member) => {
      const child = `p${member}`;
      const op = this.#call(step, index);
      calls.push({ member, step, op, child });
      const delay: GuestOp[] = delay_ms > 0 ? [{ op: 'sleep', ms: Math.ceil(delay_ms) }] : [];
      ops.push({ op: 'spawn', name: child, ops: [{ op: 'gate' }, ...delay, op] });
    });
    for (const { child } of calls) ops.push({ op: 'blocked', name: child! });
    ops.push({ op: 'go' });
    const signals = members
      .map(({ signal, delay_ms }, member) => ({ signal, member, delay: delay_ms }))
      .flatMap(({ signal, member, delay }) =>
        signal ? [{ at: delay + signal.after_ms, kind: signal.kind, member }] : [],
      )
      .sort((a, b) => a.at - b.at);
    let now = 0;
    for (const { at, kind, member } of signals) {
      if (at > now) ops.push({ op: 'sleep', ms: Math.ceil(at - now) });
      now = Math.max(now, at);
      ops.push({ op: 'kill', name: `p${member}`, signal: kind === 'kill' ? SIGKILL : SIGUSR1 });
    }
    ops.push({ op: 'wait', name: 'all' }, ...settle());
    return { calls, ops };
  }

  /** The directories of a new name; those that exist stay as they are. */
  #parents(step: Step): GuestOp[] {
    const to = 'link' in step || 'copy' in step ? this.#at(step.to) : '/';
    const ops: GuestOp[] = [];
    for (let slash = to.indexOf('/', 1); slash > 0; slash = to.indexOf('/', slash + 1)) {
      if (slash > this.#root.length) ops.push({ op: 'mkdir', path: to.slice(0, slash) });
    }
    return ops;
  }

  #fileOp(step: Step, index: number): GuestOp | undefined {
    if ('link' in step) return { op: 'link', from: this.#at(step.link), to: this.#at(step.to) };
    if ('copy' in step) return { op: 'copy', from: this.#at(step.copy), to: this.#at(step.to) };
    if ('open_write' in step) {
      const path = this.#at(step.open_write);
      const slot = [...Array(SLOTS).keys()].find((s) => ![...this.#slots.values()].includes(s));
      if (slot === undefined) throw new GuestMappingError(index, `more than ${SLOTS} open files`);
      this.#slots.set(path, slot);
      return { op: 'open', slot, path, mode: 'wo' };
    }
    if ('close_write' in step) {
      const path = this.#at(step.close_write);
      const slot = this.#slots.get(path);
      if (slot === undefined) throw new GuestMappingError(index, `${path} is not open for writing`);
      this.#slots.delete(path);
      return { op: 'close', slot };
    }
    return undefined;
  }

  #call(step: CallStep, index: number): GuestOp {
    if ('finit_module' in step) {
      const { flags, args, open } = step;
      const path = this.#at(step.finit_module);
      if (open === 'bad') return { op: 'finit_module', path, fd: BAD_FD, flags, args };
      return { op: 'finit_module', path, flags, args, ...(open === 'write' ? { open: 'wo' } : {}) };
    }
    if ('init_module' in step) return this.#initModule(step, index);
    if ('delete_module' in step) {
      return { op: 'delete_module', name: step.delete_module, flags: step.flags };
    }
    if ('request_module' in step) {
      const path = `${REQUEST}/${step.wait ? 'wait' : 'nowait'}`;
      return { op: 'write', path, data: step.request_module };
    }
    if ('modprobe' in step) {
      const args = step.args === '' ? [] : step.args.split(' ');
      return { op: 'exec', argv: ['/sbin/modprobe', ...args, '-q', '--', step.modprobe] };
    }
    if ('read' in step) {
      const path = this.#at(step.read);
      // A read of 4 MiB or more is refused there (proc_sys_call_handler, fs/proc/proc_sysctl.c).
      return { op: 'read', path, ...(path.startsWith('/proc/sys/') ? { max: 65_536 } : {}) };
    }
    if ('write' in step) return { op: 'write', path: this.#at(step.write), data: step.text };
    throw new GuestMappingError(index, 'uevent steps need a udev, which the guest has not');
  }

  /** A length beyond the image is asked for with a pointer that cannot be read at all. */
  #initModule(step: Extract<CallStep, { init_module: string }>, index: number): GuestOp {
    const path = this.#at(step.init_module);
    const { args, len, fault } = step;
    const size = this.#sizeOf(path);
    if (len !== undefined && size === undefined && !fault) {
      throw new GuestMappingError(index, `init_module with a length needs a file known before`);
    }
    const beyond = len !== undefined && size !== undefined && len > size;
    return {
      op: 'init_module',
      path,
      args,
      ...(len === undefined ? {} : { length: len }),
      ...(fault || beyond ? { pointer: 0 } : {}),
    };
  }

  #at(path: string): string {
    return path.startsWith('/') ? path : `${this.#root}/${path}`;
  }
}

/** Starts threads of the kernel's test driver: they go before who starts them (lib/test_kmod.c). */
function startsThreads(step: Step): boolean {
  return 'write' in step && testKmodAttribute(step.write) === 'trigger_config';
}

/** Results are found by the operation's identity. */
function settle(): GuestOp[] {
  return SETTLE.map((op) => ({ ...op }));
}

/** Files of our own modules that must be loaded for the steps to be run. */
export function modulesFor(steps: readonly Step[]): string[] {
  const calls = steps.flatMap((step) =>
    'parallel' in step ? step.parallel.map((member) => member.step) : [step],
  );
  return [
    ...(calls.some((step) => 'request_module' in step) ? ['ms_request.ko'] : []),
    ...(calls.some(startsThreads) ? ['ms_threads.ko'] : []),
  ];
}
