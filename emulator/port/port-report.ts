/** What the port tells the host about the guest it served. */
import { CODE, CODE_TEXT, type Code, type CodeName } from './protocol.ts';

/** When the port gives a guest up. */
export interface PortLimits {
  /** Misuses (anything the ERROR register records). */
  readonly misuses: number;
  /** Doorbells and IDLEs in a row that brought no request and no completion. */
  readonly fruitless: number;
}

export const DEFAULT_PORT_LIMITS: PortLimits = { misuses: 256, fruitless: 4096 };

/** One kind of misuse. */
export interface MisuseCount {
  readonly code: CodeName;
  readonly count: number;
  /** The first of them, in words. */
  readonly first: string;
}

export interface PortReport {
  /** Requests that reached the kernel. */
  readonly requests: number;
  /** Requests the port answered itself because they were malformed. */
  readonly refused: number;
  readonly completions: number;
  readonly doorbells: number;
  readonly commands: number;
  readonly interrupts: number;
  readonly maxOutstanding: number;
  readonly misuses: readonly MisuseCount[];
  /** Why the port gave the guest up. */
  readonly stopped?: string;
  /** What the guest passed to DONE. */
  readonly exitStatus?: number;
}

const NAMES = new Map<number, CodeName>(
  Object.entries(CODE).map(([name, code]) => [code, name as CodeName]),
);

export function codeName(code: Code): CodeName {
  return NAMES.get(code) ?? 'BAD_FIELD';
}

/** Counts misuses by kind and keeps the first of each in words. */
export class MisuseLog {
  readonly #counts = new Map<CodeName, { count: number; first: string }>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(code: Code, detail: string): void {
    this.#total++;
    const name = codeName(code);
    const known = this.#counts.get(name);
    if (known !== undefined) known.count++;
    else this.#counts.set(name, { count: 1, first: `${CODE_TEXT[name]}: ${detail}` });
  }

  /** The commonest kind first. */
  list(): readonly MisuseCount[] {
    return [...this.#counts]
      .map(([code, { count, first }]) => ({ code, count, first }))
      .sort((a, b) => b.count - a.count);
  }
}
