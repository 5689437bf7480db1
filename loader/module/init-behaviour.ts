// SPDX-License-Identifier: MIT
import type { Bytes, Nanos } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';

/** An init that is modelled itself: resolves to what it returns. `args`: the module's parameters. */
export type InitProgram = (args: string) => Coroutine<number>;

/** What an init asks of user space: request_module(), or a uevent of a device it made. */
export type InitRequest =
  | { readonly name: string; readonly wait: boolean }
  | { readonly modalias: string };

/** A job of an init's that runs in an async worker (kernel/async.c), such as a slow probe. */
export interface AsyncWork {
  readonly duration: Nanos;
  readonly requests: readonly InitRequest[];
}

/** What a module's own init function does: the scenario's business, not the loader's. */
export interface InitBehaviour {
  /** Its return value: 0, a negative errno, or a positive number. */
  readonly ret: number;
  /** How long it keeps the CPU, or sleeps. */
  readonly duration: Nanos;
  readonly sleeps: boolean;
  /** How long its exit function sleeps when it is unloaded. */
  readonly exitSleep?: Nanos;
  /** Its exit gives back what was kept in the order it was taken, not the latest first. */
  readonly exitInOrder?: boolean;
  /** Names of modules it takes a reference on and keeps until unload, one for each time. */
  readonly holds?: readonly string[];
  /** vmalloc sizes it allocates in order and keeps until unload. */
  readonly keeps: readonly Bytes[];
  /** vmalloc sizes it allocates in order, and frees in reverse before it returns. */
  readonly uses: readonly Bytes[];
  /** It frees them in the order it took them. */
  readonly usesInOrder?: boolean;
  /** vmalloc sizes it asks for after those, and does without when there is no room. */
  readonly tries?: readonly Bytes[];
  /** Made one after the other once it has its memory; what they return is passed over. */
  readonly requests?: readonly InitRequest[];
  /** Scheduled before them. */
  readonly async?: AsyncWork;
}

/** What inits do, by module name: one behaviour, or one for each run, of which the last stays. */
export type InitBehaviours = ReadonlyMap<string, InitBehaviour | readonly InitBehaviour[]>;

/** Hands out behaviours run by run. */
export class InitScript {
  readonly #behaviours: InitBehaviours;
  readonly #runs = new Map<string, number>();

  constructor(behaviours: InitBehaviours) {
    this.#behaviours = behaviours;
  }

  /** For the next run of this module's init; undefined = succeeds, allocates nothing. */
  next(module: string): InitBehaviour | undefined {
    const found = this.#behaviours.get(module);
    if (found === undefined || !isList(found)) return found;
    const run = this.#runs.get(module) ?? 0;
    this.#runs.set(module, run + 1);
    return found[Math.min(run, found.length - 1)];
  }
}

function isList(
  found: InitBehaviour | readonly InitBehaviour[],
): found is readonly InitBehaviour[] {
  return Array.isArray(found);
}
