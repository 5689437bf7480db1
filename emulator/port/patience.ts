// SPDX-License-Identifier: MIT
/** The port's patience with a guest: what it did wrong, and when that is enough. */
import type { MisuseCount, PortLimits } from './port-report.ts';
import { CODE, CODE_TEXT, type Code, type CodeName } from './protocol.ts';

const NAMES = new Map<number, CodeName>(
  Object.entries(CODE).map(([name, code]) => [code, name as CodeName]),
);

export class Patience {
  readonly #limits: PortLimits;
  readonly #onStop: (message: string) => void;
  readonly #counts = new Map<CodeName, { count: number; first: string }>();
  #total = 0;
  #fruitless = 0;
  #stopped: string | undefined;
  /** The last misuse; the guest may clear it. */
  error: Code = CODE.OK;

  constructor(limits: PortLimits, onStop: (message: string) => void) {
    this.#limits = limits;
    this.#onStop = onStop;
  }

  /** Misuses so far. */
  get total(): number {
    return this.#total;
  }

  /** Why the guest was given up. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  misuse(code: Code, detail: string): void {
    this.error = code;
    this.#total++;
    const name = NAMES.get(code)!;
    const known = this.#counts.get(name);
    if (known !== undefined) known.count++;
    else this.#counts.set(name, { count: 1, first: `${CODE_TEXT[name]}: ${detail}` });
    if (this.#total >= this.#limits.misuses) {
      this.stop(`the guest misused the port ${this.#total} times`);
    }
  }

  /** A doorbell or an IDLE that brought nothing. */
  fruitless(what: string): void {
    this.#fruitless++;
    if (this.#fruitless >= this.#limits.fruitless) this.stop(`${this.#fruitless} ${what}`);
  }

  /** A request or a completion. */
  fruitful(): void {
    this.#fruitless = 0;
  }

  stop(message: string): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = message;
    this.#onStop(message);
  }

  /** Misuses by kind, the commonest first. */
  list(): readonly MisuseCount[] {
    return [...this.#counts]
      .map(([code, { count, first }]) => ({ code, count, first }))
      .sort((a, b) => b.count - a.count);
  }
}
