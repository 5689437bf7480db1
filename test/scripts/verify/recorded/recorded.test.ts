// SPDX-License-Identifier: MIT
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readElf, standInModule } from '../../../../loader/elf/index.ts';
import {
  parseRecording,
  readFacts,
  readJson,
} from '../../../../scripts/verify/recorded/recording.ts';
import { replayRecording } from '../../../../scripts/verify/recorded/replay-recording.ts';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const GOLDEN = join(ROOT, 'test/golden/recorded');
/** All recordings, where the checkout has them beside it. */
const SHARED = join(ROOT, '../shared/vectors');

function recordings(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json.gz') && !name.endsWith('modules.json.gz'))
    .sort();
}

function replay(file: string) {
  const facts = readFacts(join(dirname(file), 'modules.json.gz'));
  return replayRecording(parseRecording(readJson(file), file), { facts, real: new Map() });
}

/**
 * Disagreements that are explained, at most so many. `waiting` up to 6.5: with three or more
 * waiters the order in which they free is not known. `autoload` up to 6.5: references that crypto
 * self-tests hold in kernel threads.
 */
const EXPLAINED: Readonly<Record<string, number>> = {
  '6.3/waiting-waiting-1.json.gz': 55,
  '6.4/waiting-waiting-1.json.gz': 26,
  '6.5/waiting-waiting-1.json.gz': 17,
};

function expectAgreement(root: string, name: string): void {
  const { comparison, notes, compared, steps } = replay(join(root, name));
  expect(notes).toEqual([]);
  expect(compared).toBe(steps);
  expect(comparison.total['return values']).toBeGreaterThan(0);
  expect(comparison.agree['return values']).toBe(comparison.total['return values']);
  const wrong = comparison.disagreements.map(
    (d) => `${d.step} ${d.class}: ${d.kernel} / ${d.model}`,
  );
  if (EXPLAINED[name] === undefined) expect(wrong).toEqual([]);
  else expect(wrong.length).toBeLessThanOrEqual(EXPLAINED[name]!);
}

describe('a recorded kernel', () => {
  it.each(recordings(GOLDEN))('agrees with the preset of its release: %s', (name) => {
    expectAgreement(GOLDEN, name);
  });

  it('disagrees with the rules of another release', () => {
    const file = join(GOLDEN, '6.5/special-special.json.gz');
    const facts = readFacts(join(GOLDEN, '6.5/modules.json.gz'));
    const kernel = { name: 'v6.12', choice: { base: 'v6.12' } };
    const recording = parseRecording(readJson(file), file);
    const { comparison } = replayRecording(recording, { facts, real: new Map(), kernel });
    expect(comparison.disagreements.length).toBeGreaterThan(10);
  });

  const shared = existsSync(SHARED);
  describe.skipIf(!shared)(`all of them ${shared ? '' : '(skipped: no ../shared/vectors)'}`, () => {
    it.each(shared ? recordings(SHARED).filter((name) => !name.includes('autoload')) : [])(
      'agrees or is explained: %s',
      { timeout: 120_000 },
      (name) => expectAgreement(SHARED, name),
    );
  });
});

describe('a stand-in', () => {
  const facts = readFacts(join(GOLDEN, '6.19/modules.json.gz'));

  it.each([...facts.keys()])('has the size, symbols and sections of %s', (path) => {
    const one = facts.get(path)!;
    const made = standInModule(one);
    if (!made.ok) throw new Error(made.message);
    expect(made.bytes.length).toBe(one.file_bytes);
    const kernel = {
      arch: 'i386',
      wordBits: 32,
      structModuleSize: undefined,
      modversions: false,
      kallsyms: true,
      kallsymsAll: false,
      moduleUnload: true,
      smp: true,
      livepatch: false,
      strictModuleRwx: true,
      sectionNameCheck: 'all',
    } as const;
    const read = readElf(made.bytes, kernel, 0);
    if (!read.ok) throw new Error(read.message?.text);
    expect(read.elf.sections.map(({ name, size }) => [name, size])).toEqual(
      one.sections.map(({ name, size }) => [name, size]),
    );
    const undefinedNames = one.symbols.filter(([name, , , , , shndx]) => name && shndx === 0);
    expect(read.elf.undefinedSymbols()).toEqual(undefinedNames.map(([name]) => name));
    const exported = one.symbols.flatMap(([name]) => /^__ksymtab_(.*)/.exec(name)?.[1] ?? []);
    expect(
      read.elf
        .exports()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(exported.sort());
  });

  it('says which facts do not hold together', () => {
    const [one] = facts.values();
    const made = standInModule({ ...one!, file_bytes: 100 });
    expect(made).toMatchObject({ ok: false, message: expect.stringContaining('100') });
  });
});
