// SPDX-License-Identifier: MIT
// The allocator under patterns of vmalloc, vmap, ioremap and vm_map_ram with modules in between,
// under the kernel's own tests (lib/test_vmalloc.c), and under per-CPU allocations.

import { Random } from '../../../loader/engine/index.ts';
import { AREAS_FILE } from '../../../loader/kernel-tests/index.ts';
import { type Step, type Suite, scenarioOf } from '../suite.ts';

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
  summary: 'vmalloc, vmap, ioremap, vm_map_ram and per-CPU patterns, and the kernel’s own tests',
  variants: ['xz', 'gzip', 'zstd'],
  seeds: [1, 2, 3],
  async cases(modules, seed) {
    const cases = { patterns, tests, 'per-CPU': percpu };
    return Object.entries(cases).map(([name, steps]) => ({
      scenario: scenarioOf(`allocator ${name} ${seed}`, steps(new Random(seed)), { seed }),
      files: modules,
    }));
  },
};

function ask(text: string): Step {
  return { write: AREAS_FILE, text };
}

function reads(): Step[] {
  return READS.map((read) => ({ read }));
}

/** Mostly small, now and then large. */
function mostlySmall(random: Random, most: number): number {
  return 1 + random.below(1 + random.below(most));
}

function patterns(random: Random): Step[] {
  const steps: Step[] = [{ finit_module: 'ms_areas.ko' }];
  const held = new Set<number>();
  for (let i = 0; i < STEPS; i++) {
    if (i % READ_EVERY === READ_EVERY - 1) steps.push(...reads());
    const slot = random.below(SLOTS);
    const kind = random.below(100);
    if (kind < 8) {
      const name = MODULES[random.below(MODULES.length)]!;
      steps.push(random.below(2) === 0 ? { finit_module: `${name}.ko` } : { delete_module: name });
    } else if (kind < 10) steps.push(ask('0 purge'));
    else if (held.has(slot)) {
      held.delete(slot);
      steps.push(ask(`${slot} free`));
    } else {
      held.add(slot);
      const size = mostlySmall(random, 900);
      if (kind < 45) steps.push(ask(`${slot} vmalloc ${size * PAGE - random.below(PAGE)}`));
      else if (kind < 65) steps.push(ask(`${slot} vmap ${size}`));
      else if (kind < 88) {
        const bytes = mostlySmall(random, 300) * PAGE - random.below(PAGE);
        const phys = DEVICE + slot * 0x20_0000 + random.below(PAGE);
        steps.push(ask(`${slot} ioremap ${phys} ${bytes}`));
      } else steps.push(ask(`${slot} vm_map_ram ${mostlySmall(random, 64)}`));
    }
  }
  return [...steps, ...reads()];
}

/** One load of test_vmalloc.ko, which is gone again with -EAGAIN. */
function test(mask: number, args: string): Step {
  const order = 'nr_threads=1 sequential_test_order=1';
  return { finit_module: 'test_vmalloc.ko', args: `run_test_mask=${mask} ${order} ${args}` };
}

/** kvfree_rcu() lets a few pointers wait for five seconds. */
const GRACE: Step = { sleep_ms: 7_000 };

/** Each case alone, several at once, and the parameters. */
function tests(random: Random): Step[] {
  const loops = (least: number, most: number): string =>
    `test_loop_count=${least + random.below(most - least)}`;
  const pages = (most: number): string => `nr_pages=${1 + random.below(most)}`;
  return [
    test(1, `${loops(4200, 6000)} ${pages(3)}`),
    test(1, `${loops(20, 60)} nr_pages=${500 + random.below(900)} use_huge=1 test_repeat_count=2`),
    test(2, loops(50, 600)),
    { read: '/proc/vmallocinfo' },
    test(4, loops(50, 150)),
    test(8, loops(500, 2000)),
    test(16, loops(500, 2000)),
    test(32, loops(1000, 3000)),
    test(64, loops(1, 3)),
    test(256, loops(1500, 2800)),
    GRACE,
    test(512, loops(1500, 2800)),
    GRACE,
    test(768, loops(100, 900)),
    GRACE,
    { read: '/proc/vmallocinfo' },
    test(1024, `${loops(1000, 3000)} ${pages(32)}`),
    test(1024, `${loops(200, 500)} nr_pages=${33 + random.below(100)}`),
    test(8 | 16 | 32 | 64, `${loops(100, 400)} test_repeat_count=${2 + random.below(3)}`),
    test(0, loops(1, 9)),
    ...reads(),
  ];
}

/** What the first chunk has left, which is the boot's doing, is taken before anything is compared. */
const FILLERS: readonly (readonly [bytes: number, times: number])[] = [
  [4096, 6],
  [2048, 6],
  [1024, 6],
  [512, 6],
  [256, 10],
  [128, 10],
  [64, 10],
  [32, 14],
  [16, 14],
  [8, 14],
  [4, 14],
];
const UNIT_MAX = 32_768;
const PERCPU_STEPS = 220;

function percpu(random: Random): Step[] {
  const steps: Step[] = [{ finit_module: 'ms_areas.ko' }];
  let slot = 0;
  const take = (what: string): number => {
    steps.push(ask(`${slot} ${what}`));
    slot += 1;
    return slot - 1;
  };
  for (const [bytes, times] of FILLERS) {
    for (let i = 0; i < times; i++) take(`percpu ${bytes} ${bytes}`);
  }
  // From here on no page of the second chunk is empty, and four are made ready.
  take(`percpu ${UNIT_MAX} ${PAGE}`);
  const held: number[] = [];
  const drop = (): void => {
    const [gone] = held.splice(random.below(held.length), 1);
    steps.push(ask(`${gone!} free`));
  };
  for (let i = 0; i < PERCPU_STEPS; i++) {
    const kind = random.below(100);
    if (kind < 40 && held.length > 0) drop();
    else if (kind < 90) {
      const align = 2 ** random.below(13);
      held.push(take(`percpu ${mostlySmall(random, UNIT_MAX)} ${align}`));
    } else held.push(take(`vmalloc ${mostlySmall(random, 60) * PAGE}`));
  }
  steps.push(...reads(), test(128, ''), ...reads());
  // Until there is room for few chunks, then for none.
  for (const [mib, times] of [
    [8, 13],
    [1, 24],
  ] as const) {
    for (let i = 0; i < times; i++)
      held.push(take(`vmalloc ${mib * 2 ** 20 - random.below(PAGE)}`));
  }
  for (let i = 0; i < 40; i++) held.push(take(`percpu ${UNIT_MAX - random.below(9)} ${PAGE}`));
  steps.push(...reads());
  while (held.length > 0) drop();
  steps.push(...reads());
  steps.push(test(2047, `test_loop_count=${100 + random.below(300)}`), GRACE, ...reads());
  return steps;
}
