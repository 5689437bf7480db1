// SPDX-License-Identifier: MIT
/** The examples of the library, each run as a reader would run it (needs npm run build). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const names = readdirSync(EXAMPLES).filter((name) => name.endsWith('.mjs'));

/** A line that each must print, figures aside. */
const SAYS: Readonly<Record<string, RegExp>> = {
  'address-space.mjs': /^\d+ bytes freed, but parked until a purge\n0 bytes parked/m,
  'decompress.mjs': /^ok true, 100000 bytes in 25 pages\n[\s\S]*status -5, errno 22/m,
  'events.mjs': /alloc_vmap_area: va_start: \d+ size=\d+[\s\S]*\n\d+ lines$/m,
  'guest-files.mjs': /^ext4 \d+ 0 - Live 0xf[0-9a-f]{7}$/m,
  'guest.mjs': /^the guest ended: done; \d+ requests\nmodules loaded: 71$/m,
  'kernels.mjs': /^v6\.3 .*load [1-9]\d*\n[\s\S]*^v6\.5 +becoming 0, load 0$/m,
  'module-layout.mjs': /^TEXT +\d+\n[\s\S]*^INIT_RODATA +\d+$/m,
  'own-modules.mjs': /^alpha: 0\nbeta: 0\nbeta \d+ 0 - Live/m,
  'perfetto.mjs': /: [1-9]\d+ events$/m,
  'storm.mjs': /^modules loaded: 71\nbytes wasted: +[1-9]\d+$/m,
};

describe('an example', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'modstorm-examples-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is there ten times', () => {
    expect(names).toEqual(Object.keys(SAYS).sort());
  });

  it.each(names)('%s runs, and has at most 60 lines', (name) => {
    const file = join(EXAMPLES, name);
    expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThanOrEqual(61);
    const run = spawnSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(SAYS[name]!);
  });
});
