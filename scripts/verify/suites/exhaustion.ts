// SPDX-License-Identifier: MIT
// Small windows filled with real modules until nothing fits any more, and what is possible then.

import { spawnSync } from 'node:child_process';
import { Random } from '../../../loader/engine/index.ts';
import { buildModuleIndex } from '../../../loader/userspace/index.ts';
import { sourceOf } from '../module-files.ts';
import { READS, type Step, type Suite, scenarioOf, type VerifyCase } from '../suite.ts';

const WINDOWS_MIB = [2, 3, 4, 8, 24, 120];
const MIB = 1 << 20;
const COMPRESSED = 4;
/** Longest wait of the kernel's limit on its warnings (mm/vmalloc.c, mm/page_alloc.c). */
const WARNINGS_AGAIN_MS = 11_000;
/** This project's own come where they are wanted; the other runs its benchmarks for minutes. */
const LEFT_OUT = /^(ms_\w+|test_vmalloc)\.ko$/;
/** Files of so many bytes and more are in every window, with all that they need. */
const LARGE_BYTES = 100_000;
const TOOLS = { xz: ['xz', '--check=crc32'], gzip: ['gzip', '-n'], zstd: ['zstd', '-q'] } as const;
const SUFFIX = { xz: 'xz', gzip: 'gz', zstd: 'zst' } as const;

export const exhaustion: Suite = {
  name: 'exhaustion',
  summary: 'windows of 2 to 120 MiB filled until reads, dictionaries, maps and modules fail',
  variants: ['xz', 'gzip', 'zstd'],
  seeds: [1, 2],
  async cases(modules, seed, variant) {
    const files = new Map(modules);
    const [tool, ...args] = TOOLS[variant];
    const squeeze = (name: string, dictionary = ''): string => {
      const path = `${name}${dictionary}.ko.${SUFFIX[variant]}`;
      if (files.has(path)) return path;
      const extra = variant === 'xz' && dictionary !== '' ? [`--lzma2=dict=${dictionary}`] : [];
      const { stdout, status, error } = spawnSync(tool, [...args, ...extra, '-c'], {
        input: modules.get(`${name}.ko`)!,
        maxBuffer: 1 << 28,
      });
      if (error || status !== 0) throw new Error(`the exhaustion suite needs ${tool}`);
      files.set(path, new Uint8Array(stdout));
      return path;
    };
    return WINDOWS_MIB.map((mib): VerifyCase => {
      const random = new Random(seed * 1000 + mib);
      const steps = fillWindow(mib, modules, random, squeeze);
      const machine = mib === 120 ? {} : { vmalloc: { mib } };
      return {
        scenario: scenarioOf(`window of ${mib} MiB, ${seed}`, steps, { seed, machine }),
        files,
      };
    });
  },
};

function fillWindow(
  mib: number,
  modules: ReadonlyMap<string, Uint8Array>,
  random: Random,
  squeeze: (name: string, dictionary?: string) => string,
): Step[] {
  const index = buildModuleIndex(sourceOf(modules, '0'));
  const steps: Step[] = [];
  const look = (): void => {
    for (const read of READS) steps.push({ read });
  };
  const compressed = (name: string, dictionary?: string): Step => ({
    finit_module: squeeze(name, dictionary),
    flags: COMPRESSED,
  });
  /** Every kind of request for room, once the kernel would warn again. */
  const tryLarge = (): void => {
    steps.push({ sleep_ms: WARNINGS_AGAIN_MS });
    steps.push(
      { finit_module: 'ext4.ko' },
      compressed('ext4'),
      compressed('dummy'),
      compressed('dummy', '1MiB'),
      compressed('dummy', '4MiB'),
      { init_module: 'ext4.ko' },
      { finit_module: 'zstd_compress.ko' },
      { delete_module: 'dummy' },
    );
    look();
  };
  // What is beyond the real modules is filled by one that keeps memory.
  const fillers = mib >= 8 ? mib - 5 : 0;
  if (fillers > 0) {
    const sizes: number[] = [];
    let left = fillers * MIB;
    while (left > 0 && sizes.length < 15) {
      const most = Math.max(1, Math.floor(left / (15 - sizes.length) / 4096));
      const size = sizes.length === 14 ? left : 4096 * (1 + random.below(2 * most));
      sizes.push(Math.min(left, size));
      left -= Math.min(left, size);
    }
    steps.push({ finit_module: 'ms_keep.ko', args: `sizes=${sizes.join(',')}` });
    look();
  }
  const all = [...index.modules].filter(({ path }) => !LEFT_OUT.test(path));
  const large = all.filter(({ path }) => modules.get(path)!.length >= LARGE_BYTES);
  const others = random.shuffle(all.filter((module) => !large.includes(module)));
  const pool = random
    .shuffle([...large, ...others.slice(0, mib <= 4 ? 25 : 50)])
    .flatMap(({ dependencies, name }) => [...dependencies, name])
    .filter((name, i, names) => names.indexOf(name) === i);
  tryLarge();
  for (const name of pool) {
    const { path } = index.module(name)!;
    steps.push(
      random.below(3) === 0 ? compressed(path.replace('.ko', '')) : { finit_module: path },
    );
  }
  look();
  tryLarge();
  for (const name of random.shuffle([...pool]).slice(0, 20)) steps.push({ delete_module: name });
  look();
  for (const name of pool.slice(0, 15)) steps.push({ finit_module: index.module(name)!.path });
  if (fillers > 0) steps.push({ delete_module: 'ms_keep' });
  look();
  return steps;
}
