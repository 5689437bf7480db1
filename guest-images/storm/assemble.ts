// SPDX-License-Identifier: MIT
/** Assembles 32-bit guests (AT&T syntax) with @defasm/core, and refuses what it does quietly. */
import { AssemblyState } from '@defasm/core';

/** One piece of source, named for error messages. */
export interface SourcePiece {
  readonly name: string;
  readonly text: string;
}

export interface Assembled {
  readonly bytes: Uint8Array;
  /** Address, bytes and source line of everything that made bytes. */
  readonly listing: string;
}

/**
 * Assembles the pieces as one source, to be loaded at `load`. Throws with the piece, line and
 * text of each mistake; a label used as an absolute address is one (defasm would leave a zero
 * there for a linker): write `LOAD + (label - image)`.
 */
export function assemble(pieces: readonly SourcePiece[], load: number): Assembled {
  const source = pieces.map(({ text }) => (text.endsWith('\n') ? text : `${text}\n`)).join('');
  const state = new AssemblyState({ bitness: 32 });
  compileLoudly(state, source);
  const lines = source.split('\n');
  const problems = state.errors.map(({ message, range }) => {
    const line = range === undefined ? 0 : source.slice(0, range.start).split('\n').length - 1;
    return `${place(pieces, line)}: ${message}: ${lines[line]?.trim() ?? ''}`;
  });
  if (problems.length > 0) throw new Error(`does not assemble:\n${problems.join('\n')}`);
  const [text, ...others] = state.sections;
  if (text === undefined || others.some(({ head }) => head.length() > 0)) {
    throw new Error('guests have one section, .text');
  }
  const relocations = text.getRelocations().length;
  if (relocations > 0) throw new Error(`${relocations} absolute label addresses`);
  const listing: string[] = [];
  let address = load;
  state.bytesPerLine((bytes, line) => {
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const at = bytes.length > 0 ? address.toString(16).padStart(8, '0') : '        ';
    listing.push(`${at}  ${hex.padEnd(24)}  ${lines[line - 1] ?? ''}`.trimEnd());
    address += bytes.length;
  });
  return { bytes: Uint8Array.from(text.head.dump()), listing: `${listing.join('\n')}\n` };
}

/**
 * defasm drops a statement it trips over (a symbol as a shift count, for one) and only says so on
 * the console; here that is an error.
 */
function compileLoudly(state: AssemblyState, source: string): void {
  const complaints: string[] = [];
  const { error } = console;
  console.error = (...words: unknown[]) => complaints.push(words.map(String).join(' '));
  try {
    state.compile(source);
  } finally {
    console.error = error;
  }
  if (complaints.length > 0) throw new Error(`defasm failed: ${complaints.join('\n')}`);
}

function place(pieces: readonly SourcePiece[], line: number): string {
  let first = 0;
  for (const { name, text } of pieces) {
    const count = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    if (line < first + count) return `${name}:${line - first + 1}`;
    first += count;
  }
  return 'source';
}
