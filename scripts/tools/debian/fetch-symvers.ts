// SPDX-License-Identifier: MIT
/** Takes Module.symvers of a kernel in the cache, which its headers package has, beside its modules. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DownloadOptions,
  downloadPackage,
  FetchError,
  findPackage,
  inWorkDirectory,
} from './download-package.ts';
import type { CachedKernel } from './fetch-kernel.ts';
import type { DebianArch } from './kernel-package.ts';

const SYMVERS = 'Module.symvers';

/** Where the file lies once it was fetched: with the tree, which a newer kernel replaces whole. */
export function symversPath(cache: string, arch: DebianArch): string {
  return join(cache, arch, SYMVERS);
}

/** Fetches the file of exactly the package version that the modules are from. */
export async function fetchSymvers(
  options: DownloadOptions,
  kernel: CachedKernel,
  signal: AbortSignal,
): Promise<void> {
  const headers = kernel.package.replace(/^linux-image-/, 'linux-headers-');
  await inWorkDirectory(options, async (work) => {
    const { apt, name } = await findPackage(options, work, signal, {
      prefix: headers,
      choose: (names) => names.find((one) => one === headers),
      what: `${options.arch} package ${headers}`,
    });
    const tree = join(work, 'tree');
    const wanted = { apt, name, version: kernel.version };
    await downloadPackage(options, wanted, work, tree, signal);
    const file = join(tree, 'usr/src', headers, SYMVERS);
    if (!existsSync(file)) throw new FetchError(`${headers} holds no ${SYMVERS}`);
    renameSync(file, symversPath(options.cache, options.arch));
  });
}
