// SPDX-License-Identifier: MIT
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FakeKernel } from './fake-kernel.ts';
import { KMOD_TOOLS, TreeFolder, type TreeModule } from './module-tree.ts';

/** Names that no machine has loaded: the real modprobe looks at the kernel it runs on. */
const TREE: TreeModule[] = [
  { path: 'kernel/zz-one.ko', exports: ['zz_one'] },
  { path: 'kernel/zz-two.ko', exports: ['zz_two'], needs: ['zz_one'] },
  {
    path: 'kernel/drivers/zz-three.ko',
    needs: ['zz_two', 'zz_one'],
    aliases: ['pci:v0000ZZZZd*', 'zz-many'],
    softdeps: ['pre: zz-soft post: zz-late'],
  },
  { path: 'kernel/zz-soft.ko', aliases: ['zz-many'] },
  { path: 'kernel/zz-late.ko' },
  { path: 'extra/zz_four.ko', aliases: ['zz-many', 'zz[a-c]d-?'] },
];

const CONF = {
  'b-first.conf': [
    'options zz-two a=1\tb=2',
    'install zz-late /bin/false',
    'install zz-shell echo $MODPROBE_MODULE $CMDLINE_OPTS; exit 3',
    'remove zz-soft false',
    'alias zz-confalias zz-three',
    'alias zz-confalias zz_four',
    'alias zz-dead zz-nowhere',
    'blacklist zz-four',
    'softdep zz-one post: zz-four',
  ],
  'nightly.conf': ['options zz-two c=3', 'options zz-confalias viaalias=1'],
  'z-last.conf': ['softdep zz-three pre: zz-late', 'options zz_three "q=x y"'],
  'wrong.conf': ['blah zz', 'include other', 'options', 'alias zz-[open zz-one', 'blacklist zz-e'],
  'ignored.txt': ['options zz-two no=1'],
  'odd.alias': ['alias zz-odd zz-one'],
};

const COMMANDS: readonly (readonly string[])[] = [
  ['-D', 'zz-three'],
  ['--show-depends', 'zz-three', 'p=1', 'q=two words'],
  ['-n', '-v', 'zz-two', 'x=1'],
  ['-nv', 'zz-confalias'],
  ['-nvi', 'zz-three'],
  ['-n', '--verb', 'zz-many'],
  ['-n', 'zz-many'],
  ['-nvb', 'zz-four'],
  ['-nvb', 'zz-confalias'],
  ['-nv', 'zz-odd'],
  ['-nv', 'zzbd-1'],
  ['-nv', 'zz-dead'],
  ['-nv', 'symbol:zz_two'],
  ['-nva', 'zz-one', 'zz-nope', 'zz-late', 'zz-two'],
  ['-Da', 'zz-one', 'zz-nope', 'zz-two'],
  ['-qD', 'zz-nope'],
  ['-R', 'zz-many'],
  ['--resolve-alias', 'pci:v0000ZZZZd0001'],
  ['-R', 'zz-nope'],
  ['-aR', 'zz-many', 'zz-nope', 'zz-odd'],
  ['zz-nope'],
  ['-q', 'zz-nope'],
  ['zz-late'],
  ['-v', 'zz-late', 'opt=1'],
  ['-a', 'zz-late', 'zz-nope'],
  ['zz-shell', 'one=1', "two='x y'"],
  ['-i', 'zz-shell'],
  ['-nv', '-i', 'zz-shell'],
  ['zz-dead'],
  ['-r', 'zz-one'],
  ['-r', 'zz-nope', 'zz-one'],
  ['-ra', 'zz-nope', 'zz-one'],
  ['-r', '--first-time', 'zz-one', 'zz-two'],
  ['-ra', '--first-time', 'zz-one', 'zz-two'],
  ['-rv', 'zz-soft'],
  ['-rnv', 'zz-soft', 'zz-one'],
  ['-rD', 'zz-two'],
  ['-rq', 'zz-soft'],
  ['-r', '--remove-holders', 'zz-one'],
  ['-r', '-w', '10', 'zz-one'],
  ['-w', 'ten', 'zz-one'],
  ['-w', '0x10', '-n', 'zz-one'],
  ['-w'],
  ['--wait'],
  ['--frobnicate', 'zz-one'],
  ['--s', 'zz-one'],
  ['--show-', 'zz-one'],
  ['--showc'],
  ['--rem', 'zz-one'],
  ['--remove-', '-n', 'zz-one'],
  ['--all=1', 'zz-one'],
  ['-Z', 'zz-one'],
  ['-vZ'],
  [],
  ['-n'],
  ['--', '-v'],
  ['zz-one', '-nv', 'late=1'],
  ['-nv', '--force', 'zz-one'],
  ['-D', '--first-time', 'zz-one'],
  ['-nv', '-S', 'no-such-release', 'zz-one'],
  ['-nv', '-d', '/nonexistent', 'zz-one'],
  ['-nv', '-d', '/nonexistent', '-S', 'r', 'zz-shell'],
  ['-s', 'zz-one', '-n'],
];

const names = Object.keys(CONF);
const isStderr = (line: string): boolean => /^(modprobe|libkmod|sh): /.test(line);

describe.skipIf(!KMOD_TOOLS)('modprobe beside the real one (needs kmod)', () => {
  const folder = KMOD_TOOLS ? new TreeFolder(TREE, { conf: 'options zz-two z=0\n' }) : undefined;
  const files = names.map((name) => {
    const text = `${CONF[name as keyof typeof CONF].join('\n')}\n`;
    return { path: folder?.writeConf(name, text) ?? '', text };
  });
  folder?.depmod();
  const metadata = {
    dep: folder?.text('modules.dep') ?? '',
    alias: folder?.text('modules.alias') ?? '',
    softdep: folder?.text('modules.softdep') ?? '',
    symbols: folder?.text('modules.symbols') ?? '',
    modprobeConf: '',
    // The real one reads what its own kernel was booted with.
    commandLine: existsSync('/proc/cmdline') ? readFileSync('/proc/cmdline', 'latin1') : '',
    modprobeFiles: [...files, { path: `${folder?.conf}/a.conf`, text: 'options zz-two z=0\n' }],
  };
  const ours = (...args: string[]) => {
    const kernel = new FakeKernel(TREE, { metadata, directory: folder!.directory });
    const place = ['-C', folder!.conf, '-d', folder!.base, '-S', '6.12.0-test'];
    const { code, stderr: said } = kernel.run(...place, ...args);
    // The directory's reading order is not libkmod's to decide: it sorts, so both agree.
    return {
      stdout: said.filter((line) => !isStderr(line)),
      stderr: said.filter(isStderr),
      code,
    };
  };
  /** A shell names itself and its line: not modprobe's words. Messages to syslog are not seen. */
  const seen = (lines: readonly string[]): string[] =>
    lines
      .filter((line) => !line.startsWith('sh: ') && !line.startsWith('syslog: '))
      .map((line) => line.replace(/^\/\S*\/modprobe: /, 'modprobe: '));

  it.each(COMMANDS.map((args) => [args.join(' '), args] as const))(
    'prints and exits as it: %s',
    (_, args) => {
      const real = folder!.program(...args);
      const model = ours(...args);
      expect({ ...model, stderr: seen(model.stderr) }).toEqual({
        ...real,
        stderr: seen(real.stderr),
      });
    },
  );

  it('shows the same configuration and indexes', () => {
    expect(ours('-c').stdout).toEqual(folder!.program('-c').stdout);
  });
});
