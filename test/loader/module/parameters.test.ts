// SPDX-License-Identifier: MIT
/** Parameters of modules: what arguments make of them and what their files in sysfs show. */
import { describe, expect, it } from 'vitest';
import type { SpecParam } from '../../../loader/elf/index.ts';
import { createGuestVolume } from '../../../loader/memfs/index.ts';
import { readNow } from '../../../loader/vfs/index.ts';
import { moduleFile, type RigRun, run } from './rig.ts';

const TYPES = ['byte', 'short', 'ushort', 'int', 'uint', 'hexint', 'long', 'ulong', 'ullong'];
TYPES.push('bool', 'invbool', 'bint', 'bool_enable_only', 'charp');
const kernel = { base: 'v6.12', exports: ['param_array_ops', 'param_ops_odd'] };
kernel.exports.push(...TYPES.map((type) => `param_ops_${type}`));

type Steps = NonNullable<Parameters<typeof run>[1]['steps']>;

function file(name: string): string {
  return `/sys/module/many/parameters/${name}`;
}

function runMany(params: readonly SpecParam[], steps: Steps, features: object = {}): RigRun {
  return run([moduleFile({ name: 'many', params })], {
    kernel: { ...kernel, ...features },
    steps,
  });
}

/** The file's text after a load with `args`. */
function shown(param: Omit<SpecParam, 'name'>, args: string): string | number | undefined {
  const params = [{ name: 'p', ...param }];
  const { kernel: sim, rets } = runMany(params, [{ finit_module: 'many.ko', args }]);
  expect([args, rets]).toEqual([args, [0]]);
  const there = sim.files.get(file('p'));
  return there && readNow(there);
}

function logOf(param: Omit<SpecParam, 'name'>, args: string, features: object = {}): string[] {
  const steps = [{ finit_module: 'many.ko', args }];
  return [...runMany([{ name: 'p', ...param }], steps, features).result.results[0]!.log];
}

