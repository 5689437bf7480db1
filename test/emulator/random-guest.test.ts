// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { bootGuest } from '../../emulator/storm/boot.ts';
import { loadV86Wasm } from '../../emulator/v86/node-host.ts';
import { FakeSession } from './fake-session.ts';
import { smallGuest } from './hostile-guest.ts';

const PORT = 0x5a0;
const BLOCK = 0x121000;

const value = fc.constantFrom(
  ...[0, 1, 2, 3, 4, 64, 99, 0x1000, 0x120000, 0x120040, BLOCK],
  ...[0x3fffc0, 0xa0000, 0x7fffffff, 0xffffffff],
);
const register = fc.constantFrom('eax', 'ebx', 'ecx', 'esi', 'edi');
const portNumber = fc.oneof(
  fc.nat(15).map((word) => PORT + word * 4),
  fc.nat(0x3f).map((offset) => PORT + offset),
);

/** A line of a guest that knows the port's address and means no good. */
const line = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(value, register).map(([v, r]) => `mov $${v}, %${r}`) },
  { weight: 2, arbitrary: portNumber.map((port) => `mov $${port}, %edx`) },
  { weight: 2, arbitrary: fc.constant('out %eax, %dx') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      ...['in %dx, %eax', 'out %al, %dx', 'in %dx, %al', 'rep outsl', 'rep insl', 'sti', 'cli'],
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(0x120000, BLOCK), fc.nat(15), value)
      .map(([at, word, v]) => `movl $${v}, ${at + word * 4}`),
  },
  {
    weight: 1,
    arbitrary: fc
      .nat(7)
      .map(
        (command) => `mov $BLOCK, %eax\nmovl $${command}, BLOCK\nmov $0x5d4, %edx\nout %eax, %dx`,
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.nat(255), { minLength: 1, maxLength: 6 })
      .map((bytes) => `.byte ${bytes.join(', ')}`),
  },
);

/** Runs the lines for ever, with an interrupt table that skips a byte after every exception. */
function guestOf(lines: readonly string[], enabled: boolean): Uint8Array {
  return smallGuest(
    `
  mov $0x128000, %edi
  mov $256, %ecx
gate:
  mov $0x80000 + ((skip - image) & 0xffff), %eax
  mov %eax, (%edi)
  movl $0x108e00, 4(%edi)
  add $8, %edi
  dec %ecx
  jnz gate
  mov $0x100000 + (idt - image), %eax
  lidt (%eax)
  jmp go
idt:
  .word 0x7ff
  .long 0x128000
skip:
  incl (%esp)
  iret
go:
${lines.join('\n')}
  jmp go
`,
    enabled,
  );
}

describe('guests at random', () => {
  let wasm: WebAssembly.Module;
  beforeAll(async () => {
    wasm = await loadV86Wasm();
  });

  it('all end with a report, whatever they run', async () => {
    const ends = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 30, maxLength: 60 }),
        fc.boolean(),
        fc.boolean(),
        async (lines, enabled, jit) => {
          const session = new FakeSession({
            programs: [[{ op: 'noop' }, { op: 'read', path: '/proc/modules' }], []],
          });
          const result = await bootGuest({
            wasm,
            image: guestOf(lines, enabled),
            session,
            memoryMb: 4,
            jit,
            limits: { stallMs: 150, timeoutMs: 400 },
          });
          ends.add(result.exit);
          expect(['done', 'halt', 'timeout', 'misuse', 'fault']).toContain(result.exit);
          expect(result.message).not.toBe('');
          expect(result.port.completions).toBeLessThanOrEqual(
            result.port.requests + result.port.refused,
          );
        },
      ),
      { numRuns: 50 },
    );
    expect(ends.size).toBeGreaterThan(1);
  });

  it('ends a string instruction that would go on for minutes', async () => {
    const image = smallGuest(`
  mov $PORT + REGISTER_FEATURES, %edx
for_ever:
  mov $0x140000, %edi
  mov $0x10000000, %ecx
  rep insl
  jmp for_ever
`);
    const session = new FakeSession({ programs: [] });
    const result = await bootGuest({ wasm, image, session, memoryMb: 4 });
    expect(result).toMatchObject({
      exit: 'misuse',
      message: 'the guest made over 1000000 device accesses without a break',
    });
  });
});
