// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DepmodFile, depmod, scanModule } from '../../../loader/userspace/index.ts';
import { superFastHash } from '../../../loader/userspace/kmod-hash.ts';
import { KMOD_TOOLS, moduleBytes, TreeFolder, type TreeModule } from './module-tree.ts';

function file(path: string, exports: string[], needs: string[]): DepmodFile {
  return { path, exports, needs };
}

/** Dependencies by path, in depmod's order of modules; or the error. */
function dependencies(files: DepmodFile[], order?: string): Record<string, string[]> | string {
  const result = depmod(files, order);
  if (!result.ok) return result.message;
  return Object.fromEntries(
    result.modules.map((mod) => [mod.file.path, mod.dependencies.map((dep) => dep.file.path)]),
  );
}

/** Random modules without cycles: each needs symbols of modules that come later in the list. */
const acyclicTree = fc
  .array(
    fc.record({
      folder: fc.constantFrom('kernel/fs', 'kernel/net/core', 'kernel/a'),
      deps: fc.array(fc.nat(), { maxLength: 4 }),
      compress: fc.boolean(),
    }),
    { minLength: 1, maxLength: 14 },
  )
  .map((drafts) =>
    drafts.map(({ folder, deps }, i): TreeModule => {
      const later = drafts.length - i - 1;
      const needs = later === 0 ? [] : deps.map((dep) => `sym_${i + 1 + (dep % later)}`);
      return {
        path: `${folder}/mod-${i}.ko`,
        exports: [`sym_${i}`, `other_${i}`],
        needs: [...new Set([...needs, 'printk'])],
        aliases: [`alias-${i}-*`, 'shared[0-9]'],
        softdeps: i % 3 === 0 ? [`pre: mod-${(i + 1) % drafts.length}`] : [],
      };
    }),
  );

describe('depmod', () => {
  it('lists all that a module needs, what is loaded first last', () => {
    const files = [
      file('kernel/kvm-intel.ko', [], ['kvm_init', 'printk']),
      file('kernel/kvm.ko', ['kvm_init'], ['irq_bypass_register']),
      file('kernel/irqbypass.ko', ['irq_bypass_register'], []),
    ];
    expect(dependencies(files)).toEqual({
      'kernel/kvm-intel.ko': ['kernel/kvm.ko', 'kernel/irqbypass.ko'],
      'kernel/kvm.ko': ['kernel/irqbypass.ko'],
      'kernel/irqbypass.ko': [],
    });
  });

  it('numbers modules by modules.order, and those it does not list after them', () => {
    const files = ['c', 'a', 'x', 'b'].map((name) => file(`kernel/${name}.ko.xz`, [], []));
    const result = depmod(files, 'kernel/b.ko\nkernel/nothing.ko\nkernel/c.ko\nkernel/a.ko\n');
    expect(result.ok && result.modules.map((mod) => mod.name)).toEqual(['b', 'c', 'a', 'x']);
  });

  it('prefers a module under updates/ to one of the same name elsewhere', () => {
    const files = [file('kernel/a-b.ko', [], []), file('updates/dkms/a_b.ko', [], [])];
    expect(dependencies(files)).toEqual({ 'updates/dkms/a_b.ko': [] });
  });

  it('gives a symbol to the last module that exports it', () => {
    const order = 'u.ko\np.ko\nq.ko\n';
    const files = [file('u.ko', [], ['s']), file('p.ko', ['s'], []), file('q.ko', ['s'], [])];
    expect(dependencies(files, order)).toMatchObject({ 'u.ko': ['q.ko'] });
  });

  it('names the modules of a dependency cycle', () => {
    const files = [
      file('a.ko', ['a'], ['b']),
      file('b.ko', ['b'], ['c']),
      file('c.ko', ['c'], ['a']),
      file('d.ko', [], ['a']),
    ];
    const message = dependencies(files);
    expect(message).toMatch(/^modules in a dependency cycle: /);
    const names = (message as string).split(': ')[1]!.split(' -> ');
    expect(names[0]).toBe(names.at(-1));
    expect(names.slice(1).toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('finds a cycle exactly where there is one, and one that is there', () => {
    const graph = fc.array(fc.array(fc.nat({ max: 5 }), { maxLength: 2 }), {
      minLength: 6,
      maxLength: 6,
    });
    fc.assert(
      fc.property(graph, (edges) => {
        const files = edges.map((deps, i) =>
          file(
            `m${i}.ko`,
            [`s${i}`],
            deps.map((d) => `s${d}`),
          ),
        );
        const result = depmod(files);
        const reach = edges.map((deps) => new Set(deps));
        for (let k = 0; k < 6; k += 1) {
          for (const set of reach) if (set.has(k)) for (const d of reach[k]!) set.add(d);
        }
        expect(result.ok).toBe(!reach.some((set, i) => set.has(i)));
        if (result.ok) return;
        const names = result.message.split(': ')[1]!.split(' -> ');
        for (let i = 1; i < names.length; i += 1) {
          const from = Number(names[i - 1]!.slice(1));
          expect(edges[from]).toContain(Number(names[i]!.slice(1)));
        }
        expect(names.at(-1)).toBe(names[0]);
      }),
    );
  });

  it.skipIf(!KMOD_TOOLS)(
    'writes the same modules.dep, modules.alias and modules.softdep as the real one (needs kmod)',
    () => {
      fc.assert(
        fc.property(acyclicTree, fc.option(fc.nat()), (tree, seed) => {
          const paths = tree.map((module) => module.path);
          const order =
            seed === null
              ? undefined
              : `${[...paths.slice(seed % paths.length), ...paths.slice(0, (seed * 3) % paths.length)].join('\n')}\n`;
          const folder = new TreeFolder(tree, order === undefined ? {} : { order });
          try {
            folder.depmod();
            const scans = tree.map((module) => ({
              path: module.path,
              ...scanModule(moduleBytes(module))!,
            }));
            const result = depmod(scans, order);
            if (!result.ok) throw new Error(result.message);
            const { modules } = result;
            const text = (line: (mod: (typeof modules)[number]) => string): string =>
              modules.map(line).join('');
            expect(
              text(
                (m) => `${m.file.path}:${m.dependencies.map((d) => ` ${d.file.path}`).join('')}\n`,
              ),
            ).toBe(folder.text('modules.dep'));
            expect(
              `# Aliases extracted from modules themselves.\n${text((m) => m.file.aliases.map((a) => `alias ${a} ${m.name}\n`).join(''))}`,
            ).toBe(folder.text('modules.alias'));
            expect(
              `# Soft dependencies extracted from modules themselves.\n${text((m) => m.file.softdeps.map((s) => `softdep ${m.name} ${s}\n`).join(''))}`,
            ).toBe(folder.text('modules.softdep'));
          } finally {
            folder.remove();
          }
        }),
        { numRuns: 30 },
      );
    },
  );
});

/** By shared/hash.c of kmod 30, compiled on x86-64. */
const HASHES = [0, 291415938, 2111514329, 3866733334, 2149996685, 1849698465, 3160264424];

describe('the hash of kmod`s tables', () => {
  it('treats the last bytes as signed and mixes as Hsieh does', () => {
    expect(
      ['', 'a', 'xfs', 'ext4', 'dm_mod', 'snd_hda_intel', '\xe9\xff\x80'].map(superFastHash),
    ).toEqual(HASHES);
  });
});