describe('the file of a parameter', () => {
  it.each([
    ['byte', '254', '255'],
    ['short', '-2', '-32768'],
    ['ushort', '65534', '65535'],
    ['int', '-2', '-2147483648'],
    ['uint', '4294967294', '4294967295'],
    ['hexint', '0xfffffffe', '0x000010'],
    ['long', '-2', '-2147483648'],
    ['ulong', '4294967294', '4294967295'],
    ['ullong', '18446744073709551614', '18446744073709551615'],
  ])('of type %s shows what the file holds, then what it was given', (type, before, after) => {
    expect(shown({ type, value: -2n }, '')).toBe(`${before}\n`);
    expect(shown({ type, value: -2n }, `p=${after}`)).toBe(`${after}\n`);
  });

  it('of a bool has a letter, that of a bint a number', () => {
    const texts = ['bool', 'bool_enable_only', 'invbool', 'bint'].map((type) =>
      ['', 'p=on', 'p=N'].map((args) => shown({ type, value: 0n }, args)),
    );
    expect(texts).toEqual([
      ['N\n', 'Y\n', 'N\n'],
      ['N\n', 'Y\n', 'N\n'],
      ['Y\n', 'Y\n', 'N\n'],
      ['0\n', '1\n', '0\n'],
    ]);
  });

  it('of a string shows it, or that there is none', () => {
    const texts = ['', 'p=', 'p="a b"'].map((args) => shown({ type: 'charp' }, args));
    expect(texts).toEqual(['(null)\n', '\n', 'a b\n']);
  });

  it('of an array shows all elements with commas between them', () => {
    expect(shown({ type: 'uint', array: 3, value: 0n }, 'p=7,0x10,1')).toBe('7,16,1\n');
    expect(shown({ type: 'uint', array: 2, value: 0x5_0000_0003n }, '')).toBe('3,5\n');
    expect(shown({ type: 'uint', array: 2, value: 0x5_0000_0003n }, 'p=9')).toBe('9,5\n');
  });

  it('is there when the module has its directory, and goes with it', () => {
    const params = [
      { name: 'seen', type: 'int' },
      { name: 'hidden', type: 'int', perm: 0 },
    ];
    const load = [{ finit_module: 'many.ko' }];
    const { kernel: live } = runMany(params, load);
    const fs = createGuestVolume(live);
    expect(fs.readdirSync('/sys/module/many/parameters')).toEqual(['seen']);
    const refused = [{ finit_module: 'many.ko', args: 'seen=x' }];
    for (const steps of [refused, [...load, { delete_module: 'many' }]]) {
      const { kernel: gone } = runMany(params, steps);
      expect(gone.files.get(file('seen'))).toBeUndefined();
      expect(createGuestVolume(gone).existsSync('/sys/module/many')).toBe(false);
    }
  });

  it('goes by its mode, for root too', () => {
    const steps = [
      { finit_module: 'many.ko' },
      { read: file('secret') },
      { write: file('secret'), text: '5' },
      { write: file('fixed'), text: '5' },
      { write: file('level'), text: '' },
      { write: file('level'), text: '0x20\n' },
      { write: file('level'), text: 'x' },
      { write: file('list'), text: '1,2,x' },
      { read: file('none') },
    ];
    const params = [
      { name: 'secret', type: 'int', perm: 0o200 },
      { name: 'fixed', type: 'int', perm: 0o444 },
      { name: 'level', type: 'int', perm: 0o644 },
      { name: 'list', type: 'int', perm: 0o644, array: 2 },
    ];
    const { kernel: sim, rets, result } = runMany(params, steps);
    expect(rets).toEqual([0, -13, 1, -13, 0, 5, -22, -22, -2]);
    expect(readNow(sim.files.get(file('level'))!)).toBe('32\n');
    expect(readNow(sim.files.get(file('list'))!)).toBe('1,2\n');
    expect(result.results[7]!.log).toEqual(['list: can only take 2 arguments']);
  });

  it('of a bool that may only go up refuses to go down', () => {
    const text = file('p');
    const { rets } = runMany(
      [{ name: 'p', type: 'bool_enable_only', perm: 0o644, value: 0n }],
      [
        { finit_module: 'many.ko' },
        ...['n', 'y', 'n', 'y'].map((value) => ({ write: text, text: value })),
      ],
    );
    expect(rets).toEqual([0, 1, 1, -30, 1]);
  });

  it('cannot be read when its getter is not known', () => {
    const params = [{ name: 'p', type: 'odd', perm: 0o644 }];
    const steps = [{ finit_module: 'many.ko', args: 'p=1' }, { read: file('p') }];
    expect(runMany(params, steps).rets).toEqual([0, -5]);
  });
});

describe('a value that is refused', () => {
  it('is named up to its first comma when it is that of an array', () => {
    const list = { type: 'int', array: 2 };
    expect(logOf(list, 'p=1,2,3')).toEqual([
      'p: can only take 2 arguments',
      "many: `1' invalid for parameter `p'",
    ]);
    expect(logOf(list, 'p=1,x')).toEqual(["many: `1' invalid for parameter `p'"]);
    expect(logOf(list, 'p=,1')).toEqual(["many: `' invalid for parameter `p'"]);
    expect(logOf({ type: 'int' }, 'p=1,x')).toEqual(["many: `1,x' invalid for parameter `p'"]);
    const long = `a,${'x'.repeat(1025)}`;
    expect(logOf({ type: 'charp', array: 2 }, `p=${long}`)).toEqual([
      'p: string parameter too long',
      "many: `a' too large for parameter `p'",
    ]);
  });
});

describe('dyndbg among the arguments', () => {
  const args = 'dyndbg=+p many.dyndbg other.thing async_probe';
  const unknown = (name: string): string => `many: unknown parameter '${name}' ignored`;

  it('is told to be of no use, and other names to be unknown', () => {
    expect(logOf({ type: 'int' }, args)).toEqual([
      'dyndbg param is supported only in CONFIG_DYNAMIC_DEBUG builds',
      unknown('many.dyndbg'),
      unknown('other.thing'),
    ]);
  });

  it('is taken in silence with CONFIG_DYNAMIC_DEBUG, which cuts names at a dot', () => {
    expect(logOf({ type: 'int' }, args, { dynamic_debug: true })).toEqual([unknown('other')]);
  });
});
