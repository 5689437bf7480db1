// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { COST_RANGES } from '../../loader/presets/index.ts';
import { BUNDLED_SCENARIOS } from '../../loader/scenario/index.ts';
import { between, drawn } from '../../scripts/cli/published-draws.ts';
import { spreadOf } from '../../scripts/cli/spread.ts';

describe('draws of constants', () => {
  it('are the scenario itself for draw 0', () => {
    const scenario = BUNDLED_SCENARIOS['published-448']!;
    expect(drawn(scenario, 0)).toBe(scenario);
  });

  it('stay within the range of the machine`s kind, and the same draw gives the same', () => {
    for (const [name, kind] of [
      ['published-448', 'bare'],
      ['published-255', 'guest'],
    ] as const) {
      for (let draw = 1; draw <= 200; draw += 1) {
        const costs = drawn(BUNDLED_SCENARIOS[name]!, draw).machine!.costs!;
        expect(drawn(BUNDLED_SCENARIOS[name]!, draw).machine!.costs).toEqual(costs);
        for (const [constant, ranges] of Object.entries(COST_RANGES)) {
          const [low, high] = ranges[kind];
          const value = costs[constant]!;
          expect(value).toBeGreaterThanOrEqual(low * 0.999999);
          expect(value).toBeLessThanOrEqual(high * 1.000001);
        }
      }
    }
  });

  it('reach both bounds, and lie at the value in the middle', () => {
    expect(between([10, 1000], 100, 0)).toBeCloseTo(10);
    expect(between([10, 1000], 100, 0.5)).toBe(100);
    expect(between([10, 1000], 100, 1)).toBeCloseTo(1000);
    expect(between([0, 0.2], 0, 1)).toBeCloseTo(0.2);
  });

  it('keep what a scenario says itself', () => {
    const scenario = BUNDLED_SCENARIOS['published-448']!;
    const machine = { ...scenario.machine, costs: { module_wake_ns: 12_345 } };
    expect(drawn({ ...scenario, machine }, 7).machine!.costs!.module_wake_ns).toBe(12_345);
  });
});

describe('the spread of samples', () => {
  it('is the median and the points that leave a twentieth on either side', () => {
    const samples = Array.from({ length: 101 }, (_, i) => 100 - i);
    expect(spreadOf(samples)).toEqual({ median: 50, low: 5, high: 95 });
    expect(spreadOf([3])).toEqual({ median: 3, low: 3, high: 3 });
  });
});
