// SPDX-License-Identifier: MIT
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findLinuxGuest, guestCacheOf } from '../../../../emulator/linux/guest-cache.ts';
import { loadScenario } from '../../../../scripts/cli/scenario-loader.ts';
import { CLASSES } from '../../../../scripts/verify/compare.ts';
import { guestModules } from '../../../../scripts/verify/module-files.ts';
import { type CaseResult, runCase } from '../../../../scripts/verify/run-case.ts';
import type { VerifyCase } from '../../../../scripts/verify/suite.ts';
import { SUITES } from '../../../../scripts/verify/suites/index.ts';
import { v86Target } from '../../../../scripts/verify/target.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const found = findLinuxGuest(guestCacheOf(ROOT), 'xz');
const missing = typeof found === 'string' ? found : '';
/** A suite boots the kernel once or several times. */
const SUITE_MS = 900_000;

async function verify(cases: readonly VerifyCase[]): Promise<CaseResult[]> {
  if (typeof found === 'string') throw new Error(found);
  const results: CaseResult[] = [];
  for (const one of cases)
    results.push(await runCase(one, { target: v86Target(found), variant: 'xz' }));
  return results;
}

function expectAgreement(results: readonly CaseResult[]): void {
  for (const { name, comparison } of results) {
    const counts = (of: Record<string, number>): number[] => CLASSES.map((name) => of[name]!);
    expect(comparison.disagreements, name).toEqual([]);
    expect(counts(comparison.agree), name).toEqual(counts(comparison.total));
    expect(comparison.total['return values'], name).toBeGreaterThan(0);
  }
}

describe.skipIf(missing !== '')(`a real kernel ${missing && `(skipped: ${missing})`}`, () => {
  it.each(
    SUITES.filter(({ machines }) => machines === undefined).map(
      (suite) => [suite.name, suite] as const,
    ),
  )('agrees with the model in the suite %s', { timeout: SUITE_MS }, async (_, suite) => {
    if (typeof found === 'string') throw new Error(found);
    const cases = await suite.cases(guestModules(found), suite.seeds[0]!, 'xz', v86Target(found));
    expectAgreement(await verify(cases));
  });

  it.each(['two-file-systems', 'module-sizes', 'failing-inits'])(
    'agrees in a scenario that is in no suite: %s',
    { timeout: SUITE_MS },
    async (name) => {
      if (typeof found === 'string') throw new Error(found);
      const { scenario } = loadScenario(`${ROOT}/scripts/verify/suites/${name}.json`, {
        modules: found.modules,
      });
      expectAgreement(await verify([{ scenario, files: guestModules(found) }]));
    },
  );
});
