// SPDX-License-Identifier: MIT
// Cache entries that appear whole or not at all, and the lock that keeps two builds apart.

import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** Makes the file or directory `path` by filling `path.partial` first, unless it is there. */
export async function publish(
  path: string,
  fill: (partial: string) => void | Promise<void>,
): Promise<boolean> {
  if (existsSync(path)) return false;
  const partial = `${path}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(dirname(path), { recursive: true });
  await fill(partial);
  renameSync(partial, path);
  return true;
}

/** Replaces a small text file whole. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.partial`, text);
  renameSync(`${path}.partial`, path);
}

/** Takes `path` as a lock, or returns the process id of the build that has it. */
export function lock(path: string): number | null {
  mkdirSync(dirname(path), { recursive: true });
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' });
      return null;
    } catch {
      const owner = Number(readFileSync(path, 'utf8'));
      if (Number.isInteger(owner) && owner > 0 && isAlive(owner)) return owner;
      rmSync(path, { force: true }); // left behind by a build that was killed
    }
  }
  return 0;
}

export function unlock(path: string): void {
  unlinkSync(path);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
