// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { EvidenceReader, Facts, findMessage } from '../../../loader/import/index.ts';
import { FIXTURES } from './fixtures.ts';

function read(text: string): Facts {
  const facts = new Facts();
  const reader = new EvidenceReader(facts, 'given');
  expect(reader.feed(text)).toBeNull();
  expect(reader.end()).toBeNull();
  return facts;
}

describe.each(Object.entries(FIXTURES))('%s', (_, fixture) => {
  it('is told by its content', () => {
    const facts = read(fixture.text);
    expect([...facts.files[0]!.formats.keys()]).toContain(fixture.format);
  });

  it('gives the calls and messages that are in it', () => {
    const facts = read(fixture.text);
    const calls = facts.requests.map(({ op, target, ret }) =>
      ret === undefined ? [op, target] : [op, target, ret],
    );
    expect(calls).toEqual(fixture.requests ?? []);
    const ids = facts.messages.map(({ text }) => findMessage(text)?.rule.id);
    for (const id of fixture.messages ?? []) expect(ids).toContain(id);
  });

  it('reads the same in pieces of any size', () => {
    const whole = read(fixture.text);
    for (const size of [1, 7, 64]) {
      const facts = new Facts();
      const reader = new EvidenceReader(facts, 'given');
      for (let at = 0; at < fixture.text.length; at += size) {
        reader.feed(fixture.text.slice(at, at + size));
      }
      reader.end();
      expect(facts).toEqual(whole);
    }
  });
});

describe('several kinds in one file', () => {
  it('are each taken', () => {
    const text = `${FIXTURES.dmesg!.text}${FIXTURES['proc modules']!.text}${FIXTURES.vmallocinfo!.text}${FIXTURES.meminfo!.text}`;
    const facts = read(text);
    expect(facts.modules.size).toBe(3);
    expect(facts.spaces[0]?.areas).toHaveLength(3);
    expect(facts.meminfo.get('VmallocTotal')).toBe(122_880);
    expect(facts.release?.text).toBe('6.1.0-18-amd64');
    expect(facts.unusable).toEqual([]);
  });
});
