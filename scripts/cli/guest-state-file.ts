// SPDX-License-Identifier: MIT
// The saved state of a Linux guest that is ready for work: one file, which is used whole or not at
// all.

import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { SavedState } from '../../emulator/linux/asking-guest.ts';

/** "modstorm guest state", version 1; then window (4 bytes), SHA-256 of the rest (32), v86's state. */
const MAGIC = Buffer.from('MSGSTAT1');
/** States kept beside each other; they are tens of megabytes each. */
const MOST_STATES = 4;
const HEADER_BYTES = MAGIC.length + 4 + 32;

/** What a state depends on, as the name of its file: a change of any part gives another name. */
export function stateKey(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 16);
}

/** The state; undefined: no such file; a text: why the file cannot be trusted. */
export function readState(path: string): SavedState | string | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return (error as Error).message;
  }
  if (bytes.length <= HEADER_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    return 'not a saved state';
  }
  const machine = bytes.subarray(HEADER_BYTES);
  const sum = bytes.subarray(MAGIC.length + 4, HEADER_BYTES);
  if (!createHash('sha256').update(machine).digest().equals(sum)) return 'damaged';
  const copy = new ArrayBuffer(machine.length);
  new Uint8Array(copy).set(machine);
  return { window: bytes.readUInt32LE(MAGIC.length), machine: copy };
}

export function writeState(path: string, { window, machine }: SavedState): void {
  const bytes = new Uint8Array(machine);
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32LE(window, MAGIC.length);
  createHash('sha256')
    .update(bytes)
    .digest()
    .copy(header, MAGIC.length + 4);
  mkdirSync(dirname(path), { recursive: true });
  const partial = `${path}.partial-${process.pid}`;
  writeFileSync(partial, header);
  writeFileSync(partial, bytes, { flag: 'a' });
  renameSync(partial, path);
  removeOldest(dirname(path));
}

function removeOldest(directory: string): void {
  const states = readdirSync(directory)
    .filter((name) => name.endsWith('.state'))
    .map((name) => join(directory, name))
    .map((path) => ({ path, made: statSync(path).mtimeMs }))
    .sort((a, b) => b.made - a.made);
  for (const { path } of states.slice(MOST_STATES)) removeState(path);
}

export function removeState(path: string): void {
  rmSync(path, { force: true });
}
