// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';

/** A compressor of the system, used as the outside word on what a valid file is. */
export type Tool = 'gzip' | 'xz' | 'zstd';

const present = new Map<Tool, boolean>();

export function haveTool(tool: Tool): boolean {
  let found = present.get(tool);
  if (found === undefined) {
    found = spawnSync(tool, ['--version']).status === 0;
    present.set(tool, found);
  }
  return found;
}

/** Ending of a test title that says why a test was skipped. */
export function skipNote(tool: Tool): string {
  return haveTool(tool) ? '' : ` (skipped: no ${tool} on this machine)`;
}

/** What the tool writes for `input`; an option it does not know gives null. */
export function compress(
  tool: Tool,
  options: readonly string[],
  input: Uint8Array,
): Uint8Array | null {
  const run = spawnSync(tool, ['-c', ...options], { input, maxBuffer: 2 ** 28 });
  return run.status === 0 ? new Uint8Array(run.stdout) : null;
}
