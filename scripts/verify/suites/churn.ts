// SPDX-License-Identifier: MIT
// Loads, repeated loads, unloads and wrong calls over real modules, in random order.

import { Random } from '../../../loader/engine/index.ts';
import { buildModuleIndex } from '../../../loader/userspace/index.ts';
import { sourceOf } from '../module-files.ts';
import { READS, type Step, type Suite, scenarioOf } from '../suite.ts';

const STEPS = 450;
const READ_EVERY = 25;
/** Crashes by design; runs its benchmarks for minutes, of which the allocator suite has its share. */
const LEFT_OUT = /^(ms_oops|test_vmalloc)\.ko$/;
/** Files of so many bytes and more are in every draw, with all that they need. */
const LARGE_BYTES = 100_000;

export const churn: Suite = {
  name: 'churn',
  summary: 'loads, repeated loads, unloads and wrong calls over real modules in random order',
  variants: ['xz', 'gzip', 'zstd'],
  seeds: [1, 2, 3],
  async cases(modules, seed) {
    const random = new Random(seed);
    const source = sourceOf(modules, '0');
    const index = buildModuleIndex(source);
    const all = [...index.modules].filter(({ path }) => !LEFT_OUT.test(path));
    const large = all.filter(({ path }) => modules.get(path)!.length >= LARGE_BYTES);
    const pool = random.shuffle(all.filter((module) => !large.includes(module))).slice(0, 60);
    pool.push(...large);
    /** What should be loaded by now, as far as this generator knows. */
    const loaded = new Set<string>();
    const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
    const finit = (path: string, rest: object = {}): Step => ({ finit_module: path, ...rest });
    const steps: Step[] = [];

    const load = (name: string): Step => {
      loaded.add(name);
      const { path } = index.module(name)!;
      return random.below(8) === 0 ? { init_module: path } : finit(path);
    };
    const missing = (target: (typeof pool)[number]): string[] =>
      [...target.dependencies, target.name].filter((name) => !loaded.has(name));
    const loadNext = (): Step => {
      const target = pick(pool);
      return load(missing(target)[0] ?? target.name);
    };
    /** A large one after all that it needs. */
    const loadLarge = (): Step[] => missing(pick(large)).map(load);
    const wrong = (): Step => {
      const { path, name } = pick(pool);
      switch (random.below(10)) {
        case 0:
          return finit(path, { flags: pick([8, 16, -1, 0x8000_0000]) });
        case 1:
          return finit(path, { open: pick(['write', 'bad']) });
        case 2:
          return finit(`${name}.nothing`);
        case 3:
          return finit(pick(['/proc', '/dev/null', `/lib/modules`]));
        case 4:
          return { init_module: path, len: random.below(60) };
        case 5:
          return { init_module: path, fault: true };
        case 6:
          return { init_module: path, len: 100 + random.below(2000) };
        case 7:
          return { delete_module: pick(['', 'nothing', 'x'.repeat(59), 'x'.repeat(60)]) };
        case 8:
          return finit(path, { flags: 4 });
        default:
          return finit(path, {
            args: pick(['unknown=1', 'a b c', 'numbers=1 level=x', '-- rest']),
          });
      }
    };

    for (let i = 0; i < STEPS; i++) {
      if (i % READ_EVERY === READ_EVERY - 1) for (const path of READS) steps.push({ read: path });
      const kind = random.below(100);
      if (kind < 38) steps.push(loadNext());
      else if (kind < 45) steps.push(...loadLarge());
      else if (kind < 55 && loaded.size > 0)
        steps.push(finit(index.module(pick([...loaded]))!.path));
      else if (kind < 80 && loaded.size > 0) {
        const name = pick([...loaded]);
        loaded.delete(name);
        steps.push({ delete_module: name });
      } else if (kind < 85) steps.push(finit(pick(pool).path));
      else if (kind < 88) steps.push({ delete_module: pick(pool).name });
      else steps.push(wrong());
    }
    for (const path of READS) steps.push({ read: path });
    return [{ scenario: scenarioOf(`churn ${seed}`, steps, { seed }), files: modules }];
  },
};
