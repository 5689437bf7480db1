// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exportsFromNames,
  exportsFromSymvers,
  parseModuleSymvers,
} from '../../../loader/survey/module-symvers.ts';

const TEXT = [
  '0xd4ef4fe8\tinit_uts_ns\tvmlinux\tEXPORT_SYMBOL_GPL\t',
  '0x815f2897\tempty_zero_page\tvmlinux\tEXPORT_SYMBOL\t',
  '0x00000001\tdma_buf_get\tvmlinux\tEXPORT_SYMBOL_GPL\tDMA_BUF',
  '0xa5f37c2b\txfs_thing\tfs/xfs/xfs\tEXPORT_SYMBOL_GPL\t',
  '0x12345678\told_style\tvmlinux\tEXPORT_SYMBOL',
  '',
].join('\n');

function problem(text: string): string {
  const parsed = parseModuleSymvers(text);
  if (parsed.ok) throw new Error('it parsed');
  return `line ${parsed.line}: expected ${parsed.expected}, found ${parsed.found}`;
}

describe('Module.symvers', () => {
  it('gives the exports of vmlinux with checksum, licence and namespace', () => {
    const parsed = parseModuleSymvers(TEXT);
    if (!parsed.ok) throw new Error('it does not parse');
    expect(parsed.entries).toHaveLength(5);
    const own = exportsFromSymvers(parsed.entries);
    expect(own.has('init_uts_ns')).toBe(true);
    expect(own.crc('init_uts_ns')).toBe(0xd4ef4fe8);
    expect(own.gpl?.('init_uts_ns')).toBe(true);
    expect(own.gpl?.('empty_zero_page')).toBe(false);
    expect(own.namespace?.('dma_buf_get')).toBe('DMA_BUF');
    expect(own.has('old_style')).toBe(true);
  });

  it("leaves modules' exports to the modules", () => {
    const parsed = parseModuleSymvers(TEXT);
    if (!parsed.ok) throw new Error('it does not parse');
    const own = exportsFromSymvers(parsed.entries);
    expect(own.has('xfs_thing')).toBe(false);
    expect(own.crc('xfs_thing')).toBeUndefined();
  });

  it('names the line and what is wrong with it', () => {
    expect(problem(`${TEXT}oops`)).toBe(
      'line 6: expected 4 or 5 fields separated by tabs, found 1',
    );
    expect(problem('0xzz\ta\tvmlinux\tEXPORT_SYMBOL')).toBe(
      'line 1: expected a checksum such as 0x1234abcd, found "0xzz"',
    );
    expect(problem('\n0x00000000\t\tvmlinux\tEXPORT_SYMBOL')).toBe(
      'line 2: expected the name of a symbol, found nothing',
    );
    expect(problem('0x00000000\ta\t\tEXPORT_SYMBOL')).toBe(
      'line 1: expected vmlinux or the name of a module, found nothing',
    );
    expect(problem('0x00000000\ta\tvmlinux\tEXPORT_UNUSED')).toBe(
      'line 1: expected EXPORT_SYMBOL or EXPORT_SYMBOL_GPL, found "EXPORT_UNUSED"',
    );
  });

  it('takes any text without throwing', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        const parsed = parseModuleSymvers(text);
        if (!parsed.ok) expect(parsed.line).toBeLessThanOrEqual(text.split('\n').length);
      }),
      { numRuns: 2000 },
    );
  });

  it('a list of names has those names and no checksums', () => {
    const own = exportsFromNames(['_printk', 'kfree']);
    expect([own.has('kfree'), own.has('vfree'), own.crc('kfree')]).toEqual([
      true,
      false,
      undefined,
    ]);
  });
});
