// SPDX-License-Identifier: MIT
/** Real modules, where a machine has them. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../../..');

function collect(folder: string, found: string[], endings: readonly string[]): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) collect(path, found, endings);
    else if (entry.isFile() && endings.some((end) => entry.name.endsWith(end))) found.push(path);
  }
}

/** All module files under a folder, sorted; none when it is not there. */
function modulesUnder(folder: string | undefined, endings: readonly string[] = ['.ko']): string[] {
  const found: string[] = [];
  if (folder && existsSync(folder)) collect(folder, found, endings);
  return found.sort();
}

const fromEnv = (name: string, inRoot: string) => process.env[name] ?? join(ROOT, inRoot);

/** Modules of Debian's i386 6.1 kernel. */
export const DEBIAN_MODULES = modulesUnder(
  fromEnv('MODSTORM_DEBIAN_MODULES', '.cache/debian/i386'),
);

/** Modules of a 6.12 kernel built for the Linux guest. */
export const GUEST_MODULES = [
  ...modulesUnder(join(ROOT, '.cache/guest-linux')),
  ...modulesUnder(process.env.MODSTORM_GUEST_MODULES),
];

/** Modules of a Debian amd64 kernel, plain or compressed with xz. */
export const AMD64_MODULES = modulesUnder(
  fromEnv('MODSTORM_DEBIAN_AMD64_MODULES', '.cache/debian/amd64'),
  ['.ko', '.ko.xz'],
);
