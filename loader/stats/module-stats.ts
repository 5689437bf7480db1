// SPDX-License-Identifier: MIT
/**
 * The counters of kernel/module/stats.c, Linux 6.12 (CONFIG_MODULE_STATS), with the spelling of
 * their debugfs files.
 */

import type { Bytes } from '../base/index.ts';
import type { Tracer } from '../events/index.ts';

/** Order of the debugfs directory in the kernel source. */
export const COUNTER_NAMES = [
  'total_mod_size',
  'total_text_size',
  'invalid_kread_bytes',
  'invalid_decompress_bytes',
  'invalid_becoming_bytes',
  'invalid_mod_bytes',
  'modcount',
  'failed_kreads',
  'failed_decompress',
  'failed_becoming',
  'failed_load_modules',
] as const;

export type CounterName = (typeof COUNTER_NAMES)[number];

/** Counters of type atomic_t: 32 bits everywhere. The others are as wide as a long. */
const ATOMIC_INT: ReadonlySet<CounterName> = new Set([
  'modcount',
  'failed_kreads',
  'failed_decompress',
  'failed_becoming',
  'failed_load_modules',
]);

export type DuplicateReason = 'becoming' | 'load';

/** One row of the duplicate list (struct mod_fail_load). */
export interface DuplicateRow {
  readonly name: string;
  count: number;
  becoming: boolean;
  load: boolean;
}

/**
 * Counts what loads and what fails. Each counter is kept at its true value; `shown` gives what a
 * kernel of this word size would print after wrapping.
 */
export class ModuleStats {
  readonly wordBits: 32 | 64;
  readonly #tracer: Tracer;
  readonly #values = new Map<CounterName, number>(COUNTER_NAMES.map((name) => [name, 0]));
  readonly #rows = new Map<string, DuplicateRow>();

  constructor(wordBits: 32 | 64, tracer: Tracer) {
    this.wordBits = wordBits;
    this.#tracer = tracer;
  }

  add(name: CounterName, delta: number, request: number): void {
    this.#values.set(name, this.#values.get(name)! + delta);
    this.#tracer.emit({ kind: 'counter', name, delta, request });
  }

  /** The value without any wrap. */
  true(name: CounterName): number {
    return this.#values.get(name)!;
  }

  /** The unsigned value the kernel's variable holds. */
  shown(name: CounterName): bigint {
    return this.#wrap(BigInt(this.true(name)), ATOMIC_INT.has(name) ? 32 : this.wordBits);
  }

  /** try_add_failed_module(): a name not seen before goes to the head of the list. */
  addDuplicate(name: string, reason: DuplicateReason): void {
    let row = this.#rows.get(name);
    if (!row) {
      row = { name, count: 0, becoming: false, load: false };
      this.#rows.set(name, row);
    }
    row.count += 1;
    row[reason] = true;
    this.#tracer.emit({ kind: 'dup_failed_module', name, reason, count: row.count });
  }

  /** Duplicate rows as listed: the name seen last stands first, and rows never move. */
  duplicates(): DuplicateRow[] {
    return [...this.#rows.values()].reverse();
  }

  /** Bytes wasted in all, without any wrap. */
  wasted(): Bytes {
    return (
      this.true('invalid_kread_bytes') +
      this.true('invalid_decompress_bytes') +
      this.true('invalid_becoming_bytes') +
      this.true('invalid_mod_bytes')
    );
  }

  /** `Virtual mem wasted bytes` as printed: a sum of wrapped values that wraps itself. */
  wastedShown(): bigint {
    const sum =
      this.shown('invalid_kread_bytes') +
      this.shown('invalid_decompress_bytes') +
      this.shown('invalid_becoming_bytes') +
      this.shown('invalid_mod_bytes');
    return this.#wrap(sum, this.wordBits);
  }

  #wrap(value: bigint, bits: 32 | 64): bigint {
    return BigInt.asUintN(bits, value);
  }
}
