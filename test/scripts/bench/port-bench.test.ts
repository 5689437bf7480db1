// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { runPortBench } from '../../../scripts/bench/port-bench.ts';

describe('the measurement of the port', () => {
  // The guest halts early, and the bench throws, when a completion is missing or out of order.
  it('runs to its end with every request answered', async () => {
    const { noopPerSecond, barePerSecond, ratio } = await runPortBench({ rounds: 1 });
    expect(noopPerSecond).toBeGreaterThan(0);
    expect(barePerSecond).toBeGreaterThan(0);
    expect(ratio).toBeCloseTo(noopPerSecond / barePerSecond, 10);
  });
});
