// SPDX-License-Identifier: MIT
/** What a record leaves out about its calls, as far as the rest of it tells. */
import { ERRNO, PAGE_SIZE } from '../base/index.ts';
import type { SeenRequest } from './facts.ts';
import { moduleName } from './request-steps.ts';

/**
 * Names failed loads that no `module_load` follows. The kernel reads the file into one vmalloc of
 * its size and a guard page before anything else (kernel_read_file, fs/kernel_read_file.c, Linux
 * 6.12): a size that only one file has names it. `sizes` are bytes of the files by module, where
 * they are at hand; otherwise the named calls of the same record tell. Returns how many it named.
 */
export function nameBySize(
  requests: readonly SeenRequest[],
  sizes: ReadonlyMap<string, number> | undefined,
): number {
  const names = new Map<number, string | null>();
  const learn = (size: number, name: string): void => {
    const known = names.get(size);
    names.set(size, known === undefined || known === name ? name : null);
  };
  if (sizes === undefined) {
    for (const { target, firstAlloc } of requests) {
      if (target !== '' && firstAlloc !== undefined) learn(firstAlloc, moduleName(target));
    }
  } else {
    for (const [name, bytes] of sizes) {
      learn((Math.ceil(bytes / PAGE_SIZE) + 1) * PAGE_SIZE, name);
    }
  }
  let named = 0;
  for (const request of requests) {
    if (request.target !== '' || request.op !== 'finit_module') continue;
    const name = request.firstAlloc === undefined ? undefined : names.get(request.firstAlloc);
    if (name === undefined || name === null) continue;
    request.target = name;
    request.derived = true;
    named += 1;
  }
  return named;
}

/**
 * Modules that were there when the record began: removed, or refused as already loaded, without a
 * load before that ended well.
 */
export function loadedBefore(requests: readonly SeenRequest[]): string[] {
  const seen = new Set<string>();
  const before: string[] = [];
  for (const { op, target, ret } of [...requests].sort((a, b) => a.start - b.start)) {
    if (target === '' || op === 'request_module' || op === 'uevent') continue;
    const name = moduleName(target);
    const wasThere =
      (op === 'delete_module' && (ret === 0 || ret === -ERRNO.EAGAIN || ret === -ERRNO.EBUSY)) ||
      (op !== 'delete_module' && ret === -ERRNO.EEXIST);
    // A load under way counts: its second one is refused before the first has ended.
    if (op !== 'delete_module' && !wasThere) seen.add(name);
    if (wasThere && !seen.has(name)) {
      seen.add(name);
      before.push(name);
    }
  }
  return before;
}

/** Errors that only a module's own init gives: the loader has none of them. */
const INIT_ERRORS = ['ENODEV', 'ENXIO', 'EIO', 'EOPNOTSUPP', 'ENOSYS', 'EPROBE_DEFER'] as const;

/** What init returned, by module: the model cannot know what a driver finds. */
export function initResults(requests: readonly SeenRequest[]): Map<string, number> {
  const errors = new Set(
    INIT_ERRORS.flatMap((name) => (name in ERRNO ? [-ERRNO[name as keyof typeof ERRNO]] : [])),
  );
  const results = new Map<string, number>();
  for (const { op, target, ret } of requests) {
    if (op !== 'finit_module' && op !== 'init_module') continue;
    if (ret !== undefined && target !== '' && errors.has(ret)) results.set(moduleName(target), ret);
  }
  return results;
}
