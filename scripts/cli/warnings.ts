// SPDX-License-Identifier: MIT
/** What a run has to warn of, on stderr. */
import { printable } from './input-error.ts';

const MAX_WARNINGS = 5;

/** Prints the first few, each once, and how many there are beside them. */
export function printWarnings(warnings: Iterable<string>): void {
  const unique = [...new Set(warnings)];
  for (const text of unique.slice(0, MAX_WARNINGS)) process.stderr.write(`${printable(text)}\n`);
  const more = unique.length - MAX_WARNINGS;
  if (more > 0) process.stderr.write(`and ${more} more like it\n`);
}
