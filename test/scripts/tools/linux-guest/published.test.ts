// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { lock, publish, unlock } from '../../../../scripts/tools/linux-guest/published.ts';

const scratch = mkdtempSync(join(tmpdir(), 'modstorm-publish-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('publish', () => {
  it('makes an entry once and leaves it alone afterwards', async () => {
    const path = join(scratch, 'deep', 'entry');
    const fill = (partial: string): void => writeFileSync(partial, 'first');
    expect(await publish(path, fill)).toBe(true);
    expect(await publish(path, () => writeFileSync(path, 'second'))).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe('first');
  });

  it('does not take what a failed attempt left for an entry', async () => {
    const path = join(scratch, 'broken');
    const failing = publish(path, (partial) => {
      mkdirSync(partial);
      writeFileSync(join(partial, 'half'), '');
      throw new Error('compiler gone');
    });
    await expect(failing).rejects.toThrow('compiler gone');
    expect(existsSync(path)).toBe(false);
    expect(await publish(path, (partial) => mkdirSync(partial))).toBe(true);
    expect(existsSync(join(path, 'half'))).toBe(false);
  });
});

describe('lock', () => {
  it('names the process that holds it, and is free again afterwards', () => {
    const path = join(scratch, 'lock');
    expect(lock(path)).toBeNull();
    expect(lock(path)).toBe(process.pid);
    unlock(path);
    expect(lock(path)).toBeNull();
    unlock(path);
  });

  it('is taken over from a process that is no more', () => {
    const path = join(scratch, 'stale');
    for (const content of ['', 'x', String(2 ** 22 + 1)]) {
      writeFileSync(path, content);
      expect(lock(path), content).toBeNull();
      unlock(path);
    }
  });
});
