// SPDX-License-Identifier: MIT
// Modules with static per-CPU data: as many as fill what the boot has left and chunks of the vmalloc
// space after that, in a usual window and in small ones where no chunk fits any more.

import { extractModinfo, writeModule } from '../../../loader/elf/index.ts';
import { Random } from '../../../loader/engine/index.ts';
import { READS, type Step, type Suite, scenarioOf, type VerifyCase } from '../suite.ts';

/** PCPU_MIN_UNIT_SIZE: the largest request (include/linux/percpu.h). */
const UNIT_MAX = 32_768;
const LOADS = 80;
/** Windows in MiB; null: the guest's own. */
const WINDOWS = [null, 2, 3, 4];

export const staticPercpu: Suite = {
  name: 'static-percpu',
  summary: 'modules with static per-CPU data, until their chunks find no room',
  variants: ['xz'],
  seeds: [1, 2, 3],
  async cases(modules, seed) {
    const { structModuleSize, modinfo } = extractModinfo(modules.get('crc16.ko')!)!;
    const vermagic = modinfo.find(([key]) => key === 'vermagic')![1];
    return WINDOWS.map((mib): VerifyCase => {
      const random = new Random(seed * 1000 + (mib ?? 0));
      const files = new Map(modules);
      const held: string[] = [];
      const steps: Step[] = [];
      for (let i = 0; i < LOADS; i++) {
        const name = `pcpu_${i}`;
        const sizes = { percpu: percpuSize(random), data: 1 + random.below(3 * 4096) };
        files.set(`${name}.ko`, writeModule({ name, structModuleSize, vermagic, sizes }));
        steps.push({ finit_module: `${name}.ko` });
        held.push(name);
        if (random.below(4) === 0) {
          steps.push({ delete_module: held.splice(random.below(held.length), 1)[0]! });
        }
        if (i % 10 === 9) steps.push({ read: '/proc/vmallocinfo' });
      }
      for (const path of READS) steps.push({ read: path });
      for (const name of random.shuffle(held)) steps.push({ delete_module: name });
      for (const path of READS) steps.push({ read: path });
      const machine = mib === null ? {} : { vmalloc: { mib } };
      const title = `static per-CPU data, ${mib ?? 'usual'} MiB, ${seed}`;
      return { scenario: scenarioOf(title, steps, { seed, machine }), files };
    });
  },
};

/** Some that nearly fill a quarter of a unit, some small ones, now and then more than is allowed. */
function percpuSize(random: Random): number {
  const kind = random.below(10);
  if (kind < 4) return UNIT_MAX - random.below(4096);
  if (kind === 4) return UNIT_MAX + random.below(3);
  return kind < 7 ? 1024 + random.below(UNIT_MAX / 4) : 4 + random.below(1500);
}
