// SPDX-License-Identifier: MIT
/** Links to runs, there and back. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFragment, type Shared, writeFragment } from '../../../emulator/web/page/share.ts';

const optional = <T>(key: string, value: fc.Arbitrary<T>) =>
  fc.option(value, { nil: undefined }).map((v) => (v === undefined ? {} : { [key]: v }));

const settings = fc
  .tuple(
    optional('kernel', fc.constantFrom('v6.3', 'v6.12', 'a b&c')),
    optional('cpus', fc.integer({ min: 1, max: 8192 })),
    optional('seed', fc.integer({ min: 0, max: 4_294_967_295 })),
    optional('compression', fc.constantFrom('none', 'gzip', 'xz', 'zstd')),
    optional('vmalloc', fc.oneof(fc.integer({ min: 1, max: 1000 }), fc.constant('i386-128m'))),
    fc.boolean(),
  )
  .map(([...parts]) => ({ ...Object.assign({}, ...parts.slice(0, 5)), guest: parts[5] }));

describe('links', () => {
  it('carry every setting and the moment to the nanosecond', () => {
    fc.assert(
      fc.property(
        settings,
        fc.option(fc.constantFrom('v6.3', 'v6.5'), { nil: undefined }),
        fc.constantFrom('stage', 'module', 'cpu', 'age'),
        fc.oneof(
          fc.constantFrom('failure' as const, 'peak' as const, undefined),
          fc.integer({ min: 0, max: 10 ** 12 }),
        ),
        (given, versus, shading, moment) => {
          const shared = { scenario: 'race', settings: given, versus, shading, moment } as Shared;
          expect(readFragment(`#${writeFragment(shared)}`)).toEqual(shared);
        },
      ),
    );
  });

  it('without a run ask for nothing', () => {
    expect(readFragment('')).toBeNull();
    expect(readFragment('#stage')).toBeNull();
  });

  it.each([
    '#run=x&cpus=0',
    '#run=x&cpus=1e3',
    '#run=x&compression=rar',
    '#run=&cpus=1',
    '#run=x&mib=9999',
  ])('that make no sense are refused: %s', (fragment) => {
    expect(readFragment(fragment)).toBeUndefined();
  });
});
