// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeModule } from '../../../loader/elf/index.ts';
import { InputError } from '../../../scripts/cli/input-error.ts';
import { openModuleDirectory } from '../../../scripts/cli/module-directory.ts';
import { findModuleFiles } from '../../../scripts/cli/module-walk.ts';

const MODULE = writeModule({
  name: 'one',
  structModuleSize: 640,
  vermagic: '6.12.7-test SMP mod_unload ',
});

let top: string;
beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'modstorm-directory-'));
});
afterEach(() => {
  rmSync(top, { recursive: true, force: true });
});

function put(path: string, content: string | Uint8Array = MODULE): string {
  const file = join(top, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

function refusal(act: () => unknown): InputError {
  try {
    act();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** The user nobody, who owns nothing. */
const NOBODY = 65_534;

/** Root may read whatever it likes: it acts as nobody, in whose hands `top` then is. */
function asOneWhomPermissionsBind(act: () => void): void {
  const root = process.geteuid?.() === 0;
  if (root) {
    chownSync(top, NOBODY, NOBODY);
    process.seteuid!(NOBODY);
  }
  try {
    act();
  } finally {
    if (root) process.seteuid!(0);
  }
}

const paths = (directory = top): string[] =>
  openModuleDirectory(directory).files.map(({ path }) => path);

describe('a directory of modules', () => {
  it('lists .ko, .ko.gz, .ko.xz and .ko.zst at any depth, by path, and nothing else', () => {
    put('b.ko');
    put('kernel/fs/xfs/xfs.ko.xz');
    put('kernel/fs/ext4.ko.zst');
    put('kernel/a.ko.gz');
    put('Z.ko');
    for (const name of ['README', 'x.ko.bak', 'x.o', 'ko', '.ko', 'x.ko.lzma', 'x.KO']) put(name);
    expect(paths()).toEqual([
      'Z.ko',
      'b.ko',
      'kernel/a.ko.gz',
      'kernel/fs/ext4.ko.zst',
      'kernel/fs/xfs/xfs.ko.xz',
    ]);
  });

  it('gives the bytes of a file, anew at each call', () => {
    put('one.ko');
    const [file] = openModuleDirectory(top).files;
    expect(file!.size).toBe(MODULE.length);
    expect(Buffer.from(file!.read()).equals(MODULE)).toBe(true);
    file!.read().fill(0);
    expect(Buffer.from(file!.read()).equals(MODULE)).toBe(true);
  });

  it('follows links, once, and survives those that lead in a circle', () => {
    put('real/one.ko');
    symlinkSync('..', join(top, 'real/up'));
    symlinkSync('real', join(top, 'alias'));
    symlinkSync('.', join(top, 'self'));
    symlinkSync('real/one.ko', join(top, 'two.ko'));
    expect(paths()).toEqual(['real/one.ko', 'two.ko']);
  });

  it('stays out of build and source, as depmod does, and past dead links of other names', () => {
    put('kernel/one.ko');
    put('elsewhere/two.ko');
    symlinkSync('elsewhere', join(top, 'build'));
    symlinkSync('/nonexistent/headers', join(top, 'source'));
    symlinkSync('/nonexistent', join(top, 'firmware'));
    expect(paths()).toEqual(['elsewhere/two.ko', 'kernel/one.ko']);
  });

  it('reads depmod’s texts and modprobe.d', () => {
    put('lib/modules/6.12.7/kernel/one.ko');
    put('lib/modules/6.12.7/modules.dep', 'kernel/one.ko:\n');
    put('lib/modules/6.12.7/modules.alias', 'alias pci:* one\n');
    put('lib/modules/6.12.7/modules.softdep', 'softdep one pre: two\n');
    put('lib/modules/6.12.7/modules.builtin', 'kernel/two.ko\n');
    put('lib/modules/6.12.7/modules.symbols', 'alias symbol:x one\n');
    put('etc/modprobe.d/20-b.conf', 'blacklist b');
    put('usr/lib/modprobe.d/10-a.conf', 'blacklist a\n');
    put('usr/lib/modprobe.d/20-b.conf', 'blacklist hidden\n');
    put('etc/modprobe.d/notes.txt', 'blacklist no\n');
    const source = openModuleDirectory(top);
    expect(source.metadata).toEqual({
      dep: 'kernel/one.ko:\n',
      alias: 'alias pci:* one\n',
      softdep: 'softdep one pre: two\n',
      builtin: 'kernel/two.ko\n',
      symbols: 'alias symbol:x one\n',
      modprobeFiles: [
        { path: '/etc/modprobe.d/20-b.conf', text: 'blacklist b' },
        { path: '/lib/modprobe.d/10-a.conf', text: 'blacklist a\n' },
        { path: '/lib/modprobe.d/20-b.conf', text: 'blacklist hidden\n' },
      ],
    });
    expect(source.release).toBe('6.12.7');
    expect(source.files.map(({ path }) => path)).toEqual(['kernel/one.ko']);
  });

  it('has no metadata where there are no such files', () => {
    put('one.ko');
    expect(openModuleDirectory(top).metadata).toEqual({});
  });

  it('finds the configuration of the kernel: in boot, two or three folders up, and in build', () => {
    const config = 'CONFIG_KALLSYMS=y\n';
    put('usr/lib/modules/6.12.7/kernel/one.ko');
    const modules = join(top, 'usr/lib/modules/6.12.7');
    expect(openModuleDirectory(modules).metadata.kernelConfig).toBeUndefined();
    put('boot/config-6.12.7', config);
    for (const place of [top, modules]) {
      const found = openModuleDirectory(place).metadata.kernelConfig!;
      expect(found.text).toBe(config);
      expect(found.name).toMatch(/boot\/config-6\.12\.7$/);
    }
    put('usr/lib/modules/6.12.7/build/.config', `${config}CONFIG_SMP=y\n`);
    expect(openModuleDirectory(modules).metadata.kernelConfig!.text).toContain('SMP');
  });

  it('takes the release from the directory’s name, else from a module', () => {
    put('6.6.1-arch1/kernel/one.ko');
    expect(openModuleDirectory(join(top, '6.6.1-arch1')).release).toBe('6.6.1-arch1');
    put('plain/one.ko');
    expect(openModuleDirectory(join(top, 'plain')).release).toBe('6.12.7-test');
    put('packed/one.ko.gz', gzipSync(MODULE));
    expect(openModuleDirectory(join(top, 'packed')).release).toBe('6.12.7-test');
    put('noise/one.ko', 'not a module');
    expect(openModuleDirectory(join(top, 'noise')).release).toBeUndefined();
  });

  it('goes into the one release of /lib/modules, and asks which when there are more', () => {
    put('6.1.0/kernel/one.ko');
    expect(paths()).toEqual(['kernel/one.ko']);
    put('6.12.0/kernel/two.ko');
    const error = refusal(() => openModuleDirectory(top));
    expect(error.expected).toContain('the modules of one kernel');
    expect(error.found).toBe('those of 2: 6.1.0, 6.12.0');
  });

  it('finds usr/lib/modules too', () => {
    put('usr/lib/modules/6.12.0/kernel/one.ko');
    expect(paths()).toEqual(['kernel/one.ko']);
  });

  it('takes a single file as a source of one', () => {
    const file = put('deep/one.ko.gz', gzipSync(MODULE));
    const source = openModuleDirectory(file);
    expect(source.files.map(({ path }) => path)).toEqual(['one.ko.gz']);
    expect(source.release).toBe('6.12.7-test');
  });
});

describe('what is not a directory of modules', () => {
  it('is refused by name: nothing there, another file, an empty directory', () => {
    const missing = refusal(() => openModuleDirectory(join(top, 'no')));
    expect(missing.message).toBe(
      `${join(top, 'no')}: expected a directory of modules, or a .ko, .ko.gz, .ko.xz or .ko.zst ` +
        'file, found nothing there',
    );
    const readme = refusal(() => openModuleDirectory(put('README.md')));
    expect(readme.found).toBe('a file called README.md');
    const under = refusal(() => openModuleDirectory(join(put('plain.ko'), 'kernel')));
    expect(under.found).toBe('a file where a directory should be');
    expect(refusal(() => openModuleDirectory('/dev/null')).found).toBe(
      'neither file nor directory',
    );
    mkdirSync(join(top, 'empty/kernel'), { recursive: true });
    expect(refusal(() => openModuleDirectory(join(top, 'empty'))).found).toBe('no modules');
  });

  it('is refused when it is a loop of links; a dead link called like a module is told', () => {
    symlinkSync('loop', join(top, 'loop'));
    expect(refusal(() => openModuleDirectory(join(top, 'loop'))).found).toBe(
      'symbolic links that lead in a circle',
    );
    put('one.ko');
    symlinkSync('/nonexistent', join(top, 'two.ko'));
    const source = openModuleDirectory(top);
    expect(source.files.map(({ path }) => path)).toEqual(['one.ko']);
    expect(source.problems).toEqual([
      `${join(top, 'two.ko')}: a link to nothing there; it is left out`,
    ]);
    rmSync(join(top, 'one.ko'));
    expect(refusal(() => openModuleDirectory(top)).found).toContain('two.ko: a link to nothing');
  });

  it('is refused when it has too many entries to be one', () => {
    for (let i = 0; i < 30; i += 1) put(`d${i}/file`, '');
    expect(refusal(() => findModuleFiles(top, 50)).found).toBe('more entries than that');
    expect(findModuleFiles(top, 60)).toEqual({ files: [], problems: [] });
  });

  it('a named pipe called like a module is passed over, not waited for', () => {
    put('one.ko');
    execFileSync('mkfifo', [join(top, 'pipe.ko')]);
    mkdirSync(join(top, 'dir.ko'));
    expect(paths()).toEqual(['one.ko']);
  });

  it('a file that changed its size since it was listed is refused when read', () => {
    put('one.ko');
    const [file] = openModuleDirectory(top).files;
    truncateSync(join(top, 'one.ko'), 100);
    const shorter = refusal(() => file!.read());
    expect(shorter.message).toBe(
      `${join(top, 'one.ko')}: expected ${MODULE.length} bytes, as when listed, found only 100`,
    );
    put('one.ko', Buffer.concat([MODULE, Buffer.from('more')]));
    expect(refusal(() => file!.read()).found).toBe('more');
    rmSync(join(top, 'one.ko'));
    expect(refusal(() => file!.read()).found).toBe('nothing there');
    symlinkSync('/dev/null', join(top, 'one.ko'));
    expect(refusal(() => file!.read()).found).toBe('not a regular file');
  });

  it('a file larger than the kernel reads is listed and refused when read', () => {
    const file = put('huge.ko', '');
    truncateSync(file, 2 ** 31);
    put('one.ko');
    const [huge] = openModuleDirectory(top).files;
    expect(huge!.size).toBe(2 ** 31);
    expect(refusal(() => huge!.read()).expected).toBe('at most 2 GiB');
  });

  it('a file or directory without read permission', () => {
    asOneWhomPermissionsBind(() => {
      const path = put('secret/one.ko');
      const [file] = openModuleDirectory(top).files;
      expect(Buffer.from(file!.read()).equals(MODULE)).toBe(true);
      const denied = (of: string) => ({ file: of, found: 'no permission to read it' });
      chmodSync(path, 0);
      expect(refusal(() => file!.read())).toMatchObject(denied(path));
      expect(refusal(() => openModuleDirectory(top)).found).toBe(
        `${path}: no permission to read it; it is left out`,
      );
      chmodSync(dirname(path), 0);
      expect(refusal(() => openModuleDirectory(top)).found).toBe(
        `${dirname(path)}: no permission to read it; its modules are left out`,
      );
      chmodSync(dirname(path), 0o700);
    });
  });
});
