// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMultiboot } from '../../../emulator/v86/multiboot.ts';
import { assemble } from '../../../guest-images/storm/assemble.ts';
import { buildStorm } from '../../../guest-images/storm/build-storm.ts';

const DIRECTORY = new URL('../../../guest-images/storm/', import.meta.url);

describe('storm.bin', () => {
  const committed = new Uint8Array(readFileSync(new URL('storm.bin', DIRECTORY)));

  it('is what its sources assemble to, byte for byte', () => {
    const { bytes } = buildStorm(DIRECTORY);
    expect(Buffer.from(bytes).equals(Buffer.from(committed))).toBe(true);
  });

  it('is a multiboot image loaded at 1 MiB, and leaves the rest of a 2 MiB machine for rings', () => {
    const checked = readMultiboot(committed, 2 << 20);
    expect(checked).toMatchObject({
      ok: true,
      image: { offset: 0, loadAddress: 0x100000, loadEnd: 0x100000 + committed.length },
    });
  });

  it('fits where its layout leaves room for it', () => {
    expect(committed.length).toBeLessThan(0x10000);
  });
});

describe('the assembler', () => {
  const at = (text: string) =>
    assemble(
      [
        { name: 'first.s', text: 'nop\n' },
        { name: 'x.s', text },
      ],
      0,
    );

  it('gives bytes and a listing of them', () => {
    const { bytes, listing } = assemble(
      [{ name: 'a.s', text: 'start:\n  mov $5, %eax\n  jmp start\n' }],
      0x100000,
    );
    expect([...bytes]).toEqual([0xb8, 5, 0, 0, 0, 0xeb, 0xf9]);
    expect(listing).toContain('00100000  b805000000                  mov $5, %eax');
    expect(listing).toContain('00100005  ebf9                        jmp start');
  });

  it('names the piece and the line of a mistake', () => {
    expect(() => at('nop\n  mov $1, nowhere(\n')).toThrow(/x\.s:2: .*mov \$1, nowhere\(/);
    expect(() => at('frob %eax\n')).toThrow(/x\.s:1: Unknown opcode: frob/);
  });

  it('refuses a label as an absolute address, which would come out as zero', () => {
    expect(() => at('here:\n  mov $here, %eax\n')).toThrow('1 absolute label addresses');
  });

  it('refuses what the assembler drops with a complaint on the console', () => {
    expect(() => at('COUNT = 3\n  shl $COUNT, %eax\n')).toThrow(/defasm failed/);
  });
});
