// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as protocol from '../../../emulator/port/protocol.ts';

const page = readFileSync(new URL('../../../emulator/port/PROTOCOL.md', import.meta.url), 'utf8');

/** Rows of the tables under a heading whose first cell is a number: [number, name, …rest]. */
function rows(heading: string): [number, string, ...string[]][] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`PROTOCOL.md has no section ${heading}`);
  return [...section.matchAll(/^\| *(`0x[0-9a-f]+`|\d+) *\| *`(\w+)` *\|(.*)\|$/gm)].map(
    ([, number, name, rest]) => [
      Number(number!.replaceAll('`', '')),
      name!,
      ...rest!.split('|').map((cell) => cell.trim()),
    ],
  );
}

function table(heading: string, from = 0, to = Number.POSITIVE_INFINITY): Record<string, number> {
  return Object.fromEntries(
    rows(heading)
      .slice(from, to)
      .map(([number, name]) => [name, number]),
  );
}

function withoutSize({ SIZE, ...fields }: Readonly<Record<string, number>>): object {
  expect(SIZE).toBeGreaterThan(0);
  return fields;
}

describe('PROTOCOL.md', () => {
  it('lists every register where it is', () => {
    expect(table('Registers')).toEqual({ ...protocol.REGISTER });
    expect(page).toContain(`At I/O port \`0x${protocol.PORT_BASE.toString(16)}\``);
    expect(page).toContain(`${protocol.PORT_SIZE} ports long`);
    expect(page).toContain(`\`0x${protocol.PORT_MAGIC.toString(16)}\``);
    expect(page).toContain(`# The module port, version ${protocol.PROTOCOL_VERSION}\n`);
    expect(page).toMatch(new RegExp(`interrupt line of the PIC: ${protocol.PORT_IRQ} *\\|`));
  });

  it('lists every field of requests and every opcode', () => {
    const fields = Object.keys(protocol.REQUEST).length - 1;
    expect(table('Requests', 0, fields)).toEqual(withoutSize(protocol.REQUEST));
    expect(table('Requests', fields)).toEqual({ ...protocol.OPCODE });
    expect(page).toContain(`One ring entry is ${protocol.REQUEST.SIZE} bytes. A field`);
    const bytes = (count: number) => `at most ${count.toLocaleString('en-US')} bytes`;
    expect(page).toContain(bytes(protocol.MAX_SUBJECT_BYTES));
    expect(page).toContain(bytes(protocol.MAX_TEXT_BYTES));
  });

  it('lists every field of completions', () => {
    expect(table('Completions')).toEqual(withoutSize(protocol.COMPLETION));
  });

  it('lists every field of command blocks and every command', () => {
    const fields = Object.keys(protocol.COMMAND_BLOCK).length - 1;
    expect(table('Commands', 0, fields)).toEqual(withoutSize(protocol.COMMAND_BLOCK));
    expect(table('Commands', fields)).toEqual({ ...protocol.COMMAND });
  });

  it('lists every interrupt bit', () => {
    const bits = rows('Interrupt').map(([bit, name]) => [name, 1 << bit]);
    expect(Object.fromEntries(bits)).toEqual({ ...protocol.IRQ });
  });

  it('lists every code with its words', () => {
    expect(table('Codes')).toEqual({ ...protocol.CODE });
    const words = rows('Codes').map(([, name, text]) => [name, text]);
    expect(Object.fromEntries(words)).toEqual({ ...protocol.CODE_TEXT });
  });
});
