import { describe, expect, it } from 'vitest';
import { Random } from '../../../loader/engine/index.ts';
import {
  buildScenario,
  EvidenceReader,
  explainDocument,
  explainText,
  Facts,
} from '../../../loader/import/index.ts';
import { scenarioSchema } from '../../../loader/scenario/index.ts';
import { FIXTURES } from './fixtures.ts';
import { mutate } from './mutations.ts';

/** `IMPORT_MUTATIONS=10000` runs all that the contract names; continuous integration takes fewer. */
const MUTATIONS = Number(process.env.IMPORT_MUTATIONS ?? 50);
/** Milliseconds of processor time, not of the wall: a text of at most 256 KiB that takes more hangs. */
const LONGEST_MS = 5000;

const texts = Object.values(FIXTURES).map(({ text }) => text);

/** Everything that is done with a file. Throws where the product is wrong. */
function take(text: string): void {
  const facts = new Facts();
  const reader = new EvidenceReader(facts, 'given');
  const problem = reader.feed(text) ?? reader.end();
  if (problem !== null) {
    expect(problem.line).toBeGreaterThan(0);
    expect(problem.column).toBeGreaterThan(0);
    expect(problem.expected).not.toBe('');
  }
  const named = facts.unusable.length + (facts.dropped.get('unusable') ?? 0);
  expect(named).toBe(facts.files[0]!.unusable);
  const words = explainText(explainDocument(facts));
  if (!/NaN/.test(text)) expect(words).not.toMatch(/\bNaN\b|\bundefined\b|\bInfinity\b/);
  const imported = buildScenario(facts, { name: 'fuzz' });
  if (typeof imported === 'string') return;
  const parsed = scenarioSchema.safeParse(imported.scenario);
  if (!parsed.success)
    throw new Error(`${parsed.error.message}\n${JSON.stringify(imported.scenario)}`);
}

describe('damaged files', () => {
  it.each(Object.entries(FIXTURES))(
    '%s: are taken or refused, in bounded time, whatever is in them',
    (name, { text }) => {
      const random = new Random(name.length * 7919 + text.length);
      for (let i = 0; i < MUTATIONS; i += 1) {
        const damaged = mutate(text, texts, random);
        const began = process.cpuUsage();
        try {
          take(damaged);
        } catch (error) {
          throw new Error(`mutation ${i}: ${JSON.stringify(damaged.slice(0, 3000))}`, {
            cause: error,
          });
        }
        const { user, system } = process.cpuUsage(began);
        expect((user + system) / 1000, damaged.slice(0, 3000)).toBeLessThan(LONGEST_MS);
      }
    },
    3_600_000,
  );
});
