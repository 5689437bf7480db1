// SPDX-License-Identifier: MIT
// What can be seen of a scenario's run on the model, in the shape of the guest's (observed.ts).

import type { ObservedCall, ObservedEvent, ObservedRun } from '../../emulator/linux/observed.ts';
import { formatHex } from '../../loader/base/index.ts';
import type { TraceEvent } from '../../loader/events/index.ts';
import { type ModuleContext, modulePut, tryModuleGet } from '../../loader/module/index.ts';
import type { PreparedRun } from '../../loader/scenario/index.ts';
import { type Operation, Session } from '../../loader/session/index.ts';
import { InitTasks } from './init-tasks.ts';
import { ModelLog } from './model-log.ts';

export interface ModelRun extends ObservedRun {
  /** The first step that never ended, if any. */
  readonly stuckAt: number | null;
}

/**
 * Runs a scenario of steps; every second operation waits for the kernel to fall quiet. No step
 * begins before the time `startsUs` has for it, so that limits on warnings and retentions count as
 * they did there. At each step's end `references` on modules are taken or, negative, dropped.
 * `onStep` is called as each begins, `onStepEnd` when the kernel has fallen quiet after it.
 */
export function observeModel(
  run: PreparedRun,
  startsUs: readonly number[] = [],
  references: readonly ReadonlyMap<string, number>[] = [],
  onStep: (step: number) => void = () => {},
  onStepEnd: () => void = () => {},
): ModelRun {
  const { kernel, program, observer } = run;
  const inits = new InitTasks(kernel);
  const recorder = new StepRecorder(run, inits);
  kernel.events.attach({ push: (event) => recorder.push(event) });
  let step = 0;
  const log = new ModelLog(kernel, inits);
  const session = new Session(kernel, program, observer);
  let stuckAt: number | null = null;
  let tag = 0;
  for (;;) {
    const operation: Operation | undefined = session.fetch(0);
    if (operation === undefined) break;
    step = tag >> 1;
    recorder.step = step;
    log.step = step;
    const wait = (tag % 2 === 0 ? (startsUs[step] ?? 0) * 1000 : 0) - session.now;
    if (wait > 0) session.advanceTime(wait);
    if (tag % 2 === 0) onStep(step);
    session.submit(0, tag, operation);
    if (session.advance().length === 0) {
      stuckAt = step;
      break;
    }
    if (tag % 2 === 1) {
      refer(kernel.ctx, references[step]);
      onStepEnd();
    }
    tag += 1;
  }
  const calls: ObservedCall[] = observer.results.map((result) => ({
    step: result.step ?? 0,
    ...(result.member === undefined ? {} : { member: result.member }),
    op: result.op,
    subject: result.subject,
    ret: result.ret,
    log: log.of(result),
    ...(result.text === undefined ? {} : { text: result.text }),
  }));
  const steps = (tag + 1) >> 1;
  const events = Array.from({ length: steps }, (_, i) => recorder.events[i] ?? []);
  return {
    calls,
    events,
    otherLog: log.others(observer.results, steps),
    stuckAt,
  };
}

/** References by parts of the kernel that are not modelled. */
function refer(ctx: ModuleContext, changes: ReadonlyMap<string, number> = new Map()): void {
  for (const [name, change] of changes) {
    const mod = ctx.modules.find(name);
    if (mod === undefined) continue;
    for (let i = 0; i < change; i++) tryModuleGet(ctx, mod, 'kernel');
    for (let i = 0; i > change; i--) modulePut(ctx, mod, 'kernel');
  }
}

/** Puts the allocator's events by step, and tells those of modules' own inits. */
class StepRecorder {
  step = 0;
  readonly events: ObservedEvent[][] = [];
  readonly #run: PreparedRun;
  /** Areas that inits have taken: by address, the module. */
  readonly #owned = new Map<number, string>();
  readonly #inits: InitTasks;
  /** Tasks inside a module's exit. */
  readonly #exiting = new Set<string>();

  constructor(run: PreparedRun, inits: InitTasks) {
    this.#run = run;
    this.#inits = inits;
  }

  push(event: TraceEvent): void {
    switch (event.kind) {
      case 'alloc_vmap_area':
      case 'free_vmap_area_noflush':
      case 'purge_vmap_area_lazy':
        this.#here().push(this.#observed(event));
        break;
      case 'vm_area':
        if (event.caller === `${event.module}_init [${event.module}]`) {
          this.#own(event.va_start, event.module);
        }
        break;
      case 'module_state':
        if (event.state === 'going') this.#exiting.add(event.task);
        else if (event.state === 'gone') this.#exiting.delete(event.task);
        break;
      case 'module_free':
        this.#exiting.delete(event.task);
        break;
    }
  }

  #here(): ObservedEvent[] {
    const list = this.events[this.step] ?? [];
    this.events[this.step] = list;
    return list;
  }

  #own(va: number, module: string): void {
    this.#owned.set(va, module);
    const events = this.#here();
    const start = `va_start=${formatHex(this.#run.kernel.space.preset, va)} `;
    const last = events.findLastIndex(
      (event) => event.kind === 'alloc_vmap_area' && event.text.startsWith(start),
    );
    events[last] = { ...events[last]!, owner: module };
  }

  #observed(event: Extract<TraceEvent, { kind: ObservedEvent['kind'] }>): ObservedEvent {
    const { preset } = this.#run.kernel.space;
    const hex = (va: number): string => formatHex(preset, va);
    const { kind, task } = event;
    const by = this.#inits.of(task) ?? (this.#exiting.has(task) ? 'exit' : '');
    if (kind === 'alloc_vmap_area') {
      const { size, align, failed } = event;
      const text = `va_start=${hex(event.va_start)} size=${size} align=${align} vstart=${hex(event.vstart)} vend=${hex(event.vend)} failed=${failed}`;
      return { kind, text, task, owner: by };
    }
    if (kind === 'free_vmap_area_noflush') {
      const owner = this.#owned.get(event.va_start) ?? by;
      this.#owned.delete(event.va_start);
      const text = `va_start=${hex(event.va_start)} nr_lazy=${event.nr_lazy} nr_lazy_max=${event.nr_lazy_max}`;
      return { kind, text, task, owner };
    }
    const text = `start=${hex(event.start)} end=${hex(event.end)} num_purged=${event.num_purged}`;
    return { kind, text, task, owner: by };
  }
}
