// SPDX-License-Identifier: MIT
/** Builds storm.bin from its sources. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Assembled, assemble, type SourcePiece } from './assemble.ts';
import { opcodeNames, portConstants } from './constants.ts';

/** The sources, in the order they are laid out. */
const SOURCES = [
  'layout.s',
  'boot.s',
  'console.s',
  'interrupts.s',
  'port.s',
  'contexts.s',
  'report.s',
  'texts.s',
];

/** Where the image is loaded (LOAD in layout.s). */
const LOAD = 0x100000;

/** Assembles the guest from the sources in `directory`. */
export function buildStorm(directory: URL): Assembled {
  const pieces: SourcePiece[] = [portConstants()];
  for (const name of SOURCES) {
    pieces.push({ name, text: readFileSync(new URL(name, directory), 'utf8') });
  }
  pieces.push(opcodeNames(), { name: 'end', text: 'image_end:\n' });
  return assemble(pieces, LOAD);
}

/** Builds the guest and writes `storm.bin` beside its sources. */
export function writeStorm(directory: URL): Assembled {
  const assembled = buildStorm(directory);
  writeFileSync(new URL('storm.bin', directory), assembled.bytes);
  return assembled;
}
