// SPDX-License-Identifier: MIT
/** The smallest machine that a storm breaks, by bisection. */
import type { ModuleSource } from '../../loader/module/index.ts';
import { CompileError, type Scenario } from '../../loader/scenario/index.ts';
import type { Breath } from './breath.ts';
import { runScenario } from './run-summary.ts';

export type ThresholdBy = 'cpus' | 'vmalloc';

export interface Threshold {
  /** CPUs, or MiB of `vmalloc=`, with which an allocation failed; null: with none tried. */
  readonly fails: number | null;
  /** The neighbouring value with which none failed; null: there is none. */
  readonly passes: number | null;
  /** The first failed allocation at `fails`: which request, and what held the space. */
  readonly failure: string | null;
  readonly runs: number;
}

export interface ThresholdRange {
  readonly least: number;
  readonly most: number;
}

/** Throws CompileError for a scenario that no size of machine makes runnable. */
export class ThresholdSearch {
  readonly #scenario: Scenario;
  readonly #source: ModuleSource;
  readonly #by: ThresholdBy;
  readonly #breath: Breath | undefined;
  /** What the runs warned of. */
  readonly warnings = new Set<string>();
  readonly #failures = new Map<number, string | null>();

  constructor(scenario: Scenario, source: ModuleSource, by: ThresholdBy, breath?: Breath) {
    this.#scenario = scenario;
    this.#source = source;
    this.#by = by;
    this.#breath = breath;
  }

  /**
   * Steps away from the safe end in doubling strides until something fails, then halves the gap.
   * The pair found is real: one side was run and failed, the other was run and passed.
   */
  async run({ least, most }: ThresholdRange): Promise<Threshold> {
    const up = this.#by === 'cpus';
    const safe = up ? await this.#leastPossible(least, most) : most;
    const end = up ? most : least;
    if (await this.#fails(safe)) return this.#found(safe, null);
    let passes = safe;
    let fails: number | undefined;
    for (let stride = 1; passes !== end; stride *= 2) {
      const next = up ? Math.min(end, passes + stride) : Math.max(end, Math.floor(passes / 2));
      if (await this.#fails(next)) {
        fails = next;
        break;
      }
      passes = next;
    }
    if (fails === undefined) {
      return { fails: null, passes, failure: null, runs: this.#failures.size };
    }
    while (Math.abs(fails - passes) > 1) {
      const middle = Math.floor((fails + passes) / 2);
      if (await this.#fails(middle)) fails = middle;
      else passes = middle;
    }
    return this.#found(fails, passes);
  }

  #found(fails: number, passes: number | null): Threshold {
    const failure = this.#failures.get(fails) ?? null;
    return { fails, passes, failure, runs: this.#failures.size };
  }

  /** Generators that name CPUs need machines that have them. */
  async #leastPossible(least: number, most: number): Promise<number> {
    for (let cpus = least; ; cpus += 1) {
      try {
        await this.#fails(cpus);
        return cpus;
      } catch (error) {
        const tooSmall = error instanceof CompileError && error.place.endsWith('.cpus');
        if (!tooSmall || cpus >= most) throw error;
      }
    }
  }

  async #fails(value: number): Promise<boolean> {
    if (!this.#failures.has(value)) {
      const { machine } = this.#scenario;
      const sized =
        this.#by === 'cpus' ? { ...machine, cpus: value } : { ...machine, vmalloc: { mib: value } };
      const scenario = { ...this.#scenario, machine: sized };
      const { result, warnings } = await runScenario(scenario, this.#source, this.#breath);
      for (const warning of warnings) this.warnings.add(warning);
      this.#failures.set(value, result.first_failure?.sentence ?? null);
    }
    return this.#failures.get(value) !== null;
  }
}
