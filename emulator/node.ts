// SPDX-License-Identifier: MIT
/** The emulator in Node: all of `modstorm/emulator`, and v86's machine code found on disk. */

export * from './index.ts';
export { loadV86Wasm } from './v86/node-host.ts';
