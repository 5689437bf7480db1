// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FakeKernel, MS, SECOND } from './fake-kernel.ts';
import type { TreeModule } from './module-tree.ts';

const TREE: TreeModule[] = [
  { path: 'kernel/kvm-intel.ko', needs: ['kvm_init'], aliases: ['cpu:*0085*'] },
  { path: 'kernel/kvm.ko', exports: ['kvm_init'], needs: ['bypass'] },
  { path: 'kernel/irqbypass.ko', exports: ['bypass'] },
  {
    path: 'kernel/xfs.ko',
    needs: ['crc32c'],
    aliases: ['fs-xfs'],
    softdeps: ['pre: sha post: extra'],
  },
  { path: 'kernel/libcrc32c.ko', exports: ['crc32c'] },
  { path: 'kernel/sha-ssse3.ko', aliases: ['sha'] },
  { path: 'kernel/sha-generic.ko', aliases: ['sha'] },
  { path: 'kernel/extra.ko' },
  { path: 'kernel/dummy.ko' },
];

describe('modprobe', () => {
  it('loads what a module needs first, and exits with 0', () => {
    const kernel = new FakeKernel(TREE);
    expect(kernel.run('-q', '--', 'kvm-intel')).toEqual({ code: 0, signal: 0, stderr: [] });
    expect(kernel.loaded).toEqual(['irqbypass', 'kvm', 'kvm_intel']);
    expect(kernel.calls.every((call) => call.op === 'finit' && call.flags === 0)).toBe(true);
  });

  it('makes no system call for a module that is live or built in', () => {
    const kernel = new FakeKernel(TREE, { builtin: 'kernel/ext4.ko\n' });
    kernel.run('kvm');
    const before = kernel.calls.length;
    expect(kernel.run('kvm').code).toBe(0);
    expect(kernel.run('ext4').code).toBe(0);
    expect(kernel.calls.length).toBe(before);
  });

  it('loads a dependency that is live no second time', () => {
    const kernel = new FakeKernel(TREE);
    kernel.run('irqbypass');
    kernel.run('kvm-intel');
    expect(kernel.loaded).toEqual(['irqbypass', 'kvm', 'kvm_intel']);
  });

  it('does not take a module that is still coming for loaded: both ask the kernel, both exit with 0', () => {
    const kernel = new FakeKernel(TREE);
    kernel.loads.set('dummy', { ret: 0, ns: 5 * SECOND });
    const first = kernel.start('dummy');
    let second = first;
    kernel.engine.after(SECOND, () => {
      expect(kernel.initstate('dummy')).toBe('coming');
      second = kernel.start('dummy');
    });
    kernel.engine.runUntilQuiet();
    expect(second).not.toBe(first);
    expect([first.result!.code, second.result!.code]).toEqual([0, 0]);
    expect(kernel.calls.map((call) => call.ret)).toEqual([0, -17]);
  });

  it('takes -17 from a dependency as success too', () => {
    const kernel = new FakeKernel(TREE);
    kernel.loads.set('irqbypass', { ret: 0, ns: SECOND });
    const runs = [kernel.start('kvm-intel'), kernel.start('kvm-intel')];
    kernel.engine.runUntilQuiet();
    expect(runs.map((run) => run.result!.code)).toEqual([0, 0]);
    expect(kernel.calls.filter((call) => call.ret === -17).length).toBeGreaterThanOrEqual(1);
    expect(kernel.modules.get('kvm_intel')?.state).toBe('live');
  });

  it.each([-16, -26, -12, -2])(
    'fails with %i of a dependency, and leaves the dependant alone',
    (ret) => {
      const kernel = new FakeKernel(TREE);
      kernel.loads.set('kvm', { ret, ns: MS });
      expect(kernel.run('-q', '--', 'kvm-intel').code).toBe(1);
      expect(kernel.loaded).toEqual(['irqbypass', 'kvm']);
    },
  );

  it('says why it failed, unless it is to be quiet', () => {
    const kernel = new FakeKernel(TREE);
    kernel.loads.set('dummy', { ret: -16, ns: MS });
    expect(kernel.run('dummy').stderr).toEqual([
      "modprobe: ERROR: could not insert 'dummy': Device or resource busy",
    ]);
    kernel.loads.set('dummy', { ret: -2, ns: MS });
    expect(kernel.run('dummy').stderr).toEqual([
      "modprobe: ERROR: could not insert 'dummy': Unknown symbol in module, or unknown parameter (see dmesg)",
    ]);
    expect(kernel.run('nope')).toEqual({
      code: 1,
      signal: 0,
      stderr: ['modprobe: FATAL: Module nope not found in directory /lib/modules/6.12.0-test'],
    });
    expect(kernel.run('-q', 'nope')).toEqual({ code: 1, signal: 0, stderr: [] });
    expect(kernel.run('--frobnicate', 'x').code).toBe(1);
    expect(kernel.run().stderr).toEqual(['modprobe: ERROR: missing parameters. See -h.']);
  });

  it('exits with 1 for an empty name', () => {
    expect(new FakeKernel(TREE).run('-q', '--', '').code).toBe(1);
  });

  it('goes on when a softdep fails, around the module it belongs to', () => {
    const kernel = new FakeKernel(TREE);
    kernel.loads.set('sha_ssse3', { ret: -19, ns: MS });
    kernel.loads.set('extra', { ret: -12, ns: MS });
    expect(kernel.run('fs-xfs').code).toBe(0);
    expect(kernel.loaded).toEqual(['libcrc32c', 'sha_ssse3', 'sha_generic', 'xfs', 'extra']);
  });

  it('answers with the last of several modules behind one alias', () => {
    const kernel = new FakeKernel(TREE);
    kernel.loads.set('sha_ssse3', { ret: -19, ns: MS });
    expect(kernel.run('sha').code).toBe(0);
    const other = new FakeKernel(TREE);
    other.loads.set('sha_generic', { ret: -19, ns: MS });
    expect(other.run('sha').code).toBe(1);
    expect(other.loaded).toEqual(['sha_ssse3', 'sha_generic']);
  });

  it('passes options: those of modprobe.d to each module, those of the command to the last', () => {
    const kernel = new FakeKernel(TREE, {
      modprobeConf: 'options kvm a=1 b=2\noptions kvm-intel c=3\n',
    });
    kernel.run('kvm-intel', 'nested=1', 'ept=0');
    expect(kernel.calls.map((call) => [call.name, call.args])).toEqual([
      ['irqbypass', ''],
      ['kvm', 'a=1 b=2 '],
      ['kvm_intel', 'c=3 nested=1 ept=0'],
    ]);
  });

  it('with --first-time fails for what is there already, but not for dependencies', () => {
    const kernel = new FakeKernel(TREE);
    kernel.run('irqbypass');
    expect(kernel.run('--first-time', 'kvm').code).toBe(0);
    expect(kernel.run('--first-time', 'kvm')).toMatchObject({
      code: 1,
      stderr: ["modprobe: ERROR: could not insert 'kvm': Module already in kernel"],
    });
  });

  it('reports its wait status to the kernel as a helper', () => {
    const kernel = new FakeKernel(TREE);
    const { engine, modprobe } = kernel;
    const statuses: number[] = [];
    engine.spawn({ comm: 'modprobe' }, function* () {
      statuses.push(yield* modprobe.program(['/sbin/modprobe', '-q', '--', 'nope']));
      statuses.push(yield* modprobe.program(['/sbin/modprobe', '-q', '--', 'dummy']));
    });
    engine.runUntilQuiet();
    expect(statuses).toEqual([256, 0]);
  });

  it('dies of SIGKILL between two modules', () => {
    const kernel = new FakeKernel(TREE);
    kernel.loads.set('irqbypass', { ret: 0, ns: SECOND });
    const run = kernel.start('kvm-intel');
    kernel.engine.after(SECOND / 2, () => kernel.engine.signal(run.task, 'kill'));
    kernel.engine.runUntilQuiet();
    expect(run.result).toMatchObject({ signal: 9 });
    expect(kernel.loaded).toEqual(['irqbypass']);
  });
});

