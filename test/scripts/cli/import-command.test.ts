/** From the files of a machine to an answer, by the built program. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CLI = join(ROOT, 'dist', 'cli.js');
let dir: string;

beforeAll(() => {
  if (!existsSync(CLI)) spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')]);
  dir = mkdtempSync(join(tmpdir(), 'modstorm-import-'));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function modstorm(...args: string[]) {
  const run = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8', cwd: dir });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  return path;
}

const CALL = (pid: number, at: string, name: string, ret: string) =>
  ` modprobe-${pid}     [001] .....     ${at}00000: sys_finit_module(fd: 3, uargs: 8049000, flags: 0)
 modprobe-${pid}     [001] .....     ${at}00500: module_load: ${name} 
 modprobe-${pid}     [001] .....     ${at}00900: sys_finit_module -> ${ret}
`;
const TRACE = `# tracer: nop\n#\n${CALL(210, '3.1', 'loop', '0x0')}${CALL(211, '3.2', 'dummy', '0x0')}${CALL(212, '3.3', 'loop', '0xffffffffffffffef')}`;
const LOG = `[    0.000000] Linux version 6.12.3-test (gcc 12) #1 SMP
[    0.000000]   vmalloc : 0xcf800000 - 0xff7fe000   ( 767 MB)
[    5.100000] vmap allocation for size 20971520 failed: use vmalloc=<size> to increase size
`;
const VMALLOCINFO = `0xcf800000-0xcf802000    8192 hpet_enable+0x2a/0x270 phys=0xfed00000 ioremap
0xcf803000-0xdf803000 268435456 mod+0x2a/0x270 [big] pages=65535 vmalloc vpages N0=65535
0xdf900000-0xff700000 534773760 mod+0x2a/0x270 [big] pages=130559 vmalloc
`;

interface Document {
  readonly kernel: { readonly base: string };
  readonly machine: { readonly vmalloc: unknown; readonly cpus: number };
  readonly provenance: readonly { readonly how: string; readonly what: string }[];
  readonly measured: { readonly calls: readonly { readonly ret?: number }[] };
}

describe('modstorm import', () => {
  it('makes a scenario of a trace and a log that replays with the same return values', () => {
    const trace = file('trace', TRACE);
    const log = file('log', LOG);
    const imported = modstorm('import', trace, log, '-o', 'both.json');
    expect(imported.code, imported.err).toBe(0);
    const document = JSON.parse(readFileSync(join(dir, 'both.json'), 'utf8')) as Document;
    expect(document.kernel.base).toBe('v6.12');
    expect(document.machine.vmalloc).toEqual({ start: '0xcf800000', end: '0xff7fe000' });
    expect(document.machine.cpus).toBe(2);
    expect(document.measured.calls.map(({ ret }) => ret)).toEqual([0, 0, -17]);
    expect(new Set(document.provenance.map(({ how }) => how))).toEqual(
      new Set(['measured', 'derived', 'assumed']),
    );
    const replayed = modstorm('replay', 'both.json', '--json');
    expect(replayed.code, replayed.err).toBe(0);
    const { results } = JSON.parse(replayed.out) as {
      results: { ret: number; kind?: string; request?: { op: string }; step?: unknown }[];
    };
    const rets = results.map(({ ret }) => ret).filter((ret) => ret !== undefined);
    expect(rets.filter((ret) => ret === -17)).toHaveLength(1);
    expect(rets.at(-1)).toBe(-17);
  });

  it('says where each part comes from, and names lines it cannot use by number', () => {
    const trace = file('damaged', `${TRACE} modprobe-9 [000] ..... 9.0: module_load: \n`);
    const { out, code } = modstorm('import', trace, '-o', 'damaged.json');
    expect(code).toBe(0);
    expect(out).toMatch(/^measured {2}3 requests and their times/m);
    expect(out).toMatch(/^unusable {2}.*damaged:12: module_load: expected the name of a module/m);
  });

  it.each([
    ['binary data', Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) & 255))],
    ['an empty file', ''],
    ['another text', 'Dear sir,\nhow are you?\n'],
    ['UTF-16', Buffer.from(LOG, 'utf16le')],
    ['a line without an end', 'x'.repeat(3 << 20)],
    ['a gzip file that is cut short', gzipSync(TRACE.repeat(50)).subarray(0, 200)],
    ['a trace.dat file', Buffer.from('\x17\x08\x44tracing6\0\0', 'latin1')],
  ])('refuses %s with place, expected and found, and leaves nothing', (name, content) => {
    const path = file('refused', content);
    const { code, err, out } = modstorm('import', path, '-o', 'never.json');
    expect(code, name).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(/refused.*expected .*found /s);
    expect(err).not.toMatch(/\n\s+at /);
    expect(readdirSync(dir).filter((found) => found.startsWith('never'))).toEqual([]);
  });

  it('reads CRLF, a byte order mark, gzip and bytes that are no UTF-8 as it reads the plain text', () => {
    const calls = (content: string | Uint8Array) => {
      const run = modstorm('import', file('dressed', content), '--json');
      expect(run.code, run.err).toBe(0);
      return (JSON.parse(run.out) as { scenario: Document }).scenario.measured.calls;
    };
    const plain = calls(TRACE);
    expect(plain).toHaveLength(3);
    expect(calls(TRACE.replaceAll('\n', '\r\n'))).toEqual(plain);
    expect(calls(`\ufeff${TRACE}`)).toEqual(plain);
    expect(calls(gzipSync(TRACE))).toEqual(plain);
    expect(
      calls(Buffer.concat([Buffer.from('# \xff\xfe\x80\n', 'latin1'), Buffer.from(TRACE)])),
    ).toEqual(plain);
  });
});

describe('modstorm explain', () => {
  it('tells exhaustion, the holders and the vmalloc= that would do from a log and a vmallocinfo', () => {
    const log = file('log', LOG);
    const dump = file('dump', VMALLOCINFO);
    const { out, code } = modstorm('explain', log, dump);
    expect(code).toBe(0);
    expect(out).toContain('This is exhaustion: 2 MiB free, the largest hole 1016 KiB');
    expect(out).toContain('vmalloc=788M');
    expect(out).toMatch(/766 MiB +2 {2}big/);
  });
});

describe('modstorm compare --own', () => {
  it('sets the return values of a real kernel beside the replay, also of loads that the trace does not name', () => {
    // Linux 6.12 in the guest: fuse and tun loaded, tun refused as a duplicate, crc16 removed.
    const golden = join(ROOT, 'test', 'golden', 'ftrace', 'trace-6.12-i386.txt');
    const { out, code, err } = modstorm('compare', '--own', golden, '--json');
    expect(code, err).toBe(0);
    const { call, rows } = JSON.parse(out) as {
      call: { same: number; of: number };
      rows: { kind: string; what: string; measured: string }[];
    };
    expect(call).toEqual({ same: 4, of: 4 });
    const calls = rows.filter(({ kind }) => kind === 'call');
    expect(calls.map(({ what, measured }) => `${what} ${measured}`)).toEqual([
      'finit_module fuse 0',
      'finit_module tun 0',
      'finit_module tun -17 EEXIST',
      'delete_module crc16 0',
    ]);
  });

  it('tells a value that differs', () => {
    const log = CALL(210, '3.1', 'loop', '0xfffffffffffffff4');
    const { out } = modstorm('compare', '--own', file('other', log));
    expect(out).toContain('0 of 1 the same');
    expect(out).toContain('finit_module loop: measured -12 ENOMEM, model 0');
  });

  it('refuses options that would change nothing, and records without an outcome', () => {
    const trace = file('trace', TRACE);
    expect(modstorm('compare', '--own', trace, '--kernels', 'v6.4').code).toBe(2);
    const { code, err } = modstorm('compare', '--own', file('alone', VMALLOCINFO));
    expect(code).toBe(2);
    expect(err).toContain('expected a record with an outcome');
  });
});

describe('modstorm inspect', () => {
  it('opens a bare vmallocinfo and prints its areas back', () => {
    const dump = file('bare', VMALLOCINFO);
    const { out, code, err } = modstorm('inspect', dump, '--format', 'vmallocinfo');
    expect(code, err).toBe(0);
    expect(out.match(/^0x\w+-0x\w+/gm)).toEqual(VMALLOCINFO.match(/^0x\w+-0x\w+/gm));
  });
});

describe('modstorm record', () => {
  it('prints a script that a POSIX shell takes', () => {
    const { out, code } = modstorm('record');
    expect(code).toBe(0);
    const checked = spawnSync('sh', ['-n'], { input: out, encoding: 'utf8' });
    expect(checked.status, checked.stderr).toBe(0);
    expect(modstorm('record', '--boot').out).toContain('trace_event=');
  });
});
