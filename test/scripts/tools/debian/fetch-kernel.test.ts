// SPDX-License-Identifier: MIT
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeModule } from '../../../../loader/elf/index.ts';
import { FetchError } from '../../../../scripts/tools/debian/download-package.ts';
import {
  type FetchOptions,
  fetchKernel,
  readCached,
} from '../../../../scripts/tools/debian/fetch-kernel.ts';
import { fetchSymvers, symversPath } from '../../../../scripts/tools/debian/fetch-symvers.ts';

/**
 * apt, dpkg-deb and depmod are shell scripts here. The "archive" is a directory: its `system` and
 * `own` files list the packages that each kind of package list knows. A package holds what apt was
 * asked for; so does the Module.symvers of a headers package.
 */
const APT_CACHE = `#!/bin/sh
lists=system
for word; do case $word in Dir::State=*) lists=own;; esac; done
for word; do
  case $word in
    pkgnames) cat "$ARCHIVE/$lists"; exit 0;;
    show) printf 'Version: 1-1\\nArchitecture: i386\\nSize: 1000\\n'; exit 0;;
  esac
done
exit 1
`;
const APT_GET = `#!/bin/sh
echo "$*" >> "$ARCHIVE/log"
for last; do :; done
case " $* " in
  *" update "*) [ -e "$ARCHIVE/update-fails" ] && { echo 'E: mirror asleep' >&2; exit 100; }; exit 0;;
  *" download "*)
    [ -e "$ARCHIVE/download-fails" ] && { echo 'E: 404 Not Found' >&2; exit 100; }
    echo "$last" > "$last.deb"; exit 0;;
esac
exit 1
`;
const DPKG_DEB = `#!/bin/sh
case $1 in
  -x)
    [ -e "$ARCHIVE/unpack-fails" ] && { echo 'dpkg-deb: no space left' >&2; exit 2; }
    headers=$(sed -n 's/=.*//; /^linux-headers-/p' "$2")
    if [ "$headers" ]; then
      mkdir -p "$3/usr/src/$headers"
      [ -e "$ARCHIVE/no-symvers" ] || cp "$2" "$3/usr/src/$headers/Module.symvers"
      exit 0
    fi
    release=$(sed s/linux-image-// "$2")
    mkdir -p "$3/lib/modules/$release"
    cp -r "$ARCHIVE/tree/." "$3/lib/modules/$release";;
  -f) echo 6.1.176-1;;
esac
`;
const DEPMOD = `#!/bin/sh
touch "$2/lib/modules/$3/modules.dep"
`;

let top: string;
let cache: string;
let archive: string;
let said: string[];
let warned: string[];
const path = process.env.PATH;

beforeEach(() => {
  top = mkdtempSync(join(tmpdir(), 'modstorm-fetch-'));
  cache = join(top, 'cache');
  archive = join(top, 'archive');
  said = [];
  warned = [];
  const bin = join(top, 'bin');
  mkdirSync(bin);
  for (const [name, text] of Object.entries({
    'apt-cache': APT_CACHE,
    'apt-get': APT_GET,
    'dpkg-deb': DPKG_DEB,
    depmod: DEPMOD,
  })) {
    writeFileSync(join(bin, name), text);
    chmodSync(join(bin, name), 0o755);
  }
  put('system', 'linux-image-6.1.0-9-686\nlinux-image-6.1.0-50-686\n');
  put('own', '');
  put('tree/kernel/lib/one.ko', writeModule({ name: 'one', structModuleSize: 640 }));
  put('tree/modules.order', 'kernel/lib/one.ko\n');
  process.env.PATH = `${bin}:${path}`;
  process.env.ARCHIVE = archive;
});
afterEach(() => {
  process.env.PATH = path;
  delete process.env.ARCHIVE;
  rmSync(top, { recursive: true, force: true });
});

