// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { printedFile, SerialConsole } from '../../../emulator/v86/serial-console.ts';

function put(console: SerialConsole, text: string): void {
  for (const byte of new TextEncoder().encode(text)) console.put(byte);
}

describe('the serial console', () => {
  it('hands on lines as they end and keeps them all', () => {
    const lines: string[] = [];
    const console = new SerialConsole(1000, (text) => lines.push(text));
    put(console, 'one\ntwo');
    expect(lines).toEqual(['one\n']);
    put(console, '\n');
    expect(lines).toEqual(['one\n', 'two\n']);
    put(console, 'rest');
    expect(console.text()).toBe('one\ntwo\nrest');
    expect(lines).toEqual(['one\n', 'two\n', 'rest']);
  });

  it('puts characters together that its parts cut through', () => {
    const console = new SerialConsole(10_000);
    const text = `${'☂'.repeat(500)}\n`;
    put(console, text);
    expect(console.text()).toBe(text);
  });

  it('keeps no more than it may, and knows', () => {
    const console = new SerialConsole(3);
    put(console, 'abc');
    expect(console.overflown).toBe(false);
    put(console, 'd');
    expect(console.overflown).toBe(true);
    expect(console.text()).toBe('abc');
    expect(console.count).toBe(4);
  });
});

describe('a file printed by the storm guest', () => {
  const page = (text: string, bytes: number) =>
    `storm: 1 CPUs\nstorm: ---- /proc/x.y, ${bytes} bytes ----\n${text}storm: ---- end ----\nmore\n`;

  it('is found between its marker lines', () => {
    expect(printedFile(page('a\n☂\n', 6), '/proc/x.y')).toBe('a\n☂\n');
  });

  it('is found without a newline at its end', () => {
    expect(printedFile(page('a\n', 1), '/proc/x.y')).toBe('a');
  });

  it('is not cut short by a marker line inside it', () => {
    const text = 'storm: ---- end ----\nx\n';
    expect(printedFile(page(text, text.length), '/proc/x.y')).toBe(text);
  });

  it.each([
    ['another file', page('a\n', 2), '/proc/xzy'],
    ['more bytes than there are', page('a\n', 500), '/proc/x.y'],
    ['fewer bytes than there are', page('abc\n', 2), '/proc/x.y'],
    ['nothing', '', '/proc/x.y'],
  ])('is not found when the console has %s', (_, console, path) => {
    expect(printedFile(console, path)).toBeUndefined();
  });
});
