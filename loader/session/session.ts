import { ERRNO, type Nanos } from '../base/index.ts';
import type { Coroutine, Task } from '../engine/index.ts';
import type { SimKernel } from '../kernel.ts';
import type { ModuleCall } from '../module/index.ts';
import { isKernelOperation, type KernelOperation, startOperation } from './execute-operation.ts';
import {
  type Arrival,
  type ArrivingProcess,
  type GroupMember,
  type Operation,
  type Program,
  subjectOf,
} from './operation.ts';
import type { PortSession, SessionCompletion } from './port-session.ts';

/** One finished kernel operation, for the result. */
export interface RequestRecord {
  readonly call: ModuleCall;
  readonly context: number;
  /** Which of its context's operations this was, from 0; and which process of a group. */
  readonly sequence: number;
  readonly member: number | undefined;
  readonly cpu: number;
  readonly operation: KernelOperation;
  readonly start: Nanos;
  readonly end: Nanos;
  readonly ret: number;
}

export interface SessionObserver {
  /** Told of the session it observes, before time begins. */
  onStart?(session: { readonly unanswered: readonly Task[] }): void;
  onRecord(record: RequestRecord): void;
}

/** What a process that came on its own was answered. */
export interface ArrivalAnswer {
  /** Its number, from 0. */
  readonly arrival: number;
  readonly ret: number;
  /** What a `read` read. */
  readonly data?: Uint8Array;
}

interface Submitted {
  readonly tag: number;
  readonly operation: Operation;
}

/** One simulated CPU of the guest: a task that serves what is submitted, in order. */
class Context {
  readonly index: number;
  readonly cpu: number;
  readonly mailbox: Submitted[] = [];
  readonly operations: Iterator<Operation>;
  task: Task | undefined;
  waiting = false;
  /** Operations served so far. */
  served = 0;
  /** Its program has been read to the end: what it asks for now is the guest's own report. */
  ended = false;

  constructor(index: number, cpu: number, operations: Iterator<Operation>) {
    this.index = index;
    this.cpu = cpu;
    this.operations = operations;
  }
}

const encoder = new TextEncoder();

/** A program run against a simulated kernel, one request at a time per context. */
export class Session implements PortSession {
  readonly #kernel: SimKernel;
  readonly #observer: SessionObserver;
  readonly #program: Program;
  readonly #contexts: Context[];
  #completions: SessionCompletion[] = [];
  #outstanding = 0;
  /** Tasks that wait for the kernel to fall quiet. */
  #settling: Task[] = [];
  /** Processes that have come on their own, by number. */
  readonly #arrived: Task[] = [];
  /** How many of the program's arrivals have come. */
  #nextArrival = 0;
  /** Told of each arrival that has been answered. */
  onArrival: ((answer: ArrivalAnswer) => void) | undefined;

