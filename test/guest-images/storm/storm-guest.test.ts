// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type BootOptions, type BootResult, bootGuest } from '../../../emulator/storm/boot.ts';
import { loadV86Wasm } from '../../../emulator/v86/node-host.ts';
import { printedFile } from '../../../emulator/v86/serial-console.ts';
import { buildStorm } from '../../../guest-images/storm/build-storm.ts';
import { driveSession } from '../../../loader/session/drive-session.ts';
import type { Operation } from '../../../loader/session/operation.ts';
import { anyOperation } from '../../emulator/arbitrary-operation.ts';
import { FakeSession, type FakeSessionOptions, type Outcome } from '../../emulator/fake-session.ts';

const STATS = '/sys/kernel/debug/modules/stats';
const image = new Uint8Array(
  readFileSync(new URL('../../../guest-images/storm/storm.bin', import.meta.url)),
);
const utf8 = new TextEncoder();

let wasm: WebAssembly.Module;
beforeAll(async () => {
  wasm = await loadV86Wasm();
});

async function storm(
  options: FakeSessionOptions,
  boot: Partial<BootOptions> = {},
): Promise<{ result: BootResult; session: FakeSession; replayed: FakeSession }> {
  const session = new FakeSession(options);
  const result = await bootGuest({ wasm, image, session, limits: { stallMs: 20_000 }, ...boot });
  const replayed = new FakeSession(options);
  driveSession(replayed);
  return { result, session, replayed };
}

/** Succeeds after a time that depends on who asks; a read of the stats gives `stats`. */
function serveWith(stats: string): (context: number, operation: Operation) => Outcome {
  return (context, operation) =>
    operation.op === 'read' && operation.path === STATS
      ? { ret: utf8.encode(stats).length, data: utf8.encode(stats), ns: 1 }
      : { ret: 0, ns: 100 + ((context * 7919) % 13) };
}

