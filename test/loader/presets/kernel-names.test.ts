// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { KERNEL_PRESETS, resolveKernel } from '../../../loader/presets/index.ts';

describe('a kernel by its name', () => {
  it.each(Object.keys(KERNEL_PRESETS))('is a preset, without a note: %s', (name) => {
    expect(resolveKernel(name)).toEqual({
      preset: KERNEL_PRESETS[name as keyof typeof KERNEL_PRESETS],
    });
  });

  it.each([
    ['v6.2', 'v6.3'],
    ['6.1.50', 'v6.1-stable'],
    ['v6.6', 'v6.5'],
    ['v6.8', 'v6.5'],
    ['v6.12.1', 'v6.12'],
    ['v6.14', 'v6.12'],
    ['v6.18', 'v6.19'],
  ])('between presets takes the rules that hold and says so: %s', (name, preset) => {
    const resolved = resolveKernel(name);
    expect(resolved?.preset.name).toBe(preset);
    expect(resolved?.note).toContain(preset);
  });

  it('has the rules that came by then', () => {
    expect(resolveKernel('v6.6')?.preset.features).toMatchObject({
      workspace: 'vmalloc',
      lazy_areas: 'merged',
    });
    expect(resolveKernel('v6.11')?.preset.features).toMatchObject({
      workspace: 'kvmalloc',
      lazy_areas: 'per_node',
      idempotent: 'interruptible',
      va_failure_message: 'range',
    });
  });

  it.each(['v5.15', 'v7.0', '6.20', 'six', ''])(
    'is refused when nothing is known of it: %s',
    (name) => {
      expect(resolveKernel(name)).toBeUndefined();
    },
  );
});