  constructor(kernel: SimKernel, program: Program, observer: SessionObserver) {
    this.#kernel = kernel;
    this.#program = program;
    this.#observer = observer;
    observer.onStart?.(this);
    const { engine, callerPolicy: policy } = kernel;
    this.#contexts = program.contexts.map(({ cpu, comm, operations }, index) => {
      const context = new Context(index, cpu, operations[Symbol.iterator]());
      context.task = engine.spawn({ comm: comm ?? 'storm', cpu, pinned: true, policy }, () =>
        this.#serve(context),
      );
      return context;
    });
    // Every context comes to wait for its first request before time begins.
    engine.runUntilQuiet();
    for (const { at, cpu, online } of program.hotplug ?? []) {
      if (at <= engine.now) engine.setOnline(cpu, online);
      else engine.after(at - engine.now, () => engine.setOnline(cpu, online));
    }
  }

  get contexts(): number {
    return this.#contexts.length;
  }

  /** Tasks of contexts whose request has not been answered. */
  get unanswered(): readonly Task[] {
    return this.#contexts.flatMap(({ task, waiting }) => (task && !waiting ? [task] : []));
  }

  get now(): Nanos {
    return this.#kernel.engine.now;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  fetch(context: number): Operation | undefined {
    const target = this.#contexts[context];
    const next = target?.operations.next();
    if (target && next && !next.done) return next.value;
    if (target) target.ended = true;
    return undefined;
  }

  submit(context: number, tag: number, operation: Operation): void {
    const target = this.#contexts[context];
    if (!target) throw new RangeError(`no context ${context}`);
    this.#outstanding += 1;
    target.mailbox.push({ tag, operation });
    if (target.waiting) {
      target.waiting = false;
      this.#kernel.engine.wake(target.task!);
    }
  }

  advance(): readonly SessionCompletion[] {
    const { engine } = this.#kernel;
    const { arrivals = [] } = this.#program;
    while (this.#completions.length === 0) {
      const next = arrivals[this.#nextArrival];
      if (next !== undefined) {
        if (engine.nextAt !== undefined && engine.nextAt <= next.at) engine.step();
        else {
          this.#nextArrival += 1;
          this.arrive(next);
        }
      } else if (engine.busy) engine.step();
      else if (this.#settling.length > 0) this.#settleAll();
      else break;
    }
    const done = this.#completions;
    this.#completions = [];
    this.#outstanding -= done.length;
    return done;
  }

  advanceTime(ns: Nanos): void {
    const { engine } = this.#kernel;
    const until = engine.now + ns;
    engine.after(ns, () => {});
    while (engine.now < until && engine.step()) {}
  }

  /**
   * A process comes from outside, or a signal for one: after all that happens up to that instant.
   * A moment that has passed is now. Returns the time at which it came. Processes get numbers from
   * 0 in the order they come. What is asked at the same times in the same order has the same
   * outcome, however far `passTo` has let time pass in between.
   */
  arrive(arrival: Arrival): Nanos {
    const { engine } = this.#kernel;
    const at = Math.max(arrival.at, engine.now);
    while (engine.nextAt !== undefined && engine.nextAt <= at) engine.step();
    if (engine.now < at) {
      engine.after(at - engine.now, () => {});
      engine.step();
    }
    if ('operation' in arrival) this.#spawnArrival(arrival);
    else {
      const task = this.#arrived[arrival.arrival];
      if (task) engine.signal(task, arrival.signal);
    }
    return at;
  }

  /** Lets happen what happens up to `at`; when nothing is left to happen, time stands still. */
  passTo(at: Nanos): void {
    const { engine } = this.#kernel;
    while (engine.busy && engine.nextAt !== undefined && engine.nextAt <= at) engine.step();
  }

  #spawnArrival({ comm, operation }: ArrivingProcess): void {
    const { engine, callerPolicy: policy } = this.#kernel;
    const arrival = this.#arrived.length;
    const context = new Context(this.#contexts.length + arrival, 0, [][Symbol.iterator]());
    const task = engine.spawn({ comm, policy }, () =>
      this.#serveArrival(context, arrival, operation),
    );
    this.#arrived.push(task);
  }

  *#serveArrival(context: Context, arrival: number, operation: Operation): Coroutine<void> {
    if (!isKernelOperation(operation)) {
      const ret = yield* this.#pass(context, operation);
      this.onArrival?.({ arrival, ret });
      return;
    }
    const { call, ret } = yield* this.#call(context, operation);
    const { text } = call;
    this.onArrival?.(
      text === undefined ? { arrival, ret } : { arrival, ret, data: encoder.encode(text) },
    );
  }

  #settleAll(): void {
    const tasks = this.#settling;
    this.#settling = [];
    for (const task of tasks) this.#kernel.engine.wake(task);
  }

  *#serve(context: Context): Coroutine<void> {
    const { engine } = this.#kernel;
    for (;;) {
      const next = context.mailbox.shift();
      if (!next) {
        context.waiting = true;
        yield engine.block('uninterruptible');
        continue;
      }
      const { tag, operation } = next;
      const { index } = context;
      if (isKernelOperation(operation)) {
        const { call, ret } = yield* this.#call(context, operation);
        this.#completions.push(
          call.text === undefined
            ? { context: index, tag, ret }
            : { context: index, tag, ret, data: encoder.encode(call.text) },
        );
      } else {
        const ret = yield* this.#pass(context, operation);
        this.#completions.push({ context: index, tag, ret });
      }
      context.served += 1;
    }
  }

  /** An operation that only lets time pass, or starts others. */
  *#pass(context: Context, operation: Exclude<Operation, KernelOperation>): Coroutine<number> {
    const { engine, log } = this.#kernel;
    switch (operation.op) {
      case 'noop':
        return 0;
      case 'sleep':
        yield* engine.sleep(operation.ns);
        return 0;
      case 'sleep_until':
        if (operation.at > engine.now) yield* engine.sleep(operation.at - engine.now);
        return 0;
      case 'settle':
        this.#settling.push(engine.current!);
        yield engine.block('uninterruptible');
        return 0;
      case 'log':
        log.print(6, operation.text);
        return 0;
      case 'group':
        return yield* this.#group(context, operation.group);
    }
  }

  /** One kernel operation of the current task, recorded. */
  *#call(context: Context, operation: KernelOperation, member?: number): Coroutine<RequestRecord> {
    const kernel = this.#kernel;
    const { engine } = kernel;
    const start = engine.now;
    const { cpu } = engine.current!;
    const call = kernel.calls.begin(operation.op, subjectOf(operation), kernel.calls.nextRequest());
    const value = (yield engine.enter(startOperation(kernel, call, operation))) as number;
    const ret = kernel.calls.end(call, value);
    const record: RequestRecord = {
      call,
      context: context.index,
      sequence: context.served,
      member,
      cpu,
      operation,
      start,
      end: engine.now,
      ret,
    };
    const report = context.ended && context.mailbox.length === 0 && operation.op === 'read';
    if (!report) this.#observer.onRecord(record);
    return record;
  }

  /** Starts a group's processes and waits for all; the first failure is the group's value. */
  *#group(context: Context, index: number): Coroutine<number> {
    const { engine } = this.#kernel;
    const group = this.#program.groups[index];
    if (!group) return -ERRNO.EINVAL;
    for (const action of group.files) {
      const err = this.#kernel.tree.apply(action);
      if (err !== 0) return err;
    }
    const { userland } = this.#kernel;
    for (const { program, kind, after } of group.signals ?? []) {
      engine.after(after, () => userland.signalHelpers(program, kind));
    }
    const children: Task[] = [];
    const { comm, policy } = engine.current!;
    for (const [index, member] of group.members.entries()) {
      const child = engine.spawn({ comm, policy }, () => this.#member(context, member, index));
      children.push(child);
      if (member.signal) {
        const { kind, after } = member.signal;
        engine.after(member.delay + after, () => engine.signal(child, kind));
      }
    }
    let ret = 0;
    for (const child of children) {
      const value = (yield* engine.join(child)) as number;
      if (ret === 0) ret = value;
    }
    return ret;
  }

  *#member(context: Context, member: GroupMember, index: number): Coroutine<number> {
    if (member.delay > 0) yield* this.#kernel.engine.sleep(member.delay);
    const { operation } = member;
    if (!isKernelOperation(operation)) throw new Error(`${operation.op} is not a kernel operation`);
    return (yield* this.#call(context, operation, index)).ret;
  }
}
