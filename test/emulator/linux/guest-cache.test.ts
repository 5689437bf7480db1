// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLinuxGuest, guestCacheOf } from '../../../emulator/linux/guest-cache.ts';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'modstorm-cache-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const index = {
  version: 1,
  release: '6.12.1',
  kernels: { xz: 'k/xz' },
  init: 'k/init',
  bios: 'k/bios',
  modules: 'k/modules',
  testModules: 'k/test',
};
const write = (text: string): void => writeFileSync(join(cache, 'current.json'), text);

describe('findLinuxGuest', () => {
  it('says how to build a guest where there is none', () => {
    expect(findLinuxGuest(cache, 'xz')).toBe(
      `no Linux guest in ${cache}; run: npm run guest:linux`,
    );
    expect(guestCacheOf('/x')).toBe('/x/.cache/guest-linux');
  });

  it('says so when the index is damaged or of another version', () => {
    for (const text of ['', '{', 'null', '[]', '{"version":2}']) {
      write(text);
      expect(findLinuxGuest(cache, 'xz'), text).toMatch(/is not an index of this version/);
    }
  });

  it('names the parts of a built variant and how to get another', () => {
    write(JSON.stringify(index));
    expect(findLinuxGuest(cache, 'xz')).toMatchObject({
      release: '6.12.1',
      bzImage: join(cache, 'k/xz/bzImage'),
      systemMap: join(cache, 'k/xz/System.map'),
      init: join(cache, 'k/init'),
    });
    expect(findLinuxGuest(cache, 'gzip')).toMatch(/npm run guest:linux -- --variant gzip$/);
  });

  it('has an index for each series of kernels', () => {
    expect(findLinuxGuest(cache, 'xz', '6.1')).toBe(
      `no Linux guest in ${cache}; run: npm run guest:linux -- --kernel 6.1`,
    );
    write(JSON.stringify(index));
    writeFileSync(join(cache, 'current-6.1.json'), JSON.stringify({ ...index, release: '6.1.9' }));
    expect(findLinuxGuest(cache, 'xz')).toMatchObject({ release: '6.12.1' });
    expect(findLinuxGuest(cache, 'xz', '6.1')).toMatchObject({ release: '6.1.9' });
    expect(findLinuxGuest(cache, 'gzip', '6.1')).toMatch(/-- --kernel 6\.1 --variant gzip$/);
  });
});