describe('blacklists', () => {
  const modprobeConf = 'blacklist kvm-intel\nblacklist irqbypass\n';

  it('stop a module that was asked for by an alias, with exit code 0', () => {
    const kernel = new FakeKernel(TREE, { modprobeConf });
    expect(kernel.run('cpu:x0085x').code).toBe(0);
    expect(kernel.loaded).toEqual([]);
  });

  it('do not stop one asked for by name, nor a dependency', () => {
    const kernel = new FakeKernel(TREE, { modprobeConf });
    expect(kernel.run('kvm-intel').code).toBe(0);
    expect(kernel.loaded).toEqual(['irqbypass', 'kvm', 'kvm_intel']);
  });

  it('stop one asked for by name with -b', () => {
    const kernel = new FakeKernel(TREE, { modprobeConf });
    expect(kernel.run('-b', 'kvm-intel').code).toBe(0);
    expect(kernel.loaded).toEqual([]);
    expect(kernel.run('-b', 'kvm').code).toBe(0);
    expect(kernel.loaded).toEqual(['irqbypass', 'kvm']);
  });
});

describe('compressed files', () => {
  const gzip = ['dummy'];

  it('go to the kernel as they are when it knows the format', () => {
    const kernel = new FakeKernel(TREE, { gzip, compression: 'gzip' });
    kernel.run('dummy');
    expect(kernel.calls).toMatchObject([{ op: 'finit', name: 'dummy', flags: 4 }]);
  });

  it.each(['xz', undefined] as const)('are unpacked for a kernel that knows %s', (compression) => {
    const kernel = new FakeKernel(TREE, {
      gzip,
      ...(compression === undefined ? {} : { compression }),
    });
    kernel.run('dummy');
    expect(kernel.calls).toMatchObject([{ op: 'init', name: 'dummy', flags: 0 }]);
  });

  it('are unpacked by a libkmod before version 31', () => {
    const kernel = new FakeKernel(TREE, { gzip, compression: 'gzip', kernelDecompression: false });
    kernel.run('dummy');
    expect(kernel.calls).toMatchObject([{ op: 'init', name: 'dummy' }]);
  });
});

