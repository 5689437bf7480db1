// SPDX-License-Identifier: MIT
// The kernel's source: identified by the bytes of its tarball, unpacked once into the cache.

import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { publish, replaceFile } from './published.ts';
import { runStep } from './steps.ts';

/** SHA-256 of the tarball, remembered in the cache by its path, size and time of change. */
export async function tarballDigest(tarball: string, cache: string): Promise<string> {
  const memory = join(cache, `${basename(tarball).replace(/\.tar.*$/, '')}.json`);
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

/** Options that a series has but ties to others that the guest is built without. */
const TIED: Readonly<Record<string, readonly string[]>> = {
  // It needs ISA or PCI there (drivers/char/Kconfig).
  '6.1': ['DEVPORT'],
};

/**
 * The lines of a config fragment whose options the source's Kconfig files have, and the options of
 * the others, which came with a later kernel or have gone.
 */
export function fragmentFor(
  source: string,
  fragment: string,
  series: string,
): { readonly kept: string; readonly dropped: readonly string[] } {
  const options = kconfigOptions(source);
  for (const option of TIED[series] ?? []) options.delete(option);
  const dropped: string[] = [];
  const kept = fragment.split('\n').filter((line) => {
    const option = /^(?:# )?CONFIG_(\w+)(?:=| is not set$)/.exec(line)?.[1];
    if (option === undefined || options.has(option)) return true;
    dropped.push(option);
    return false;
  });
  return { kept: kept.join('\n'), dropped };
}

/** Where no Kconfig file of the architecture lies. */
const NO_KCONFIG = /^(Documentation|tools|samples)$/;

function kconfigOptions(source: string): Set<string> {
  const options = new Set<string>();
  const visit = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (directory !== source || !NO_KCONFIG.test(entry.name)) visit(path);
      } else if (entry.name.startsWith('Kconfig')) {
        for (const [, name] of readFileSync(path, 'utf8').matchAll(/^\s*(?:menu)?config (\w+)/gm))
          options.add(name!);
      }
    }
  };
  visit(source);
  return options;
}
