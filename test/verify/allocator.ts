// SPDX-License-Identifier: MIT
// The allocator under patterns of vmalloc, vmap, ioremap and vm_map_ram, with modules in between.

import { Random } from '../../loader/engine/index.ts';
import type { ScenarioInput } from '../../loader/scenario/schema.ts';
import { AREAS_FILE } from '../../scripts/verify/areas-module.ts';
import { type Suite, scenarioOf } from '../../scripts/verify/suite.ts';

type Step = NonNullable<ScenarioInput['steps']>[number];

const PAGE = 4096;
const STEPS = 420;
const READ_EVERY = 60;
const SLOTS = 48;
const MODULES = ['crc4', 'crc7', 'crc8', 'dummy', 'nls_cp936', 'fuse'];
const READS = ['/proc/vmallocinfo', '/sys/kernel/debug/modules/stats', '/proc/modules'];
/** Device memory nobody has. */
const DEVICE = 0x6000_0000;

export const allocator: Suite = {
  name: 'allocator',
  summary: 'patterns of vmalloc, vmap, ioremap and vm_map_ram with modules in between',
  variants: ['xz', 'gzip', 'zstd'],
  seeds: [1, 2, 3],
  async cases(modules, seed) {
    const random = new Random(seed);
    const steps: Step[] = [{ finit_module: 'ms_areas.ko' }];
    const held = new Set<number>();
    const ask = (text: string): void => {
      steps.push({ write: AREAS_FILE, text });
    };
    /** Mostly small, now and then large. */
    const pages = (most: number): number => 1 + random.below(1 + random.below(most));
    for (let i = 0; i < STEPS; i++) {
      if (i % READ_EVERY === READ_EVERY - 1) for (const read of READS) steps.push({ read });
      const slot = random.below(SLOTS);
      const kind = random.below(100);
      if (kind < 8) {
        const name = MODULES[random.below(MODULES.length)]!;
        steps.push(
          random.below(2) === 0 ? { finit_module: `${name}.ko` } : { delete_module: name },
        );
      } else if (kind < 10) ask('0 purge');
      else if (held.has(slot)) {
        held.delete(slot);
        ask(`${slot} free`);
      } else {
        held.add(slot);
        const size = pages(900);
        if (kind < 45) ask(`${slot} vmalloc ${size * PAGE - random.below(PAGE)}`);
        else if (kind < 65) ask(`${slot} vmap ${size}`);
        else if (kind < 88) {
          const bytes = pages(300) * PAGE - random.below(PAGE);
          ask(`${slot} ioremap ${DEVICE + slot * 0x20_0000 + random.below(PAGE)} ${bytes}`);
        } else ask(`${slot} vm_map_ram ${pages(64)}`);
      }
    }
    for (const read of READS) steps.push({ read });
    return [{ scenario: scenarioOf(`allocator ${seed}`, steps, { seed }), files: modules }];
  },
};
