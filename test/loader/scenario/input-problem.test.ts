// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstProblem } from '../../../loader/scenario/input-problem.ts';
import { nearestName } from '../../../loader/scenario/nearest-name.ts';
import { scenarioJsonSchema, scenarioSchema } from '../../../loader/scenario/schema.ts';

const GOOD = {
  version: 1,
  name: 'x',
  machine: { cpus: 4 },
  modules: { catalog: 'boot', init: { xfs: { ret: 0, keeps_vmalloc: [4096] } } },
  steps: [{ finit_module: 'a.ko', flags: 'MODULE_INIT_COMPRESSED_FILE' }, { sleep_ms: 5 }],
};

function problemOf(document: unknown) {
  const parsed = scenarioSchema.safeParse(document);
  return parsed.success ? undefined : firstProblem(parsed.error, document);
}

describe('a scenario document', () => {
  it('that is right has no problem, and its flags become a number', () => {
    expect(problemOf(GOOD)).toBeUndefined();
    expect(scenarioSchema.parse(GOOD).steps![0]).toMatchObject({ flags: 4 });
  });

  it('names the place, what was expected and what stood there', () => {
    expect(problemOf({ ...GOOD, machine: { cpus: 0 } })).toMatchObject({
      place: 'machine.cpus',
      found: '0',
    });
    expect(problemOf({ ...GOOD, steps: [{ finit_module: 7 }] })).toMatchObject({
      place: 'steps[0].finit_module',
      found: '7',
    });
    expect(problemOf({ ...GOOD, steps: [{ delete_module: 'a', flag: 1 }] })).toMatchObject({
      place: 'steps[0]',
      found: 'key flag',
    });
    expect(
      problemOf({ ...GOOD, modules: { catalog: 'boot', init: { xfs: { ret: 'no' } } } }),
    ).toMatchObject({ place: 'modules.init.xfs.ret', found: '"no"' });
    expect(problemOf({ ...GOOD, steps: undefined })?.expected).toMatch(/steps or a storm/);
  });

  it('is told what it should have been in words, not in terms of the checker', () => {
    const expected = (change: object) => problemOf({ ...GOOD, ...change })?.expected;
    expect(expected({ name: 5 })).toBe('a string');
    expect(expected({ name: '' })).toBe('at least 1 character');
    expect(expected({ machine: { cpus: 2.5 } })).toBe('a whole number');
    expect(expected({ machine: { cpus: 1e9 } })).toBe('at most 8192');
    expect(expected({ machine: { vmalloc: { mib: 0 } } })).toBe('at least 1');
    expect(expected({ kernel: { dups: 'maybe' } })).toMatch(/"off" or "v6.4" or "refcounted"/);
    expect(expected({ modules: undefined })).toBe('a string or an object');
    expect(expected({ modules: 7 })).toBe('a string or an object');
    expect(problemOf(null)?.expected).toBe('an object');
  });

  it('of any shape is refused or taken, never a crash', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        const problem = problemOf(document);
        if (problem) {
          expect(problem.place.length).toBeGreaterThan(0);
          expect(problem.found.length).toBeLessThan(200);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('with one value replaced by anything is refused or taken, never a crash', () => {
    const paths = ['version', 'name', 'kernel', 'machine', 'modules', 'steps', 'seed', 'userspace'];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        const problem = problemOf({ ...GOOD, [path]: value });
        if (problem) expect(problem.place).toMatch(new RegExp(`^(${path}|document)`));
      }),
      { numRuns: 2000 },
    );
  });

  it('has a JSON Schema that names its parts', () => {
    const schema = scenarioJsonSchema() as { properties: Record<string, unknown> };
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(['version', 'kernel', 'machine', 'modules', 'steps', 'storm']),
    );
  });
});

describe('nearestName', () => {
  it('finds a slip of the pen and nothing far away', () => {
    const names = ['v6.12', 'v6.5', 'first-boot'];
    expect(nearestName('v6.13', names)).toBe('v6.12');
    expect(nearestName('frist-boot', names)).toBe('first-boot');
    expect(nearestName('windows', names)).toBeUndefined();
  });
});