function put(name: string, content: string | Uint8Array): void {
  const file = join(archive, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

function options(version = '6.1'): FetchOptions {
  return {
    arch: 'i386',
    version,
    cache,
    progress: (text) => said.push(text),
    warn: (text) => warned.push(text),
  };
}

function fetch(version?: string, signal = new AbortController().signal) {
  return fetchKernel(options(version), signal);
}

describe('fetching a kernel', () => {
  it('takes the newest of the series, unpacks and indexes it, and remembers what it is', async () => {
    const kernel = await fetch();
    expect(kernel).toMatchObject({
      package: 'linux-image-6.1.0-50-686',
      version: '6.1.176-1',
      release: '6.1.0-50-686',
      modules: 1,
      depmod: true,
    });
    expect(readCached(cache, 'i386')).toEqual(kernel);
    expect(readdirSync(cache)).toEqual(['i386']);
    const release = join(cache, 'i386/lib/modules/6.1.0-50-686');
    expect(existsSync(join(release, 'kernel/lib/one.ko'))).toBe(true);
    expect(existsSync(join(release, 'modules.dep'))).toBe(true);
    expect(said.some((line) => line.startsWith('downloading linux-image-6.1.0-50-686'))).toBe(true);
  });

  it('fetches no package lists when the system’s know the kernel', async () => {
    await fetch();
    expect(readFileSync(join(archive, 'log'), 'utf8')).not.toContain('update');
  });

  it('fetches lists of its own when they do not, and asks for the architecture by option', async () => {
    put('system', 'linux-image-6.1.0-50-amd64\n');
    put('own', 'linux-image-6.1.0-50-686\n');
    put('update-fails', '');
    expect((await fetch()).package).toBe('linux-image-6.1.0-50-686');
    const log = readFileSync(join(archive, 'log'), 'utf8');
    expect(log).toMatch(/APT::Architecture=i386 .*Dir::State=.* update/);
    expect(warned).toEqual(['some package lists could not be fetched: E: mirror asleep']);
  });

  it('says what was asked for and what apt said when there is no such kernel', async () => {
    put('update-fails', '');
    await expect(fetch('5.10')).rejects.toThrow(
      "version 5.10 was found in this system's package sources; apt said: E: mirror asleep",
    );
    expect(readdirSync(cache)).toEqual([]);
  });

  it.each(['download-fails', 'unpack-fails'])(
    'leaves the old kernel as it was: %s',
    async (how) => {
      const old = await fetch('6.1.0-9');
      put(how, '');
      await expect(fetch()).rejects.toThrow(FetchError);
      expect(readCached(cache, 'i386')).toEqual(old);
      expect(existsSync(join(cache, 'i386/lib/modules/6.1.0-9-686/kernel/lib/one.ko'))).toBe(true);
      expect(readdirSync(cache)).toEqual(['i386']);
    },
  );

  it('replaces the old kernel whole', async () => {
    await fetch('6.1.0-9');
    const kernel = await fetch();
    expect(readCached(cache, 'i386')).toEqual(kernel);
    expect(readdirSync(join(cache, 'i386/lib/modules'))).toEqual(['6.1.0-50-686']);
  });

  it('stops between two steps when asked, and leaves nothing behind', async () => {
    const stop = new AbortController();
    const running = fetch('6.1', stop.signal);
    stop.abort();
    await expect(running).rejects.toThrow();
    expect(readdirSync(cache)).toEqual([]);
  });

  it('clears away what killed runs left, but not what others are at', async () => {
    mkdirSync(join(cache, '.i386.4194999'), { recursive: true });
    mkdirSync(join(cache, `.i386.${process.ppid}`));
    await fetch();
    expect(readdirSync(cache).sort()).toEqual([`.i386.${process.ppid}`, 'i386']);
  });

  it('knows nothing of a cache without its stamp, or with a broken one', () => {
    expect(readCached(cache, 'i386')).toBeUndefined();
    mkdirSync(join(cache, 'i386'), { recursive: true });
    writeFileSync(join(cache, 'i386/modstorm-cache.json'), '{"package":');
    expect(readCached(cache, 'i386')).toBeUndefined();
  });
});

describe('fetching Module.symvers', () => {
  const signal = new AbortController().signal;

  it('takes that of the very version the modules are from, and leaves the modules alone', async () => {
    const kernel = await fetch();
    put('system', 'linux-headers-6.1.0-51-686\nlinux-headers-6.1.0-50-686\n');
    await fetchSymvers(options(), kernel, signal);
    const file = symversPath(cache, 'i386');
    expect(readFileSync(file, 'utf8')).toBe('linux-headers-6.1.0-50-686=6.1.176-1\n');
    expect(readCached(cache, 'i386')).toEqual(kernel);
    expect(readdirSync(cache)).toEqual(['i386']);
  });

  it('is done again after a newer kernel took the place of the old', async () => {
    put('system', 'linux-image-6.1.0-9-686\nlinux-headers-6.1.0-9-686\n');
    await fetchSymvers(options(), await fetch(), signal);
    put('system', 'linux-image-6.1.0-50-686\nlinux-headers-6.1.0-50-686\n');
    const kernel = await fetch();
    expect(existsSync(symversPath(cache, 'i386'))).toBe(false);
    await fetchSymvers(options(), kernel, signal);
    const text = readFileSync(symversPath(cache, 'i386'), 'utf8');
    expect(text).toBe('linux-headers-6.1.0-50-686=6.1.176-1\n');
  });

  it.each([
    ['system', "no i386 package linux-headers-6.1.0-50-686 was found in this system's package"],
    ['download-fails', 'linux-headers-6.1.0-50-686=6.1.176-1 could not be downloaded; apt said'],
    ['no-symvers', 'linux-headers-6.1.0-50-686 holds no Module.symvers'],
  ])('says what was missing, and keeps the modules: %s', async (how, message) => {
    put('system', 'linux-image-6.1.0-50-686\nlinux-headers-6.1.0-50-686\n');
    const kernel = await fetch();
    put(how, '');
    await expect(fetchSymvers(options(), kernel, signal)).rejects.toThrow(message);
    expect(readCached(cache, 'i386')).toEqual(kernel);
    expect(readdirSync(cache)).toEqual(['i386']);
    expect(existsSync(symversPath(cache, 'i386'))).toBe(false);
  });
});