describe('install commands', () => {
  it('run instead of the module', () => {
    const kernel = new FakeKernel(TREE, {
      modprobeConf: 'install dummy /bin/false\ninstall extra true\n',
    });
    expect(kernel.run('dummy').code).toBe(1);
    expect(kernel.run('extra').code).toBe(0);
    expect(kernel.run('-i', 'dummy').code).toBe(0);
    expect(kernel.loaded).toEqual(['dummy']);
  });

  it('may load the module themselves, with the options of the command line', () => {
    const kernel = new FakeKernel(TREE, {
      modprobeConf:
        'install dummy /sbin/modprobe extra && /sbin/modprobe --ignore-install dummy $CMDLINE_OPTS || /bin/false\n',
    });
    expect(kernel.run('dummy', 'n=3').code).toBe(0);
    expect(kernel.calls.map((call) => [call.name, call.args])).toEqual([
      ['extra', ''],
      ['dummy', 'n=3'],
    ]);
  });

  it('that call each other end in failure instead of never', () => {
    const kernel = new FakeKernel(TREE, {
      modprobeConf: 'install dummy modprobe extra\ninstall extra modprobe dummy\n',
    });
    expect(kernel.run('dummy').code).toBe(1);
    expect(kernel.loaded).toEqual([]);
  });
});

describe('modprobe -r', () => {
  it('removes a module and what it alone needed, as far as the order of loading lets it', () => {
    const kernel = new FakeKernel(TREE);
    kernel.run('kvm-intel');
    expect(kernel.run('-r', 'kvm-intel').code).toBe(0);
    // irqbypass is looked at while kvm still uses it.
    expect([...kernel.modules.keys()]).toEqual(['irqbypass']);
  });

  it('refuses a module in use and is content with one that is not there', () => {
    const kernel = new FakeKernel(TREE);
    kernel.run('kvm-intel');
    expect(kernel.run('-r', 'kvm')).toMatchObject({
      code: 1,
      stderr: ['modprobe: FATAL: Module kvm is in use.'],
    });
    expect(kernel.run('-r', 'dummy').code).toBe(0);
    expect(kernel.run('-r', '--first-time', 'dummy').code).toBe(1);
    expect(kernel.run('-r', 'nope').code).toBe(1);
  });

  it('removes softdeps around the module in reverse', () => {
    const kernel = new FakeKernel(TREE);
    kernel.run('xfs');
    const before = kernel.calls.length;
    expect(kernel.run('-r', 'xfs').code).toBe(0);
    expect(kernel.calls.slice(before).map((call) => call.name)).toEqual([
      'extra',
      'xfs',
      'libcrc32c',
      'sha_generic',
      'sha_ssse3',
    ]);
  });
});
