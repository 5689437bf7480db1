// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type IndexSource,
  ModuleIndex,
  type ModuleRef,
  probeList,
} from '../../../loader/userspace/index.ts';
import { KMOD_TOOLS, RELEASE, TreeFolder, type TreeModule, treeSource } from './module-tree.ts';

function build(source: IndexSource): ModuleIndex {
  const result = ModuleIndex.build(source);
  if (!result.ok) throw new Error(result.message);
  return result.index;
}

const names = (refs: readonly ModuleRef[]): string[] => refs.map((ref) => ref.name);

const KVM: TreeModule[] = [
  {
    path: 'kernel/arch/x86/kvm/kvm-intel.ko',
    needs: ['kvm_init'],
    aliases: ['cpu:type:x86,ven*fam*mod*:feature:*0085*'],
  },
  { path: 'kernel/arch/x86/kvm/kvm.ko', exports: ['kvm_init'], needs: ['irq_bypass_register'] },
  { path: 'kernel/virt/lib/irqbypass.ko', exports: ['irq_bypass_register'] },
  {
    path: 'kernel/crypto/aesni-intel.ko',
    aliases: ['cpu:type:x86,ven*fam*mod*:feature:*0099*', 'crypto-aes'],
  },
  { path: 'kernel/crypto/aes_generic.ko', aliases: ['crypto-aes', 'aes'] },
  { path: 'kernel/fs/xfs/xfs.ko', aliases: ['fs-xfs'], softdeps: ['pre: aes'] },
];
const ORDER = `${KVM.map(({ path }) => path).join('\n')}\n`;

describe('a module index made from the modules themselves', () => {
  const index = build(treeSource(KVM, { order: ORDER, builtin: 'kernel/fs/ext4/ext4.ko\n' }));

  it('finds a module by its name with either dash', () => {
    expect(names(index.lookup('kvm-intel'))).toEqual(['kvm_intel']);
    expect(names(index.lookup('kvm_intel'))).toEqual(['kvm_intel']);
    expect(index.module('kvm_intel')).toEqual({
      name: 'kvm_intel',
      path: 'kernel/arch/x86/kvm/kvm-intel.ko',
      dependencies: ['irqbypass', 'kvm'],
    });
  });

  it('finds all modules of an alias in the order of modules.order', () => {
    expect(names(index.lookup('crypto-aes'))).toEqual(['aesni_intel', 'aes_generic']);
    const cpu = 'cpu:type:x86,ven0000fam0006mod0055:feature:,0085,0099,';
    expect(names(index.lookup(cpu))).toEqual(['kvm_intel', 'aesni_intel']);
    expect(index.lookup(cpu)[0]!.alias).toBe(cpu);
  });

  it('finds the owner of a symbol', () => {
    expect(names(index.lookup('symbol:kvm_init'))).toEqual(['kvm']);
  });

  it('knows what is built in, and finds nothing for nothing', () => {
    expect(index.lookup('ext4')).toEqual([{ name: 'ext4', alias: undefined, builtin: true }]);
    for (const name of ['', 'nope', 'a[', 'kvm.ko']) expect(index.lookup(name)).toEqual([]);
  });

  it('puts a softdep before its module, and does not insist on it', () => {
    const [xfs] = index.lookup('fs-xfs');
    expect(probeList(index, xfs!, false)).toMatchObject([
      { name: 'aes_generic', required: false, target: false },
      { name: 'xfs', required: true, target: true },
    ]);
  });
});

