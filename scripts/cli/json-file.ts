// SPDX-License-Identifier: MIT
/** JSON files that the user names. */
import { readFileSync, statSync } from 'node:fs';
import { decodeText, parseJsonText } from '../../loader/scenario/index.ts';
import { InputError } from './input-error.ts';
import { reasonOf } from './module-walk.ts';

const MAX_BYTES = 256 * 1024 * 1024;

/** The value in a file. Throws an InputError; `what` names what the file should be. */
export function readJsonFile(file: string, what: string): unknown {
  let bytes: Buffer;
  try {
    const stats = statSync(file);
    if (!stats.isFile() && !stats.isFIFO()) {
      const found = stats.isDirectory() ? 'a directory' : 'a device or socket';
      throw new InputError({ file, expected: what, found });
    }
    if (stats.size > MAX_BYTES) {
      throw new InputError({ file, expected: what, found: `${stats.size} bytes` });
    }
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError({ file, expected: what, found: reasonOf(error) });
  }
  return parseJsonBytes(bytes, file);
}

export function parseJsonBytes(bytes: Uint8Array, file: string): unknown {
  const text = decodeText(bytes);
  if (text === undefined) {
    throw new InputError({ file, expected: 'JSON', found: 'bytes that are no UTF-8 or UTF-16' });
  }
  const parsed = parseJsonText(text);
  if (parsed.ok) return parsed.value;
  const { line, column, expected, found } = parsed;
  throw new InputError({ file, place: `line ${line}, column ${column}`, expected, found });
}
