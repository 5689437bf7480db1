// SPDX-License-Identifier: MIT
import { type Engine, LOG_LEVEL, type Printk, RateLimit } from '../engine/index.ts';

/** DEFAULT_RATELIMIT_INTERVAL and _BURST, include/linux/ratelimit_types.h, Linux 6.12 */
const INTERVAL_NS = 5_000_000_000;
const BURST = 10;

/** One pr_warn_ratelimited() call site: its own limiter, and the line about what it swallowed. */
export class RatelimitedWarning {
  readonly #engine: Engine;
  readonly #log: Printk;
  readonly #caller: string;
  readonly #limit = new RateLimit(INTERVAL_NS, BURST);

  constructor(engine: Engine, log: Printk, caller: string) {
    this.#engine = engine;
    this.#log = log;
    this.#caller = caller;
  }

  print(text: string): void {
    const { ok, missed } = this.#limit.pass(this.#engine.now);
    if (missed > 0) {
      this.#log.print(LOG_LEVEL.WARNING, `${this.#caller}: ${missed} callbacks suppressed`);
    }
    if (ok) this.#log.print(LOG_LEVEL.WARNING, text);
  }
}