describe('the storm guest', () => {
  it('runs a program of 64 CPUs, prints its failures and the stats, and says it is done', async () => {
    const { result } = await storm({
      programs: Array.from({ length: 64 }, (_, cpu) => [
        { op: 'finit_module', path: `kernel/arch/x86/kvm/kvm${cpu}.ko`, flags: 0, args: '' },
        { op: 'modprobe', name: 'tun', args: '' },
        { op: 'settle' },
      ]),
      serve: (cpu, operation) => {
        if (operation.op === 'finit_module' && cpu === 12) return { ret: -17, ns: 5 };
        if (operation.op === 'modprobe' && cpu === 5) return { ret: -12, ns: 5000 };
        if (operation.op === 'settle' && cpu === 63) return { ret: -4, ns: 50_000 };
        if (operation.op === 'sleep') return { ret: 0, ns: operation.ns };
        return serveWith('         Mods ever loaded\t66\n')(cpu, operation);
      },
    });
    expect(result.exit).toBe('done');
    expect(result.console).toBe(
      [
        'storm: 64 CPUs, ring of 64',
        'cpu 12 finit_module kernel/arch/x86/kvm/kvm12.ko: -17',
        'cpu 5 modprobe tun: -12',
        'cpu 63 settle: -4',
        'storm: 192 requests, 3 failed',
        'storm: ---- /sys/kernel/debug/modules/stats, 29 bytes ----',
        '         Mods ever loaded\t66',
        'storm: ---- end ----',
        'storm: done',
        '',
      ].join('\n'),
    );
    expect(result.port).toMatchObject({
      requests: 193,
      refused: 0,
      completions: 193,
      maxOutstanding: 64,
      misuses: [],
      exitStatus: 0,
    });
  });

  it.each([1, 2, 3, 255, 1024, 1100])(
    'makes the calls the loop without a guest makes, with %i CPUs',
    async (cpus) => {
      const { result, session, replayed } = await storm({
        programs: Array.from({ length: cpus }, (_, cpu) =>
          Array.from(
            { length: cpu % 4 },
            (_, i): Operation => ({ op: 'modprobe', name: `m${(cpu * 31 + i) % 67}`, args: '' }),
          ),
        ),
        serve: serveWith('x\n'),
      });
      expect(result.exit).toBe('done');
      expect(session.calls.join('\n')).toBe(replayed.calls.join('\n'));
      expect(session.calls.length).toBeGreaterThan(cpus);
    },
  );

  it('makes those calls for any program, whoever fails, hangs or finishes first', async () => {
    const programs = fc.array(fc.array(anyOperation, { maxLength: 4 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(programs, fc.nat(), async (lists, seed) => {
        const serve = (context: number, operation: Operation): Outcome => {
          const mix =
            (Math.imul(context + 1, 2654435761) ^ JSON.stringify(operation).length) + seed;
          const ns = mix % 11 === 0 ? Number.POSITIVE_INFINITY : (mix >>> 3) % 5;
          const ret = mix % 3 === 0 ? -17 : 0;
          return operation.op === 'read' ? { ret: 3, data: utf8.encode('a\nb'), ns } : { ret, ns };
        };
        const { result, session, replayed } = await storm({ programs: lists, serve });
        expect(result.exit).toBe('done');
        expect(session.calls).toEqual(replayed.calls);
      }),
      { numRuns: 25 },
    );
  });

  it('runs 8,192 CPUs and refuses the machine above that', async () => {
    const programs = Array.from({ length: 8192 }, (): Operation[] => [{ op: 'noop' }]);
    const { result } = await storm({ programs, serve: serveWith('x\n') });
    expect(result.exit).toBe('done');
    expect(result.port.maxOutstanding).toBe(8192);
    await expect(storm({ programs: [...programs, []] })).rejects.toThrow(
      'module port: expected at most 8192 contexts, found 8193',
    );
  });

  it('says so when there is not enough memory for its CPUs', async () => {
    const programs = Array.from({ length: 8192 }, (): Operation[] => []);
    const { result } = await storm({ programs }, { memoryMb: 2 });
    expect(result.exit).toBe('halt');
    expect(result.console).toBe('storm: not enough memory for so many CPUs\n');
  });

  it('prints a text longer than its buffer whole', async () => {
    const stats = Array.from({ length: 12_000 }, (_, i) => `line ${i} ☂`).join('\n');
    expect(utf8.encode(stats).length).toBeGreaterThan(2 * 65_536);
    const { result } = await storm({ programs: [[]], serve: serveWith(stats) });
    expect(result.exit).toBe('done');
    expect(printedFile(result.console, STATS)).toBe(stats);
  });

  it.each(['', '\n', 'no newline', 'a\n\n'])('prints the stats %j as they are', async (stats) => {
    const { result } = await storm({ programs: [[], []], serve: serveWith(stats) });
    expect(result.exit).toBe('done');
    if (stats === '') expect(result.console).toContain('storm: no stats: 0\n');
    else expect(printedFile(result.console, STATS)).toBe(stats);
  });

  it('says why there are no stats', async () => {
    const { result } = await storm({ programs: [[]], serve: () => ({ ret: -2, ns: 1 }) });
    expect(result.console).toContain('storm: no stats: -2\n');
    expect(result.exit).toBe('done');
  });

  it('prints the first 64 failures and counts the rest', async () => {
    const { result } = await storm({
      programs: Array.from({ length: 100 }, (): Operation[] => [
        { op: 'delete_module', name: 'kvm', flags: 0 },
      ]),
      serve: () => ({ ret: -16, ns: 1 }),
    });
    expect(result.console.match(/^cpu \d+ delete_module kvm: -16$/gm)).toHaveLength(64);
    expect(result.console).toContain('storm: 100 requests, 100 failed, 36 of them not shown\n');
  });

  it('cuts a long subject short', async () => {
    const { result } = await storm({
      programs: [[{ op: 'finit_module', path: `${'d/'.repeat(100)}kvm.ko`, flags: 0, args: '' }]],
      serve: () => ({ ret: -2, ns: 1 }),
    });
    expect(result.console).toContain(`cpu 0 finit_module ${'d/'.repeat(56)}...: -2\n`);
  });

  it('has a CPU that is not stuck read the stats, and counts the requests that are', async () => {
    const { result } = await storm({
      programs: [[{ op: 'settle' }], [{ op: 'settle' }], [{ op: 'noop' }]],
      serve: (cpu, operation) =>
        operation.op === 'settle'
          ? { ret: 0, ns: Number.POSITIVE_INFINITY }
          : serveWith('seen\n')(cpu, operation),
    });
    expect(result.exit).toBe('done');
    expect(result.console).toContain('storm: 1 requests, 0 failed\n');
    expect(result.console).toContain('storm: 2 requests never completed\n');
    expect(printedFile(result.console, STATS)).toBe('seen\n');
  });

  it('finishes without stats when every CPU is stuck, or there is none', async () => {
    const never = (): Outcome => ({ ret: 0, ns: Number.POSITIVE_INFINITY });
    const stuck = await storm({ programs: [[{ op: 'noop' }]], serve: never });
    expect(stuck.result.exit).toBe('done');
    expect(stuck.result.console).toContain('storm: no stats: 0\n');
    const empty = await storm({ programs: [] });
    expect(empty.result.exit).toBe('done');
    expect(empty.session.calls).toEqual(empty.replayed.calls);
  });

  it.each([
    ['an invalid opcode', [0x0f, 0x0b], 6],
    ['a division by zero', [0x31, 0xd2, 0xf7, 0xf2], 0],
    ['a fault with an error code', [0x8e, 0xd8], 13],
    ['an interrupt nobody asked for', [0xcd, 0x80], 128],
  ])('says where it met %s, and stops', async (_, code, vector) => {
    const { bytes, listing } = buildStorm(new URL('../../../guest-images/storm/', import.meta.url));
    const at = Number.parseInt(/^([0-9a-f]{8}) .* call contexts_start$/m.exec(listing)![1]!, 16);
    bytes.set(code, at - 0x100000);
    const { result } = await storm({ programs: [[]] }, { image: bytes });
    const eip = at + (vector === 128 || vector === 0 ? 2 : 0);
    expect(result.exit).toBe('halt');
    expect(result.console).toBe(`storm: 1 CPUs, ring of 1\nstorm: exception ${vector} at ${eip}\n`);
  });

  it('is the same guest with its code compiled', async () => {
    const options: FakeSessionOptions = {
      programs: Array.from({ length: 300 }, (): Operation[] =>
        Array.from({ length: 30 }, () => ({ op: 'noop' })),
      ),
      serve: serveWith('x\n'),
    };
    const interpreted = await storm(options);
    const compiled = await storm(options, { jit: true });
    expect(compiled.result.console).toBe(interpreted.result.console);
    expect(compiled.session.calls).toEqual(interpreted.session.calls);
  });
});
