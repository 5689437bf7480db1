// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type BootOptions,
  type BootResult,
  bootGuest,
  GuestImageError,
} from '../../../emulator/storm/boot.ts';
import { loadV86Wasm } from '../../../emulator/v86/node-host.ts';
import type { Operation } from '../../../loader/session/operation.ts';
import { FakeSession, type FakeSessionOptions } from '../fake-session.ts';
import { smallGuest } from '../hostile-guest.ts';

const storm = new Uint8Array(
  readFileSync(new URL('../../../guest-images/storm/storm.bin', import.meta.url)),
);

let wasm: WebAssembly.Module;
beforeAll(async () => {
  wasm = await loadV86Wasm();
});

function boot(
  image: Uint8Array,
  options: Partial<BootOptions> = {},
  session: FakeSessionOptions = { programs: [[], []] },
): Promise<BootResult> {
  return bootGuest({ wasm, image, session: new FakeSession(session), memoryMb: 4, ...options });
}

/** Lines of a body that put one request into the ring and ring the doorbell. */
function submit(fields: Readonly<Record<string, string>>): string {
  const stores = Object.entries(fields).map(
    ([field, value]) => `  movl $${value}, RINGS + REQUEST_${field}`,
  );
  return `
${stores.join('\n')}
  mov $1, %eax
  mov $PORT + REGISTER_REQUEST_TAIL, %edx
  out %eax, %dx
  movzbl RINGS + 256 + COMPLETION_STATUS, %eax
  add $0x40, %eax
  call putc
`;
}

