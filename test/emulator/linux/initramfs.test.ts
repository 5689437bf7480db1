// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { buildInitramfs, type InitramfsEntry } from '../../../emulator/linux/initramfs.ts';

const hasCpio = spawnSync('cpio', ['--version']).status === 0;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const scratch = mkdtempSync(join(tmpdir(), 'modstorm-cpio-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('buildInitramfs', () => {
  it('writes the newc header of a file with all thirteen fields', () => {
    const archive = buildInitramfs(new Map([['/a', { type: 'file', data: bytes('hello') }]]));
    const text = Buffer.from(archive).toString('latin1');
    const fields = text.slice(6, 110).match(/.{8}/g);
    expect(text.slice(0, 6)).toBe('070701');
    expect(fields).toEqual([
      '00000001', // inode
      '000081a4', // 0100644
      '00000000',
      '00000000',
      '00000001',
      '00000000',
      '00000005', // size
      '00000000',
      '00000000',
      '00000000',
      '00000000',
      '00000002', // name with its NUL
      '00000000',
    ]);
    expect(text.slice(110, 120)).toBe('a\0hello\0\0\0');
    expect(text.slice(120, 126)).toBe('070701');
    expect(text.endsWith('TRAILER!!!\0\0\0\0')).toBe(true);
  });

  it('makes parent directories once and before their contents', () => {
    const archive = buildInitramfs(
      new Map<string, InitramfsEntry>([
        ['/lib/modules/a.ko', { type: 'file', data: bytes('a') }],
        ['/lib/modules/b.ko', { type: 'file', data: bytes('b') }],
      ]),
    );
    expect(membersOf(archive).map((m) => m.name)).toEqual([
      'lib',
      'lib/modules',
      'lib/modules/a.ko',
      'lib/modules/b.ko',
      'TRAILER!!!',
    ]);
  });

  it('gives back any set of files to a reader that follows the format', () => {
    const name = fc.stringMatching(/^[a-z0-9._-]{1,12}$/).filter((n) => n !== '.' && n !== '..');
    fc.assert(
      fc.property(fc.dictionary(name, fc.uint8Array({ maxLength: 70 })), (files) => {
        const entries = new Map(
          Object.entries(files).map(([n, data]) => [`/${n}`, { type: 'file' as const, data }]),
        );
        const read = membersOf(buildInitramfs(entries)).slice(0, -1);
        expect(read.map((m) => [`/${m.name}`, m.data])).toEqual(
          [...entries].map(([path, { data }]) => [path, [...data]]),
        );
      }),
    );
  });

  it('refuses paths the kernel would unpack elsewhere or not at all', () => {
    const file: InitramfsEntry = { type: 'file', data: bytes('') };
    for (const path of ['a', '', '/', '/a/', '/a//b', '/a/../b', '/./a', '/a\0b'])
      expect(() => buildInitramfs(new Map([[path, file]])), path).toThrow(RangeError);
    expect(() => buildInitramfs(new Map([[`/${'x'.repeat(5000)}`, file]]))).toThrow(/longer/);
    expect(() =>
      buildInitramfs(
        new Map([
          ['/a', file],
          ['/a/b', file],
        ]),
      ),
    ).toThrow('/a/b: /a is not a directory');
  });

  it.skipIf(!hasCpio)('is unpacked by cpio to the same tree (skipped without cpio)', () => {
    const archive = buildInitramfs(
      new Map<string, InitramfsEntry>([
        ['/init', { type: 'file', data: bytes('#!'), mode: 0o755 }],
        ['/etc/list', { type: 'file', data: bytes('x'.repeat(4097)) }],
        ['/sbin/modprobe', { type: 'symlink', target: '/init' }],
        ['/proc', { type: 'directory' }],
      ]),
    );
    const list = spawnSync('cpio', ['-t', '--quiet'], { input: archive, encoding: 'utf8' });
    expect(list.stderr).toBe('');
    expect(list.stdout.split('\n')).toEqual([
      'init',
      'etc',
      'etc/list',
      'sbin',
      'sbin/modprobe',
      'proc',
      '',
    ]);
    const unpack = spawnSync('cpio', ['-i', '--quiet'], { input: archive, cwd: scratch });
    expect(unpack.status).toBe(0);
    expect(readFileSync(join(scratch, 'etc/list'), 'utf8')).toBe('x'.repeat(4097));
    expect(statSync(join(scratch, 'init')).mode & 0o7777).toBe(0o755);
  });
});

interface ReadMember {
  name: string;
  data: number[];
}

/** A second reader of the format, by its documentation. */
function membersOf(archive: Uint8Array): ReadMember[] {
  const members: ReadMember[] = [];
  const text = Buffer.from(archive);
  for (let at = 0; at < archive.length; ) {
    const field = (n: number): number =>
      Number.parseInt(text.toString('latin1', at + 6 + 8 * n, at + 14 + 8 * n), 16);
    expect(text.toString('latin1', at, at + 6)).toBe('070701');
    const [size, nameSize] = [field(6), field(11)];
    const name = text.toString('utf8', at + 110, at + 110 + nameSize - 1);
    const dataAt = Math.ceil((at + 110 + nameSize) / 4) * 4;
    members.push({ name, data: [...archive.slice(dataAt, dataAt + size)] });
    at = Math.ceil((dataAt + size) / 4) * 4;
  }
  return members;
}
