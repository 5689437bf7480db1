// SPDX-License-Identifier: MIT
/** What only Node can do: find v86.wasm and guest images on disk. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

/** Compiles the v86.wasm of the installed v86 package. Throws when it is not there. */
export async function loadV86Wasm(): Promise<WebAssembly.Module> {
  const path = createRequire(import.meta.url).resolve('v86/build/v86.wasm');
  return WebAssembly.compile(await readFile(path));
}
