// SPDX-License-Identifier: MIT
/**
 * Scenarios with the shapes of what people reported. Their own files are run where they lie beside
 * the project (`../shared/cases`); everywhere else those made here after the same kinds.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const CLI = join(ROOT, 'dist', 'cli.js');
const GIVEN = ['..', join('..', '..')]
  .map((up) => join(ROOT, up, 'shared', 'cases'))
  .find((dir) => existsSync(dir));
let dir: string;

beforeAll(() => {
  if (!existsSync(CLI)) spawnSync(process.execPath, [join(ROOT, 'scripts', 'build.mjs')]);
  dir = mkdtempSync(join(tmpdir(), 'modstorm-shapes-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function replay(path: string) {
  const run = spawnSync(process.execPath, [CLI, 'replay', path, '--json'], {
    encoding: 'utf8',
    timeout: 100_000,
  });
  const text = run.stdout === '' ? undefined : JSON.parse(run.stdout);
  return { code: run.status, err: run.stderr, text: text?.files?.['/proc/vmallocinfo'] as string };
}

function own(name: string, machine: object, rest: object = {}): string {
  const path = join(dir, `${name}.json`);
  const steps = [{ read: '/proc/vmallocinfo' }];
  const document = { version: 1, name, kernel: 'v6.12', machine: { cpus: 1, ...machine } };
  writeFileSync(
    path,
    JSON.stringify({ ...document, modules: { catalog: 'boot' }, steps, ...rest }),
  );
  return path;
}

describe('areas of a real box', () => {
  it('keep their place under a base that was drawn, and are printed back', () => {
    const initial =
      '0xffffb31c80000000-0xffffb31c80005000   20480 map_irq_stack+0x93/0x100 vmap phys=0x00000000bfc02000\n' +
      '0xffffffffc02fa000-0xffffffffc0301000   28672 move_module+0x2a/0x1b0 pages=6 vmalloc N0=6\n';
    const { code, text, err } = replay(own('kaslr', { vmalloc: 'x86-64', initial }));
    expect(code, err).toBe(0);
    expect(text).toContain(
      '0xffffb31c80000000-0xffffb31c80005000   20480 map_irq_stack+0x93/0x100',
    );
    expect(text).toContain('0xffffffffc02fa000-0xffffffffc0301000   28672 move_module');
    expect(err).toContain('0xffffb31c80000000');
  });

  it('read phys= in hexadecimal, with and without 0x', () => {
    const initial =
      '0xf8000000-0xf8002000    8192 of_iomap+0x1/0x2 phys=10000000 ioremap\n' +
      '0xf8004000-0xf8006000    8192 of_iomap+0x1/0x2 phys=fe0 ioremap\n' +
      '0xf8008000-0xf800a000    8192 of_iomap+0x1/0x2 phys=0x20000000 ioremap\n';
    const { code, text } = replay(own('phys', { vmalloc: 'i386-128m', initial }));
    expect(code).toBe(0);
    expect(text.match(/phys=\S+/g)).toEqual([
      'phys=0x10000000',
      'phys=0x00000fe0',
      'phys=0x20000000',
    ]);
  });

  it('refuse a phys= that is no number by line', () => {
    const initial = '0xf8000000-0xf8002000    8192 of_iomap+0x1/0x2 phys=nowhere ioremap\n';
    const { code, err } = replay(own('no-phys', { vmalloc: 'i386-128m', initial }));
    expect(code).toBe(2);
    expect(err).toContain('line 1: expected phys= in hexadecimal, found "phys=nowhere"');
  });

  it('tell where the window of an arm board with little RAM begins', () => {
    const initial =
      '0xbf000000-0xbf008000   32768 load_module+0x1/0x2 pages=7 vmalloc\n' +
      '0xc5006000-0xc5008000    8192 of_iomap+0x1/0x2 phys=01c00000 ioremap\n';
    const { code, text, err } = replay(own('arm', { vmalloc: 'arm32', initial }));
    expect(code, err).toBe(0);
    expect(text.match(/^0x\w+/gm)).toEqual(['0xbf000000', '0xc5006000']);
    expect(err).toContain('0xc5000000');
  });

  it('may be none', () => {
    const { code, text } = replay(own('none', { initial: '' }));
    expect(code).toBe(0);
    expect(text).toBe('');
  });
});

/** Exit code and what must be said, by the number of the file. */
const EXPECTED: Readonly<Record<string, readonly [code: number, says: RegExp]>> = {
  '01': [0, /phys=0xfed00000 ioremap[\s\S]*phys=0x40000000 ioremap/],
  '02': [0, /^0xffffaa0440000000-0xffffaa0440005000/m],
  '04': [0, /^0xc2804000-0xc2845000/m],
  '06': [0, /^$/],
};

describe.skipIf(GIVEN === undefined)('the files beside the project', () => {
  const files =
    GIVEN === undefined ? [] : readdirSync(GIVEN).filter((name) => name.endsWith('.json'));
  it.each(files.filter((name) => name.slice(0, 2) in EXPECTED))('%s', (name) => {
    const [code, says] = EXPECTED[name.slice(0, 2)]!;
    const run = replay(join(GIVEN!, name));
    expect(run.code, run.err).toBe(code);
    expect(run.text).toMatch(says);
  });

  it.each([
    ['07', 1, /They wait in a circle/],
    ['08', 0, /Module no-such-module not found/],
  ])('%s is answered', (number, code, says) => {
    const name = files.find((file) => file.startsWith(number))!;
    const run = spawnSync(process.execPath, [CLI, 'replay', join(GIVEN!, name)], {
      encoding: 'utf8',
    });
    expect(run.status).toBe(code);
    expect(run.stdout + run.stderr).toMatch(says);
  });
});
