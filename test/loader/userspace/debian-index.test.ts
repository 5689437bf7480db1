// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fnmatch, ModuleIndex, probeList } from '../../../loader/userspace/index.ts';
import { hasModuleExtension, normalizeAlias } from '../../../loader/userspace/normalize.ts';
import { KMOD_TOOLS, RELEASE } from './module-tree.ts';

/** The folder that holds `kernel/` and modules.order, somewhere below the one given. */
function modulesFolder(root: string | undefined): string | undefined {
  if (root === undefined || !existsSync(root)) return undefined;
  const order = readdirSync(root, { recursive: true, encoding: 'utf8' }).find((path) =>
    /(^|\/)modules\.order$/.test(path),
  );
  return order === undefined ? undefined : dirname(join(root, order));
}

const FOLDER = modulesFolder(process.env.MODSTORM_DEBIAN_MODULES);
const SKIP = !FOLDER || !KMOD_TOOLS;

/** A tree of links in which depmod may write. */
function linkedTree(folder: string): { base: string; modules: string } {
  const base = mkdtempSync(join(tmpdir(), 'modstorm-debian-'));
  const modules = join(base, 'lib/modules', RELEASE);
  mkdirSync(modules, { recursive: true });
  symlinkSync(join(folder, 'kernel'), join(modules, 'kernel'));
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
    const text = existsSync(join(folder, name)) ? readFileSync(join(folder, name)) : '';
    writeFileSync(join(modules, name), text);
  }
  writeFileSync(join(base, 'empty.conf'), '');
  return { base, modules };
}

describe.skipIf(SKIP)('Debian`s modules (needs MODSTORM_DEBIAN_MODULES and kmod)', () => {
  const tree = SKIP ? { base: '', modules: '' } : linkedTree(FOLDER!);
  afterAll(() => {
    if (tree.base !== '') rmSync(tree.base, { recursive: true, force: true });
  });
  const text = (name: string): string => readFileSync(join(tree.modules, name), 'latin1');
  const run = (tool: string, args: string[]): string =>
    spawnSync(join(KMOD_TOOLS!, tool), args, { encoding: 'utf8', maxBuffer: 1 << 26 }).stdout;

  it('give the index that depmod and modprobe give', () => {
    run('depmod', ['-b', tree.base, RELEASE]);
    const files = readdirSync(FOLDER!, { recursive: true, encoding: 'utf8' })
      .filter(hasModuleExtension)
      .sort()
      .map((path) => ({
        path,
        size: 0,
        read: () => new Uint8Array(readFileSync(join(FOLDER!, path))),
      }));
    const built = ModuleIndex.build({
      files,
      metadata: {
        order: text('modules.order'),
        builtin: text('modules.builtin'),
        builtinModinfo: text('modules.builtin.modinfo'),
      },
    });
    if (!built.ok) throw new Error(built.message);
    const { index } = built;

    const dep = text('modules.dep')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/:? /).map((path) => path.replace(/:$/, '')));
    const byName = new Map([...index.modules].map((mod) => [mod.name, mod]));
    const byPath = new Map([...index.modules].map((mod) => [mod.path, mod]));
    expect([...byPath.keys()]).toEqual(dep.map(([path]) => path));
    for (const [path, ...needs] of dep) {
      const mine = byPath.get(path!)!.dependencies.map((name) => byName.get(name)!.path);
      expect(mine.toReversed()).toEqual(needs);
    }

    const aliases = text('modules.alias')
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(' '));
    expect(index.aliasCount).toBe(aliases.length);
    const conf = ['-q', '-C', join(tree.base, 'empty.conf'), '-d', tree.base, '-S', RELEASE];
    const step = Math.ceil(aliases.length / 60);
    const asked = aliases
      .filter((_, i) => i % step === 0)
      .map(([, pattern]) =>
        pattern!
          .replaceAll('*', 'x1')
          .replaceAll('?', 'q')
          .replace(/\[(.).*?\]/g, '$1'),
      );
    for (const name of [
      ...asked,
      'xfs',
      'btrfs',
      'fs-ext4',
      'crypto-crc32c',
      'cpu:type:x86,ven0000fam0006mod0055:feature:,0000,0081,0099,009A',
    ]) {
      const refs = index.lookup(name);
      const resolved = run('modprobe', [...conf, '-R', name])
        .split('\n')
        .slice(0, -1);
      expect(
        refs.map((ref) => ref.name),
        name,
      ).toEqual(resolved);
      const normalized = normalizeAlias(name)!;
      const naive = aliases.filter(([, pattern]) => fnmatch(normalizeAlias(pattern!)!, normalized));
      if (refs[0]?.alias !== undefined && !refs[0].builtin) expect(refs.length).toBe(naive.length);
      const shown = run('modprobe', [...conf, '-D', name])
        .split('\n')
        .slice(0, -1);
      const mine = refs.flatMap((ref) =>
        probeList(index, ref, false).map((entry) =>
          entry.path === undefined
            ? `builtin ${entry.name}`
            : `insmod ${join(tree.modules, entry.path)} `,
        ),
      );
      expect(mine, name).toEqual(shown);
    }
  });
});
