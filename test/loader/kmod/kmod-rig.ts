// SPDX-License-Identifier: MIT
import { type Coroutine, Engine, KernelLog, Rcu, type Task } from '../../../loader/engine/index.ts';
import type { EventBody } from '../../../loader/events/event.ts';
import {
  type ExecTarget,
  type HelperProgram,
  RequestModule,
  type RequestModuleOptions,
  UsermodeHelper,
} from '../../../loader/kmod/index.ts';
import { DEFAULT_USERSPACE_COSTS } from '../../../loader/presets/userspace-costs.ts';

export const SECOND = 1_000_000_000;
export const MS = 1_000_000;

export interface Answer {
  ret: number | undefined;
  at: number;
  task: Task;
}

/** A kernel with nothing but request_module, and a modprobe that does what a test says. */
export class KmodRig {
  readonly engine: Engine;
  readonly log: KernelLog;
  readonly events: (EventBody & { t: number })[] = [];
  readonly helper: UsermodeHelper;
  readonly kmod: RequestModule;
  readonly letters: string[] = [];
  /** Names modprobe was started for, in order. */
  readonly started: string[] = [];
  /** What stands at /sbin/modprobe; default: `modprobe`. */
  target: ExecTarget;
  /** Exit code and duration by module name; others succeed in 10 ms. */
  readonly outcomes = new Map<string, { code: number; ns: number }>();

  constructor(
    options: Partial<RequestModuleOptions> & { cpus?: number; staticPath?: string } = {},
  ) {
    const engine = new Engine({ cpus: options.cpus ?? 128, seed: 1 });
    this.engine = engine;
    const tracer = { emit: (body: EventBody) => this.events.push({ ...body, t: engine.now }) };
    this.log = new KernelLog(() => engine.now, tracer);
    const rig = this;
    const modprobe: HelperProgram = function* (argv): Coroutine<number> {
      const name = argv[3]!;
      rig.started.push(name);
      const { code, ns } = rig.outcomes.get(name) ?? { code: 0, ns: 10 * MS };
      yield* engine.sleep(ns);
      return code * 256;
    };
    this.target = modprobe;
    this.helper = new UsermodeHelper({
      engine,
      tracer,
      costs: DEFAULT_USERSPACE_COSTS,
      workerNs: 3_000,
      execTarget: (path) => (path === '/sbin/modprobe' ? this.target : { errno: 2 }),
      ...(options.staticPath === undefined ? {} : { staticPath: options.staticPath }),
    });
    this.kmod = new RequestModule({
      engine,
      log: this.log,
      tracer,
      rcu: new Rcu(engine, 8 * MS),
      features: { limiter: 'semaphore', dups: 'off' },
      wordBits: 32,
      workerNs: 3_000,
      helper: this.helper,
      taint: { add: (letter) => this.letters.push(letter) },
      ...options,
    });
  }

  /** Starts a request after `delay`; its answer is filled in when it returns. */
  ask(name: string, options: { wait?: boolean; delay?: number; fromAsync?: boolean } = {}): Answer {
    const { engine, kmod } = this;
    const answer = { ret: undefined, at: Number.NaN } as unknown as Answer;
    answer.task = engine.spawn({ comm: 'asker' }, function* () {
      if (options.delay) yield* engine.sleep(options.delay);
      answer.ret = yield* kmod.request({
        name,
        wait: options.wait ?? true,
        callSite: 'asker',
        fromAsync: options.fromAsync ?? false,
      });
      answer.at = engine.now;
    });
    return answer;
  }

  /** Sends SIGKILL at a moment. */
  kill(answer: Answer, at: number): void {
    this.engine.after(at - this.engine.now, () => this.engine.signal(answer.task, 'kill'));
  }

  run(): void {
    this.engine.runUntilQuiet();
  }

  /** Lets time pass, background expiry included. */
  runTo(at: number): void {
    let reached = false;
    this.engine.after(at - this.engine.now, () => {
      reached = true;
    });
    while (!reached) this.engine.step();
  }

  get lines(): string[] {
    return this.log.read().lines.map((line) => line.text);
  }

  /** Bodies of the events of one kind, with the time. */
  of<K extends EventBody['kind']>(kind: K): (Extract<EventBody, { kind: K }> & { t: number })[] {
    return this.events.filter((e) => e.kind === kind) as never;
  }
}