describe('a module index made from the files of depmod', () => {
  const files = treeSource(KVM).files;
  const metadata = {
    dep: 'kernel/virt/lib/irqbypass.ko:\nkernel/arch/x86/kvm/kvm.ko: kernel/virt/lib/irqbypass.ko\nkernel/fs/xfs/xfs.ko: kernel/gone.ko\n',
    alias: '# comment\nalias my alias kvm\nalias br[oken kvm\nalias devname:kvm kvm\n',
    softdep: 'softdep kvm post: irqbypass\n',
    symbols: 'alias symbol:foo kvm\n',
    builtin: 'kernel/lib/crc16.ko\n',
    builtinModinfo: 'crc16.license=GPL\0crc16.alias=crypto-crc16\0',
  };
  const index = build({ files, metadata });

  it('believes them, and not the modules', () => {
    expect(names([...index.modules] as never)).toEqual(['irqbypass', 'kvm', 'xfs']);
    expect(index.lookup('kvm_intel')).toEqual([]);
    expect(names(index.lookup('devname:kvm'))).toEqual(['kvm']);
    expect(names(index.lookup('my alias'))).toEqual(['kvm']);
    expect(names(index.lookup('symbol:foo'))).toEqual(['kvm']);
    expect(names(index.softdeps('kvm').post)).toEqual(['irqbypass']);
    expect(index.lookup('crypto-crc16')).toEqual([
      { name: 'crc16', alias: 'crypto_crc16', builtin: true },
    ]);
  });

  it('drops the dependencies of a module that needs a file which is not there, and says so', () => {
    expect(index.module('xfs')!.dependencies).toEqual([]);
    expect(index.problems).toEqual([
      'modules.dep: kernel/fs/xfs/xfs.ko needs kernel/gone.ko, which is not there',
      'modules.alias: unmatched bracket in br[oken',
    ]);
  });

  it('refuses a dependency cycle with the modules in it', () => {
    const dep = 'a.ko: b.ko c.ko\nb.ko: c.ko\nc.ko: b.ko\n';
    expect(ModuleIndex.build({ files, metadata: { ...metadata, dep } })).toEqual({
      ok: false,
      message: 'modules.dep: dependency cycle: b.ko -> c.ko -> b.ko',
    });
    expect(ModuleIndex.build({ files, metadata: { ...metadata, dep: 'a.ko: a.ko\n' } })).toEqual({
      ok: false,
      message: 'modules.dep: dependency cycle: a.ko -> a.ko',
    });
  });
});

describe('modprobe.d in an index', () => {
  const conf = (modprobeConf: string): IndexSource =>
    treeSource(KVM, { order: ORDER, modprobeConf });

  it('comes before all else when it names an alias, and is not followed twice', () => {
    const index = build(conf('alias kvm xfs\nalias short kvm\nalias s* aesni-intel\n'));
    expect(names(index.lookup('kvm'))).toEqual(['xfs']);
    expect(index.lookup('short')).toEqual([
      { name: 'kvm', alias: 'short', builtin: false },
      { name: 'aesni_intel', alias: 's*', builtin: false },
    ]);
  });

  it('refuses a ring of aliases that leads to no module', () => {
    expect(ModuleIndex.build(conf('alias a b\nalias b c\nalias c a\n'))).toEqual({
      ok: false,
      message: 'modprobe.d: alias loop: a -> b -> c -> a',
    });
    expect(ModuleIndex.build(conf('alias a a\n'))).toMatchObject({ ok: false });
    expect(ModuleIndex.build(conf('alias kvm kvm\nalias a kvm\nalias b gone\n')).ok).toBe(true);
  });

  it('collects options of the name and of the alias', () => {
    const index = build(
      conf('options kvm a=1\noptions my-kvm b=2\nalias my-kvm kvm\noptions kvm c=3\n'),
    );
    expect(index.options(index.lookup('my-kvm')[0]!)).toBe('a=1 b=2 c=3');
    expect(index.options(index.lookup('kvm')[0]!)).toBe('a=1 c=3');
  });

  it('makes a name that only an install command knows a module', () => {
    const index = build(conf('install virtual /bin/true\n'));
    const [ref] = index.lookup('virtual');
    expect(probeList(index, ref!, false)).toMatchObject([
      { name: 'virtual', path: undefined, install: '/bin/true' },
    ]);
    expect(probeList(index, ref!, true)).toMatchObject([{ install: undefined }]);
  });

  it('lets its softdeps go before those of the modules', () => {
    const index = build(conf('softdep xfs pre: kvm post: irqbypass\n'));
    const [xfs] = index.lookup('xfs');
    expect(probeList(index, xfs!, false).map((entry) => entry.name)).toEqual([
      'irqbypass',
      'kvm',
      'xfs',
      'irqbypass',
    ]);
  });
});

