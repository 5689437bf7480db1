import type { Bytes, Nanos } from '../units.ts';

/** What a module's own init function does: the scenario's business, not the loader's. */
export interface InitBehaviour {
  /** Its return value: 0, a negative errno, or a positive number. */
  readonly ret: number;
  /** How long it keeps the CPU, or sleeps. */
  readonly duration: Nanos;
  readonly sleeps: boolean;
  /** vmalloc sizes it allocates in order and keeps until unload. */
  readonly keeps: readonly Bytes[];
  /** vmalloc sizes it allocates in order, and frees in reverse before it returns. */
  readonly uses: readonly Bytes[];
}
