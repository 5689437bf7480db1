// SPDX-License-Identifier: MIT
/** The other storms that come with modstorm. */
import { describe, expect, it } from 'vitest';
import { BUNDLED_SCENARIOS } from '../../../loader/scenario/bundled/index.ts';
import { scenarioSchema } from '../../../loader/scenario/schema.ts';
import { bundled, replay } from './replay.ts';

describe('bundled scenarios', () => {
  it('are valid documents under their own names', () => {
    for (const [name, scenario] of Object.entries(BUNDLED_SCENARIOS)) {
      expect(scenarioSchema.safeParse(scenario).success).toBe(true);
      if (name !== 'race') expect(scenario.name).toBe(name);
    }
  });

  it('box-32bit runs out of space under v6.3 and boots under v6.5', () => {
    const box = bundled('box-32bit');
    const old = replay({ ...box, kernel: 'v6.3' });
    expect(old.vmalloc.total).toBe(120 * 1024 * 1024);
    expect(old.first_failure).not.toBeNull();
    expect(old.calls.modprobe?.errors).not.toEqual({});
    const fixed = replay({ ...box, kernel: 'v6.5' });
    expect(fixed.first_failure).toBeNull();
    expect(fixed.calls.modprobe?.errors).toEqual({});
    expect(fixed.counters_true.modcount).toBe(12);
  });

  it('small-box boots with nothing wasted', () => {
    const result = replay(bundled('small-box'));
    expect(result.first_failure).toBeNull();
    expect(result.calls.request_module).toMatchObject({ total: 4, ok: 4, errors: {} });
    expect(result.counters_true).toMatchObject({ failed_becoming: 0, failed_load_modules: 0 });
  });

  it('stress-ng leaves xfs loaded or gone, and the space as it was', () => {
    const result = replay(bundled('stress-ng'));
    expect(result.calls.delete_module?.total).toBe(2000);
    expect(result.calls.finit_module?.total).toBe(2001);
    expect(result.first_failure).toBeNull();
    expect(result.vmalloc.used).toBeLessThan(4 * 1024 * 1024);
  });
});
