// SPDX-License-Identifier: MIT
// The kernel's source: identified by the bytes of its tarball, unpacked once into the cache.

import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { publish, replaceFile } from './published.ts';
import { runStep } from './steps.ts';

/** SHA-256 of the tarball, remembered in the cache by its path, size and time of change. */
export async function tarballDigest(tarball: string, cache: string): Promise<string> {
  const memory = join(cache, 'tarball.json');
  const { size, mtimeMs } = statSync(tarball);
  const label = `${tarball} ${size} ${mtimeMs}`;
  try {
    const known = JSON.parse(readFileSync(memory, 'utf8')) as { label: string; digest: string };
    if (known.label === label) return known.digest;
  } catch {
    // Not remembered yet.
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(tarball)) hash.update(chunk as Buffer);
  const digest = hash.digest('hex');
  mkdirSync(cache, { recursive: true });
  replaceFile(memory, `${JSON.stringify({ label, digest })}\n`);
  return digest;
}

/** The unpacked source tree in the cache. */
export async function unpackSource(
  tarball: string,
  digest: string,
  cache: string,
  log: string,
  signal: AbortSignal,
): Promise<string> {
  const path = join(cache, `source-${digest.slice(0, 16)}`);
  await publish(path, (partial) => {
    mkdirSync(partial);
    const args = ['-xJf', tarball, '--strip-components=1', '--no-same-owner'];
    const step = { title: 'unpacking the kernel source', program: 'tar', args, cwd: partial, log };
    return runStep(step, signal);
  });
  return path;
}
