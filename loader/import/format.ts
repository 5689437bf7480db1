// SPDX-License-Identifier: MIT
/** What a reader of one kind of file is. */
import type { Facts } from './facts.ts';

/**
 * What became of a line: `used`; `passed`, a line of this format that tells nothing of modules or
 * address space; a sentence, a line of this format that is damaged; null, no line of this format.
 */
export type Taken = 'used' | 'passed' | null | { readonly why: string };

export interface LineReader {
  line(text: string, number: number): Taken;
  /** The file ends. */
  end?(): void;
}

export interface LineFormat {
  readonly name: string;
  /** For people: `kernel log`. */
  readonly title: string;
  open(facts: Facts, file: string): LineReader;
}

/** A line that is of a format but cannot be used. */
export function damaged(why: string): { readonly why: string } {
  return { why };
}
