// SPDX-License-Identifier: MIT
/** What the port tells the host about the guest it served. */
import type { CodeName } from './protocol.ts';

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
