// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeModule } from '../../../loader/elf/index.ts';
import { CommandContext } from '../../../scripts/cli/command-context.ts';
import { InputError } from '../../../scripts/cli/input-error.ts';
import { modulesCommand } from '../../../scripts/cli/modules-command.ts';

const VERMAGIC = '6.12.7 SMP mod_unload ';
const module = (name: string, text: number, structModuleSize = 640): Uint8Array =>
  writeModule({ name, structModuleSize, vermagic: VERMAGIC, sizes: { text } });
const BIG = module('big', 200_000);
const SMALL = module('small', 100);

let top: string;
beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'modstorm-modules-'));
  const put = (path: string, bytes: Uint8Array): void => {
    mkdirSync(join(top, path, '..'), { recursive: true });
    writeFileSync(join(top, path), bytes);
  };
  put('plain/a/small.ko', SMALL);
  put('plain/b/big.ko', BIG);
  put('packed/small.ko.gz', gzipSync(SMALL));
  put('packed/big.ko.gz', gzipSync(BIG));
  put('mixed/small.ko', SMALL);
  put('mixed/big.ko', BIG);
  put('mixed/old.ko', module('old', 100, 448));
  put('mixed/text.ko', new TextEncoder().encode('not a module\n'));
  put('mixed/cut.ko.gz', gzipSync(SMALL).subarray(0, 300));
});
afterAll(() => {
  rmSync(top, { recursive: true, force: true });
});

class Recorder extends CommandContext {
  text = '';
  override write(text: string): Promise<void> {
    this.text += text;
    return Promise.resolve();
  }
}

async function run(path: string, json = false): Promise<string> {
  const context = new Recorder();
  expect(await modulesCommand({ path: join(top, path), json }, context)).toBe(0);
  return context.text;
}

/** The rows of the table: cells by column title. */
function rows(text: string): Record<string, string>[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith('module '));
  const titles = lines[start]!.split(/ {2,}/);
  const end = lines.indexOf('', start);
  return lines.slice(start + 1, end - 1).map((line) =>
    Object.fromEntries(
      line
        .trim()
        .split(/ +/)
        .map((cell, i) => [titles[i], cell]),
    ),
  );
}

describe('modstorm modules', () => {
  it('prints a row for each module, the dearest first, in aligned columns', async () => {
    const text = await run('plain');
    const table = rows(text);
    expect(table.map((row) => row.module)).toEqual(['big', 'small']);
    expect(table[0]).toMatchObject({
      file: String(BIG.length),
      'w-becoming': String(BIG.length),
      'w-load': String(2 * BIG.length),
      text: '196',
    });
    expect(table[1]).not.toHaveProperty('image');
    const start = text.split('\n').findIndex((line) => line.startsWith('module '));
    const widths = text
      .split('\n')
      .slice(start, start + 4)
      .map((line) => line.length);
    expect(new Set(widths).size).toBe(1);
    expect(text).toContain(`modules of ${VERMAGIC.trim()};`);
    expect(text).toMatch(/2 files, 0 refused; all of them loaded would keep \d+ KiB/);
  });

  it('adds up what can be added', async () => {
    const all = (await run('plain')).split('\n').find((line) => line.startsWith('all '))!;
    const cells = all.split(/ +/);
    expect(cells[1]).toBe(String(BIG.length + SMALL.length));
    expect(cells.at(-1)).toBe(String(2 * (BIG.length + SMALL.length)));
  });

  it('shows what decompression takes, for the kernel that the files are compressed for', async () => {
    const text = await run('packed');
    expect(text).toContain('compression gzip');
    const [big] = rows(text);
    expect(big).toMatchObject({
      as: 'gzip',
      image: String(BIG.length),
      'dict-va': '0',
      'w-decompress': String(gzipSync(BIG).length),
      'w-load': String(2 * BIG.length + gzipSync(BIG).length),
    });
  });

  it('names each file that the kernel would refuse, and why', async () => {
    const text = await run('mixed');
    expect(text).toContain('5 files, 3 refused');
    expect(text).toMatch(/ {2}old\.ko: becoming, errno 8, .*struct module size/);
    expect(text).toMatch(/ {2}text\.ko: becoming, errno 8, /);
    expect(text).toMatch(/ {2}cut\.ko\.gz: decompress, errno 22, decompression failed with status/);
  });

  it('prints one JSON document with the same figures', async () => {
    const document = JSON.parse(await run('plain', true));
    expect(document).toMatchObject({
      version: 1,
      kernel: { base: 'v6.12', arch: 'i386', inferred: { modules_read: 2 } },
      totals: { files: 2, refused: 0, file_bytes: BIG.length + SMALL.length },
    });
    expect(document.modules.map((one: { path: string }) => one.path)).toEqual([
      'a/small.ko',
      'b/big.ko',
    ]);
    expect(document.modules[1].wasted.load).toBe(2 * BIG.length);
  });

  it('takes a single file', async () => {
    expect(rows(await run('packed/small.ko.gz')).map((row) => row.module)).toEqual(['small']);
  });

  it('refuses what is not there and stops when interrupted', async () => {
    await expect(run('nowhere')).rejects.toThrow(InputError);
    const context = new Recorder();
    context.interrupt();
    const big = join(top, 'many');
    mkdirSync(big);
    for (let i = 0; i < 300; i += 1) writeFileSync(join(big, `m${i}.ko`), BIG);
    await expect(modulesCommand({ path: big, json: false }, context)).rejects.toThrow(
      'interrupted',
    );
    expect(context.text).toBe('');
  });

  it('refuses files of which none is a module, after saying what is wrong with each', async () => {
    const context = new Recorder();
    const path = join(top, 'mixed', 'text.ko');
    const given = modulesCommand({ path, json: false }, context);
    await expect(given).rejects.toThrow(/text.ko: expected at least one module .*, found 1 file/);
    expect(context.text).toMatch(/text.ko: becoming, errno 8, Invalid ELF header/);
  });
});
