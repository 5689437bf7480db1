// SPDX-License-Identifier: MIT
// All kinds of steps together, in windows of any size: what one suite alone leaves in a state that
// another one never meets.

import { Random } from '../../../loader/engine/index.ts';
import { buildModuleIndex } from '../../../loader/userspace/index.ts';
import { sourceOf } from '../module-files.ts';
import { READS, type Step, type Suite, scenarioOf } from '../suite.ts';

type Call = Extract<Step, { parallel: unknown }>['parallel'][number]['step'];

const STEPS = 150;
const READ_EVERY = 30;
const WINDOWS_MIB = [undefined, 2, 5, 7, 16, 64] as const;
/** More than a modprobe and all it loads takes in the guest. */
const GAP_MS = 6000;
/** Crashes by design, runs for minutes, or is there for other suites' steps. */
const LEFT_OUT = /^(ms_(oops|areas|threads|request)|test_(vmalloc|kmod))\.ko$/;
const FILE_SYSTEMS = ['ext4', 'xfs', 'btrfs', 'vfat', 'minix', 'nfs'];
const ARGS = [
  'level=0x1f',
  'level=',
  'level=2147483648',
  'flag',
  'flag=maybe',
  'flag=y name=x',
  'name="a b" level=2',
  'numbers=1,2,3,4',
  'numbers=65536',
  'letters=abcdefg',
  'letters=abcdefgh',
  'nope=1',
  '-- level=1',
  'async_probe',
  '   level=1   flag=0  ',
];

export const mixed: Suite = {
  name: 'mixed',
  summary: 'loads, modprobe and request_module one by one and at once, in windows of any size',
  variants: ['xz', 'gzip', 'zstd'],
  seeds: [1, 2, 3],
  async cases(modules, seed) {
    const random = new Random(seed);
    const index = buildModuleIndex(sourceOf(modules, '0'));
    const pool = [...index.modules].filter(({ path }) => !LEFT_OUT.test(path));
    const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
    const loaded = new Set<string>();
    const copies: string[] = [];
    const steps: Step[] = [];

    const call = (): Call => {
      const { path, name } = pick(pool);
      const kind = random.below(100);
      if (kind < 20) return { finit_module: path };
      if (kind < 25) return { finit_module: path, flags: random.below(9) };
      if (kind < 30 && copies.length > 0) return { finit_module: pick(copies) };
      if (kind < 38) return { finit_module: 'ms_param.ko', args: pick(ARGS) };
      if (kind < 42) return { delete_module: 'ms_param' };
      if (kind < 54) {
        const known = loaded.size > 0 && random.below(5) > 0;
        const flags = pick([2048, 2048, 0, 512, 2560]);
        return { delete_module: known ? pick([...loaded]) : name, flags };
      }
      if (kind < 62) return { init_module: path, args: random.below(4) === 0 ? pick(ARGS) : '' };
      if (kind < 76) return { modprobe: name };
      if (kind < 86) {
        const asked = pick([name, name, `none${random.below(5)}`, `fs-${pick(FILE_SYSTEMS)}`]);
        return { request_module: asked, wait: random.below(5) > 0 };
      }
      return { read: `/sys/module/${name}/${pick(['refcnt', 'initstate', 'coresize', 'taint'])}` };
    };

    for (let i = 0; i < STEPS; i++) {
      if (i % READ_EVERY === READ_EVERY - 1) for (const read of READS) steps.push({ read });
      const { path, name, dependencies } = pick(pool);
      const kind = random.below(100);
      if (kind < 14) {
        for (const needed of [...dependencies, name]) {
          steps.push({ finit_module: index.module(needed)!.path });
          loaded.add(needed);
        }
      } else if (kind < 20) {
        const to = `spare${random.below(3)}/${i}.ko`;
        copies.push(to);
        steps.push(random.below(2) === 0 ? { copy: path, to } : { link: path, to });
      } else if (kind < 26) {
        const members = Array.from({ length: 2 + random.below(3) }, call);
        steps.push({ parallel: members.map((step, at) => ({ step, delay_ms: at * GAP_MS })) });
      } else if (kind < 29) {
        steps.push({ sleep_ms: random.below(9000) });
      } else if (kind < 31) {
        steps.push({ open_write: path }, { finit_module: path }, { close_write: path });
      } else {
        steps.push(call());
      }
    }
    for (const read of [...READS, '/proc/sys/kernel/tainted']) steps.push({ read });
    const mib = WINDOWS_MIB[seed % WINDOWS_MIB.length];
    const machine = mib === undefined ? {} : { vmalloc: { mib } };
    return [{ scenario: scenarioOf(`mixed ${seed}`, steps, { seed, machine }), files: modules }];
  },
};