describe('a guest that misbehaves', () => {
  it.each([
    ['a bad opcode', submit({ OPCODE: '99' }), 'N', 'BAD_OPCODE'],
    ['a context that is not there', submit({ CONTEXT: '2' }), 'M', 'BAD_CONTEXT'],
    [
      'a name of 4 GiB',
      submit({ OPCODE: '4', SUBJECT_ADDRESS: '0', SUBJECT_LENGTH: '0xffffffff' }),
      'P',
      'BAD_LENGTH',
    ],
    [
      'a name beyond memory',
      submit({ OPCODE: '4', SUBJECT_ADDRESS: '0x3ffff8', SUBJECT_LENGTH: '16' }),
      'O',
      'BAD_ADDRESS',
    ],
  ])('is told of %s in the completion, and the host in the report', async (_, body, told, code) => {
    const result = await boot(smallGuest(body));
    expect(result.console).toBe(told);
    expect(result.exit).toBe('halt');
    expect(result.port).toMatchObject({ refused: 1, misuses: [{ code, count: 1 }] });
  });

  it('cannot put a ring outside its memory', async () => {
    const body = `
  mov $0x3fffc0, %eax
  mov $PORT + REGISTER_REQUEST_RING, %edx
  out %eax, %dx
  mov $13, %eax
  mov $PORT + REGISTER_RING_ORDER, %edx
  out %eax, %dx
  mov $1, %eax
  mov $PORT + REGISTER_CONTROL, %edx
  out %eax, %dx
  in %dx, %eax
  add $0x30, %eax
  call putc
  mov $PORT + REGISTER_ERROR, %edx
  in %dx, %eax
  add $0x30, %eax
  call putc
`;
    const result = await boot(smallGuest(body, false));
    expect(result.console).toBe('04');
    expect(result.port.misuses).toMatchObject([
      { code: 'BAD_RING_ADDRESS', first: expect.stringContaining('requests at 0x3fffc0') },
    ]);
  });

  it('is stopped when it rings the doorbell for ever', async () => {
    const body = `
  mov $PORT + REGISTER_REQUEST_TAIL, %edx
for_ever:
  xor %eax, %eax
  out %eax, %dx
  jmp for_ever
`;
    const result = await boot(smallGuest(body));
    expect(result).toMatchObject({
      exit: 'misuse',
      message: '4096 doorbells without a new request',
      port: { stopped: '4096 doorbells without a new request' },
    });
  });

  it('is stopped when every request it makes for ever is a bad one', async () => {
    const body = `
  xor %ebx, %ebx
  movl $99, RINGS + REQUEST_OPCODE
  movl $99, RINGS + 64 + REQUEST_OPCODE
for_ever:
  inc %ebx
  mov %ebx, %eax
  mov $PORT + REGISTER_REQUEST_TAIL, %edx
  out %eax, %dx
  mov $PORT + REGISTER_COMPLETION_HEAD, %edx
  out %eax, %dx
  jmp for_ever
`;
    const result = await boot(smallGuest(body));
    expect(result).toMatchObject({
      exit: 'misuse',
      message: 'the guest misused the port 256 times',
      port: { refused: 256, misuses: [{ code: 'BAD_OPCODE', count: 256 }] },
    });
  });

  it('is given up when it never asks for anything', async () => {
    const result = await boot(smallGuest('for_ever:\n  jmp for_ever\n'), {
      limits: { stallMs: 300 },
    });
    expect(result).toMatchObject({
      exit: 'timeout',
      message: 'the guest asked for nothing for 300 ms',
    });
  });

  it('is given up when it submits and never idles', async () => {
    const body = `${submit({ OPCODE: '0' })}\nfor_ever:\n  jmp for_ever\n`;
    const result = await boot(smallGuest(body), { limits: { stallMs: 300 } });
    expect(result).toMatchObject({ exit: 'timeout', port: { requests: 1, completions: 0 } });
    expect(result.firstRequestMs).toBeUndefined();
  });

  it('is given up when it waits for an interrupt that cannot come', async () => {
    const result = await boot(smallGuest('  sti\n  hlt\n'), { limits: { stallMs: 300 } });
    expect(result.exit).toBe('timeout');
  });

  it('is given up after the time it was given, however busy', async () => {
    const body = `
  movl $COMMAND_NOW, BLOCK
for_ever:
  mov $0x2e, %eax
  call putc
  mov $BLOCK, %eax
  mov $PORT + REGISTER_COMMAND, %edx
  out %eax, %dx
  jmp for_ever
`;
    const result = await boot(smallGuest(body), { limits: { timeoutMs: 300 } });
    expect(result).toMatchObject({
      exit: 'timeout',
      message: 'the guest was not done after 300 ms',
    });
  });

  it('is stopped when it prints without end', async () => {
    const result = await boot(smallGuest('for_ever:\n  call putc\n  jmp for_ever\n'), {
      limits: { consoleBytes: 1000 },
    });
    expect(result).toMatchObject({
      exit: 'misuse',
      message: 'the guest printed more than 1000 bytes',
    });
    expect(result.console).toHaveLength(1000);
  });

  it('does not take the process down with a triple fault', async () => {
    const body = `
  mov $0x100000 + (no_idt - image), %eax
  lidt (%eax)
  int $3
`;
    const result = await boot(smallGuest(body));
    expect(result).toMatchObject({
      exit: 'fault',
      message: expect.stringMatching(/^v86 cannot go on: panicked at .*#GP handler$/),
    });
  });

  it("does not take the process down through v86's test exit", async () => {
    const result = await boot(smallGuest('  mov $7, %eax\n  mov $0xf4, %edx\n  out %al, %dx\n'));
    expect(result).toMatchObject({
      exit: 'fault',
      message: "v86 cannot go on: the guest wrote 7 to port 0xf4, v86's test exit",
    });
  });

  it('ends as halted when it halts without a word', async () => {
    const result = await boot(smallGuest(''));
    expect(result).toMatchObject({
      exit: 'halt',
      message: 'the guest halted without saying that it was done',
    });
  });

  it('ends with the status it gave', async () => {
    const body = `
  movl $COMMAND_DONE, BLOCK
  movl $3, BLOCK + BLOCK_LOW
  mov $BLOCK, %eax
  mov $PORT + REGISTER_COMMAND, %edx
  out %eax, %dx
`;
    expect(await boot(smallGuest(body))).toMatchObject({
      exit: 'done',
      message: 'the guest finished with status 3',
      port: { exitStatus: 3 },
    });
  });
});

describe('bootGuest', () => {
  it.each([
    ['an empty file', new Uint8Array(0), /^multiboot magic at offset 0: expected 0x1badb002/],
    ['random bytes', new Uint8Array(5000).fill(0x5a), /^multiboot magic at offset 0/],
    ['a file without its end', storm.slice(0, 1000), /^multiboot load end at offset 20: expected/],
  ])('refuses %s before v86 runs it as zeros', async (_, image, message) => {
    await expect(boot(image)).rejects.toThrow(message);
    await expect(boot(image)).rejects.toBeInstanceOf(GuestImageError);
  });

  it.each([0, 1, 1.5, 4096, Number.NaN])('refuses a machine of %d MiB', async (memoryMb) => {
    await expect(boot(storm, { memoryMb })).rejects.toThrow(
      `guest memory: expected 2 to 1024 MiB, found ${memoryMb}`,
    );
  });

  it('ends when it is interrupted, whether running or not yet', async () => {
    const forEver = smallGuest('for_ever:\n  jmp for_ever\n');
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    expect(await boot(forEver, { signal: controller.signal })).toMatchObject({
      exit: 'aborted',
      message: 'interrupted',
    });
    expect(await boot(forEver, { signal: AbortSignal.abort() })).toMatchObject({
      exit: 'aborted',
      console: '',
    });
  });

  it('lets the host have its turn between the steps of a slow session', async () => {
    const controller = new AbortController();
    let served = 0;
    const programs = [Array.from({ length: 2000 }, (): Operation => ({ op: 'noop' }))];
    const serve = () => {
      if (served++ === 0) setTimeout(() => controller.abort(), 1);
      const until = performance.now() + 5;
      while (performance.now() < until);
      return { ret: 0, ns: 1 };
    };
    const result = await boot(storm, { signal: controller.signal }, { programs, serve });
    expect(result.exit).toBe('aborted');
    expect(served).toBeLessThan(100);
  });

  it('fails with the error of a session that throws', async () => {
    const programs: Operation[][] = [[{ op: 'noop' }]];
    const serve = () => {
      throw new Error('a defect of the model');
    };
    await expect(boot(storm, {}, { programs, serve })).rejects.toThrow('a defect of the model');
  });

  it('fails with the error of a console that throws', async () => {
    const onConsole = () => {
      throw new Error('the pipe is closed');
    };
    await expect(boot(storm, { onConsole })).rejects.toThrow('the pipe is closed');
  });

  it('boots an image that is a part of a larger buffer', async () => {
    const pool = Buffer.alloc(16_384);
    pool.set(storm);
    pool.fill(0, 32, storm.length);
    pool.set(storm, 4096);
    const image = pool.subarray(4096, 4096 + storm.length);
    expect(await boot(image)).toMatchObject({ exit: 'done' });
  });

  it('boots several guests at once', async () => {
    const programs = (n: number): Operation[][] =>
      Array.from({ length: n }, () => [{ op: 'noop' }, { op: 'noop' }]);
    const results = await Promise.all(
      [3, 40, 7].map((cpus) => boot(storm, {}, { programs: programs(cpus) })),
    );
    expect(results.map(({ exit, port }) => [exit, port.requests])).toEqual([
      ['done', 7],
      ['done', 81],
      ['done', 15],
    ]);
  });

  it('gives console text as it comes', async () => {
    const texts: string[] = [];
    const result = await boot(storm, { onConsole: (text) => texts.push(text) });
    expect(texts.join('')).toBe(result.console);
    expect(texts[0]).toBe('storm: 2 CPUs, ring of 2\n');
  });

  it('leaves nothing behind that keeps the process alive', () => {
    const script = `
      import { build } from 'esbuild';
      await build({
        stdin: {
          contents: \`
            import { readFileSync } from 'node:fs';
            import { bootGuest } from './emulator/storm/boot.ts';
            import { loadV86Wasm } from './emulator/v86/node-host.ts';
            const session = { contexts: 1, now: 0, outstanding: 0, fetch() {}, submit() {},
              advance: () => [], advanceTime() {} };
            const result = await bootGuest({ wasm: await loadV86Wasm(), session,
              image: readFileSync('guest-images/storm/storm.bin') });
            console.log(result.exit, result.message);
          \`,
          resolveDir: '.',
          loader: 'ts',
        },
        bundle: true, platform: 'node', format: 'esm', packages: 'external', write: false,
      }).then(async ({ outputFiles }) => {
        const { writeFileSync, rmSync, mkdirSync } = await import('node:fs');
        mkdirSync('node_modules/.cache', { recursive: true });
        const file = process.cwd() + '/node_modules/.cache/boot-exit-' + process.pid + '.mjs';
        writeFileSync(file, outputFiles[0].text);
        try { await import(file); } finally { rmSync(file); }
      });`;
    const { stdout, status, signal } = spawnSync(
      process.execPath,
      ['--input-type=module', '-e', script],
      { cwd: new URL('../../..', import.meta.url), encoding: 'utf8', timeout: 60_000 },
    );
    expect({ stdout, status, signal }).toEqual({
      stdout: 'done the guest finished with status 0\n',
      status: 0,
      signal: null,
    });
  });
});