/** Random modules and directives; softdeps and aliases may go in circles. */
const machine = fc
  .record({
    drafts: fc.array(
      fc.record({
        deps: fc.array(fc.nat(), { maxLength: 3 }),
        pre: fc.array(fc.nat(), { maxLength: 2 }),
        post: fc.array(fc.nat(), { maxLength: 2 }),
        aliases: fc.array(fc.constantFrom('dev:*', 'dev:a*', 'dev:[ab]c', 'dev:ac', 'other'), {
          maxLength: 3,
        }),
      }),
      { minLength: 2, maxLength: 10 },
    ),
    conf: fc.array(
      fc.record({
        kind: fc.constantFrom('alias', 'blacklist', 'options', 'install', 'softdep'),
        a: fc.nat(),
        b: fc.nat(),
      }),
      { maxLength: 6 },
    ),
  })
  .map(({ drafts, conf }) => {
    const count = drafts.length;
    const name = (i: number): string => `mod-${i % count}`;
    const tree = drafts.map(({ deps, pre, post, aliases }, i): TreeModule => {
      const later = count - i - 1;
      const needs = later === 0 ? [] : deps.map((dep) => `sym_${i + 1 + (dep % later)}`);
      const softdep = `pre: ${pre.map(name).join(' ')} post: ${post.map(name).join(' ')}`;
      return {
        path: `kernel/mod-${i}.ko`,
        exports: [`sym_${i}`],
        needs: [...new Set(needs)],
        aliases,
        softdeps: pre.length + post.length > 0 ? [softdep] : [],
      };
    });
    const lines = conf.map(({ kind, a, b }) => {
      if (kind === 'alias') return `alias al-${a % 3} ${name(b)}`;
      if (kind === 'blacklist') return `blacklist ${name(a)}`;
      if (kind === 'options') return `options ${b % 2 === 0 ? name(a) : `al-${a % 3}`} opt${b}=1`;
      if (kind === 'install') return `install ${name(a)} /bin/true ${b}`;
      return `softdep ${name(a)} ${b % 2 === 0 ? 'pre:' : 'post:'} dev:ac ${name(b)}`;
    });
    return {
      tree,
      conf: `${lines.join('\n')}\n`,
      order: `${tree.map((m) => m.path).join('\n')}\n`,
    };
  });

/** The lines of `modprobe --show-depends`, and what `modprobe --resolve-alias` prints. */
function showDepends(index: ModuleIndex, base: string, name: string): string[] {
  const lines: string[] = [];
  for (const ref of index.lookup(name)) {
    if (ref.alias !== undefined && index.isBlacklisted(ref.name)) continue;
    for (const entry of probeList(index, ref, false)) {
      const options = entry.options === '' ? '' : `${entry.options} `;
      if (entry.install !== undefined) lines.push(`install ${entry.install} ${options}`);
      else if (entry.path === undefined)
        lines.push(...(entry.builtin ? [`builtin ${entry.name}`] : []));
      else lines.push(`insmod ${base}/lib/modules/${RELEASE}/${entry.path} ${options}`);
    }
  }
  return lines;
}

describe('the real modprobe', () => {
  it.skipIf(!KMOD_TOOLS)('resolves and orders as the index does (needs kmod)', () => {
    let shown = 0;
    fc.assert(
      fc.property(machine, ({ tree, conf, order }) => {
        const builtin = 'kernel/builtin-one.ko\n';
        const folder = new TreeFolder(tree, { conf, order, builtin });
        try {
          folder.depmod();
          const index = build(treeSource(tree, { order, builtin, modprobeConf: conf }));
          const asked = [
            'mod-0',
            'mod_1',
            'dev:ac',
            'dev:bc',
            'dev:',
            'al-0',
            'al-1',
            'other',
            'builtin-one',
            'x',
            '',
          ];
          for (const name of asked) {
            expect(names(index.lookup(name)), name).toEqual(
              folder.modprobe('-q', '-R', name).lines,
            );
            const wanted = folder.modprobe('-q', '-D', name).lines;
            expect(showDepends(index, folder.base, name), name).toEqual(wanted);
            shown += wanted.length;
          }
        } finally {
          folder.remove();
        }
      }),
      { numRuns: 15 },
    );
    expect(shown).toBeGreaterThan(150);
  });
});
