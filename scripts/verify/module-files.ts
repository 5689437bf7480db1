// SPDX-License-Identifier: MIT
// The files a comparison works with: those of the built guest, and what a suite makes of them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LinuxGuestFiles } from '../../emulator/linux/guest-cache.ts';
import type { ModuleSource } from '../../loader/module/module-source.ts';

export type ModuleFiles = ReadonlyMap<string, Uint8Array>;

/** All modules of the guest, its own and this project's, by file name. */
export function guestModules(guest: LinuxGuestFiles): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const directory of [guest.modules, guest.testModules]) {
    for (const name of readdirSync(directory)) {
      files.set(name, new Uint8Array(readFileSync(join(directory, name))));
    }
  }
  return files;
}

export function sourceOf(files: ModuleFiles, release: string): ModuleSource {
  return {
    name: 'verify',
    release,
    files: [...files]
      .map(([path, bytes]) => ({ path, size: bytes.length, read: () => bytes }))
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)),
    metadata: {},
  };
}
