// SPDX-License-Identifier: MIT
/** The storm guest in v86, both loaded when they are first wanted. */

import type { Session } from '../../../loader/session/index.ts';
import type { BootResult } from '../../storm/boot.ts';
import { GivenProblem } from './scenario-input.ts';
import { TickChannel } from './tick-channel.ts';

/** Beside the worker's script; the build puts them there and names them for what they hold. */
declare const MODSTORM_WASM: string;
declare const MODSTORM_IMAGE: string;
const WASM = MODSTORM_WASM;
const IMAGE = MODSTORM_IMAGE;

export async function bootStorm(
  session: Session,
  watcher: { console(text: string): void; readonly signal: AbortSignal },
): Promise<BootResult> {
  if (typeof WebAssembly !== 'object') {
    throw new GivenProblem('this browser has no WebAssembly; replay the scenario without a guest');
  }
  TickChannel.install();
  const [{ bootGuest }, wasm, image] = await Promise.all([
    import('../../storm/boot.ts'),
    read(WASM).then((bytes) => WebAssembly.compile(bytes)),
    read(IMAGE),
  ]);
  return bootGuest({
    wasm,
    image: new Uint8Array(image),
    session,
    onConsole: (text) => watcher.console(text),
    signal: watcher.signal,
  });
}

async function read(name: string): Promise<ArrayBuffer> {
  const response = await fetch(new URL(name, import.meta.url)).catch((error: Error) => {
    throw new GivenProblem(`${name} could not be fetched: ${error.message}`);
  });
  if (!response.ok) throw new GivenProblem(`${name} could not be fetched: ${response.status}`);
  return response.arrayBuffer();
}
