// SPDX-License-Identifier: MIT
/** The assembler's view of the module port, generated from its one definition. */
import {
  CODE,
  COMMAND,
  COMMAND_BLOCK,
  COMPLETION,
  CONTROL,
  FEATURE,
  IRQ,
  MAX_RING_ORDER,
  OPCODE,
  OPTION,
  PORT_BASE,
  PORT_MAGIC,
  PROTOCOL_VERSION,
  REGISTER,
  REQUEST,
} from '../../emulator/port/protocol.ts';
import type { SourcePiece } from './assemble.ts';

const MULTIBOOT_MAGIC = 0x1badb002;
/** Bit 16: the header gives the load addresses itself. */
const MULTIBOOT_FLAGS = 0x10000;

/** Bytes of an entry of the name table; the guest shifts by 4. */
const OPCODE_NAME_SIZE = 16;

/** `PORT`, `REGISTER_*`, `REQUEST_*`, `COMPLETION_*`, `BLOCK_*`, `CODE_*`, … as equates. */
export function portConstants(): SourcePiece {
  const lines = [
    equate('MULTIBOOT_MAGIC', MULTIBOOT_MAGIC),
    equate('MULTIBOOT_FLAGS', MULTIBOOT_FLAGS),
    equate('PORT', PORT_BASE),
    equate('PORT_MAGIC', PORT_MAGIC),
    equate('PROTOCOL_VERSION', PROTOCOL_VERSION),
    equate('MAX_RING_ORDER', MAX_RING_ORDER),
    ...equates('REGISTER', REGISTER),
    ...equates('CONTROL', CONTROL),
    ...equates('FEATURE', FEATURE),
    ...equates('IRQ', IRQ),
    ...equates('OPCODE', OPCODE),
    ...equates('OPTION', OPTION),
    ...equates('REQUEST', REQUEST),
    ...equates('COMPLETION', COMPLETION),
    ...equates('BLOCK', COMMAND_BLOCK),
    ...equates('COMMAND', COMMAND),
    ...equates('CODE', CODE),
  ];
  return { name: 'protocol.ts', text: `${lines.join('\n')}\n` };
}

/** The operations' names by opcode, each in OPCODE_NAME_SIZE bytes, at `opcode_names`. */
export function opcodeNames(): SourcePiece {
  const size = OPCODE_NAME_SIZE;
  const entries = Object.entries(OPCODE).map(([name, opcode], index) => {
    if (opcode !== index || name.length >= size) throw new Error(`opcode ${name}: ${opcode}`);
    return `  .ascii "${name}${'\\0'.repeat(size - name.length)}"`;
  });
  const lines = ['opcode_names:', ...entries];
  return { name: 'opcode names', text: `${lines.join('\n')}\n` };
}

function equates(prefix: string, values: Readonly<Record<string, number>>): readonly string[] {
  return Object.entries(values).map(([name, value]) => equate(`${prefix}_${name}`, value));
}

function equate(name: string, value: number): string {
  return `${name} = 0x${value.toString(16)}`;
}
