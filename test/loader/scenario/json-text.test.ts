// SPDX-License-Identifier: MIT
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeText, parseJsonText } from '../../../loader/scenario/index.ts';

describe('JSON as people save it', () => {
  it('takes UTF-8 and UTF-16 with a byte-order mark, and CRLF', () => {
    const text = '{\r\n  "name": "größer"\r\n}\r\n';
    const utf16 = (order: 'le' | 'be', mark: boolean): Uint8Array => {
      const codes = [...(mark ? '\ufeff' : ''), ...text].map((c) => c.charCodeAt(0));
      return new Uint8Array(
        codes.flatMap((c) => (order === 'le' ? [c & 255, c >> 8] : [c >> 8, c & 255])),
      );
    };
    const forms = [
      new TextEncoder().encode(text),
      new TextEncoder().encode(`\ufeff${text}`),
      utf16('le', true),
      utf16('be', true),
      utf16('le', false),
      utf16('be', false),
    ];
    for (const bytes of forms) {
      expect(parseJsonText(decodeText(bytes)!)).toEqual({ ok: true, value: { name: 'größer' } });
    }
    expect(decodeText(new Uint8Array([0x22, 0xe9, 0x22]))).toBeUndefined();
  });

  it.each([
    ['{\n  // mine\n  "a": 1 }', 2, 3, /a comment/],
    ['{ "a": 1, }', 1, 11, /"}"/],
    ['{\r\n"a": 1\r\n"b": 2}', 3, 1, /"\\""/],
    ['{ "a": tru }', 1, 8, /"tru"/],
    ["{ 'a': 1 }", 1, 3, /a '/],
    ['{ "a": 1', 1, 9, /the end of the text/],
    ['', 1, 1, /the end of the text/],
    ['{ "a": "x\ny" }', 1, 10, /control character 10/],
    ['[1] 2', 1, 5, /"2"/],
    ['[01]', 1, 2, /"01"/],
  ])('%j is refused at its line and column', (text, line, column, found) => {
    const result = parseJsonText(text);
    expect(result).toMatchObject({ ok: false, line, column });
    if (!result.ok) expect(result.found).toMatch(found);
  });

  it('agrees with JSON.parse on what is JSON, whatever was deleted or put in', () => {
    const edited = fc
      .tuple(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom('', ',', '"', '}', '\\', '#', '\n'),
      )
      .map(([text, at, put]) => {
        const i = at % (text.length + 1);
        return text.slice(0, i) + put + text.slice(i + (put === '' ? 1 : 0));
      });
    fc.assert(
      fc.property(edited, (text) => {
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          expect(parseJsonText(text).ok).toBe(false);
          return;
        }
        expect(parseJsonText(text)).toEqual({ ok: true, value });
      }),
      { numRuns: 300 },
    );
  });
});
