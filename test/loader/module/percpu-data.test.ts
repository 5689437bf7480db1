// SPDX-License-Identifier: MIT
/** Static per-CPU data of modules: what a live kernel was seen to do, and what follows from it. */
import { describe, expect, it } from 'vitest';
import { moduleFile, type RigScenario, run } from './rig.ts';

const KIB = Array.from({ length: 40 }, (_, i) =>
  moduleFile({ name: `kib_${i}`, sizes: { percpu: 1024 } }),
);
const load = KIB.map(({ path }) => ({ finit_module: path }));
const CHUNK = /^(0x\w+-0x\w+) +(\d+) pcpu_get_vm_areas/;

function chunks(vmallocinfo: string): string[] {
  return vmallocinfo.split('\n').flatMap((line) => {
    const found = CHUNK.exec(line);
    return found === null ? [] : [`${found[1]} ${found[2]}`];
  });
}

function i386(rest: RigScenario = {}) {
  return run(KIB, { machine: { cpus: 1, ...rest.machine }, ...rest });
}

describe('static per-CPU data on i386', () => {
  it('lies in what the boot has left for 25 KiB, and in a chunk of the vmalloc space after', () => {
    // Linux 6.12.117 in v86: objects 1 to 25 at offsets 6,912 to 31,488 of the first chunk, object
    // 26 at the begin of 0xfefdf000-0xfeffe000. The chunk is there before it is needed: the balance
    // work makes it when fewer than two empty pages are left, with object 18 (seen there, too).
    const read = { read: '/proc/vmallocinfo' };
    const { result, rets } = i386({
      steps: [...load.slice(0, 17), read, load[17]!, read, ...load.slice(18), read],
    });
    expect(rets.filter((ret) => ret < 0)).toEqual([]);
    const texts = result.results.flatMap(({ text }) => (text === undefined ? [] : [chunks(text)]));
    const chunk = ['0xfefdf000-0xfeffe000 126976'];
    expect(texts).toEqual([[], chunk, chunk]);
  });

  it('is given back with the module', () => {
    const again = Array.from({ length: 40 }, () => [load[0]!, { delete_module: 'kib_0' }]);
    const { result, rets } = i386({ steps: [...again.flat(), { read: '/proc/vmallocinfo' }] });
    expect(rets.filter((ret) => ret < 0)).toEqual([]);
    expect(chunks(result.results.at(-1)!.text!)).toEqual([]);
  });

  it('is given back by a load that fails after it has been had', () => {
    const bad = moduleFile({ name: 'bad', sizes: { percpu: 1024 }, undefinedSymbols: ['nowhere'] });
    const { result, rets } = run([bad], {
      kernel: { base: 'v6.12', exports: [] },
      machine: { cpus: 1 },
      steps: [
        ...Array.from({ length: 40 }, () => ({ finit_module: 'bad.ko' })),
        { read: '/proc/vmallocinfo' },
      ],
    });
    expect(new Set(rets.slice(0, 40))).toEqual(new Set([-2]));
    expect(chunks(result.results.at(-1)!.text!)).toEqual([]);
  });

  it('gets -ENOMEM with the kernel’s lines where no chunk fits', () => {
    const { result, rets } = run(KIB, {
      machine: { cpus: 64, vmalloc: { mib: 4 } },
      steps: load.slice(0, 26),
    });
    expect(rets).toEqual([...Array.from({ length: 25 }, () => 0), -12]);
    expect(result.results.at(-1)!.log).toEqual([
      'percpu: allocation failed, size=1024 align=64 atomic=0, failed to allocate new chunk',
      'kib_25: Could not allocate 1024 bytes percpu data',
    ]);
    expect(result.counters).toMatchObject({ failed_load_modules: 1 });
  });

  it('has as much room as the machine says', () => {
    const { result, rets } = i386({
      machine: { cpus: 1, percpu: { reserved: 2048 } },
      steps: load.slice(0, 3),
    });
    expect(rets).toEqual([0, 0, -12]);
    expect(result.results.at(-1)!.log[0]).toContain('alloc from reserved chunk failed');
    const none = i386({
      machine: { cpus: 1, percpu: { free: 0 } },
      steps: [load[0]!, { read: '/proc/vmallocinfo' }],
    });
    expect(chunks(none.result.results.at(-1)!.text!)).toHaveLength(1);
  });
});

describe('static per-CPU data on x86-64', () => {
  const file = (i: number) =>
    moduleFile({
      name: `kib_${i}`,
      arch: 'x86_64',
      structModuleSize: 1280,
      sizes: { percpu: 1024 },
    });
  const files = Array.from({ length: 12 }, (_, i) => file(i));

  it('fills the 8 KiB reserved for modules, and finds no other room', () => {
    const { result, rets } = run(files, {
      kernel: { base: 'v6.12', struct_module_size: 1280 },
      machine: { cpus: 2, vmalloc: 'x86-64' },
      steps: [
        ...files.slice(0, 9).map(({ path }) => ({ finit_module: path })),
        { delete_module: 'kib_5' },
        { finit_module: 'kib_9.ko' },
        { delete_module: 'kib_1' },
        { finit_module: 'kib_10.ko' },
        { finit_module: 'kib_11.ko' },
      ],
    });
    // As Debian's 6.12.117 does in QEMU: room in the second page is not seen until there is some in
    // the first, since the kernel counts the end of a freed run from its page.
    expect(rets).toEqual([...Array.from({ length: 8 }, () => 0), -12, 0, -12, 0, 0, 0]);
    expect(result.results[8]!.log).toEqual([
      'percpu: allocation failed, size=1024 align=64 atomic=0, alloc from reserved chunk failed',
      'kib_8: Could not allocate 1024 bytes percpu data',
    ]);
  });

  it('makes no chunk of the vmalloc space for it, as the boot leaves pages for all', () => {
    // As Debian's 6.1 and 6.12 do in QEMU while 214 and more modules come and go.
    const { result, rets } = run(files, {
      kernel: { base: 'v6.12', struct_module_size: 1280 },
      machine: { cpus: 1, vmalloc: 'x86-64' },
      steps: [{ finit_module: files[0]!.path }, { read: '/proc/vmallocinfo' }],
    });
    expect(rets[0]).toBe(0);
    expect(chunks(result.results.at(-1)!.text!)).toEqual([]);
  });
});
