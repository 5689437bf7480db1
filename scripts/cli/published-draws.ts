// SPDX-License-Identifier: MIT
/** Draws of seeds and of time constants, for the spread of what the model says. */
import { Random } from '../../loader/engine/index.ts';
import {
  COST_RANGES,
  type CostRange,
  DEFAULT_COSTS,
  DEFAULT_USERSPACE_COSTS,
  MACHINE_KINDS,
  USERSPACE_COST_RANGES,
} from '../../loader/presets/index.ts';
import type { ScenarioInput } from '../../loader/scenario/index.ts';

type Constants = Readonly<Record<string, number>>;

/**
 * A scenario with another seed and other constants: each is drawn between the bounds of its range,
 * near its value more often than far from it. Draw 0 is the scenario as it is.
 */
export function drawn(scenario: ScenarioInput, draw: number): ScenarioInput {
  if (draw === 0) return scenario;
  const random = new Random(draw);
  const { machine = {}, userspace = {} } = scenario;
  const kind = machine.kind ?? 'bare-metal';
  const { costs, userspace: above } = MACHINE_KINDS[kind];
  const values = (ranges: Readonly<Record<string, CostRange>>, present: Constants): Constants =>
    Object.fromEntries(
      Object.entries(ranges).map(([name, range]) => {
        const bounds = kind === 'kvm-guest' ? range.guest : range.bare;
        return [name, between(bounds, present[name]!, random.float())];
      }),
    );
  return {
    ...scenario,
    seed: draw,
    machine: {
      ...machine,
      costs: {
        ...values(COST_RANGES, { ...DEFAULT_COSTS, ...costs }),
        ...machine.costs,
      },
    },
    userspace: {
      ...userspace,
      costs: {
        ...values(USERSPACE_COST_RANGES, { ...DEFAULT_USERSPACE_COSTS, ...above }),
        ...userspace.costs,
      },
    },
  };
}

/** `at` from 0 to 1; a half gives the value itself, and the ends give the bounds. */
export function between([low, high]: CostRange['bare'], value: number, at: number): number {
  const signed = 2 * at - 1;
  const share = signed ** 2;
  const bound = signed < 0 ? low : high;
  if (value <= 0 || bound <= 0) return value + share * (bound - value);
  return value * (bound / value) ** share;
}
