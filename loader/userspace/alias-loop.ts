// SPDX-License-Identifier: MIT
import type { ConfAlias } from './modprobe-conf.ts';

/**
 * A ring of `alias` directives that never leads to a module, with its first name repeated at the
 * end. libkmod follows an alias once and would only fail to find the module; whoever writes such
 * a ring meant something else.
 */
export function aliasLoop(
  aliases: readonly ConfAlias[],
  isModule: (name: string) => boolean,
): string[] | undefined {
  const targets = new Map<string, string>();
  for (const { pattern, module } of aliases) {
    if (!targets.has(pattern)) targets.set(pattern, module);
  }
  const harmless = new Set<string>();
  for (const start of targets.keys()) {
    const path: string[] = [];
    const onPath = new Set<string>();
    let name: string | undefined = start;
    while (name !== undefined && !harmless.has(name) && !isModule(name)) {
      if (onPath.has(name)) return [...path.slice(path.indexOf(name)), name];
      path.push(name);
      onPath.add(name);
      name = targets.get(name);
    }
    for (const seen of path) harmless.add(seen);
  }
  return undefined;
}
