// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { KernelLog, LOG_LEVEL } from '../../../loader/engine/printk.ts';

const log = () => new KernelLog(() => 5_000, { emit: () => {} });

describe('the kernel log', () => {
  it('cuts lines at 1021 bytes: a record has room for 1023, its level takes two', () => {
    const kernel = log();
    for (const length of [1020, 1021, 1022, 5000]) kernel.print(LOG_LEVEL.ERR, 'x'.repeat(length));
    expect(kernel.read().lines.map(({ text }) => text.length)).toEqual([1020, 1021, 1021, 1021]);
  });

  it('shows what is not printable, and backslashes, in hexadecimal', () => {
    const kernel = log();
    kernel.print(LOG_LEVEL.WARNING, 'a\nb\\c\x7f\xff ~');
    expect(kernel.kmsg()).toBe('4,0,5,-;a\\x0ab\\x5cc\\x7f\\xff ~\n');
  });

  it('makes the text of a limited line only when it prints it', () => {
    const kernel = log();
    let made = 0;
    const line = (): string => {
      made += 1;
      return `line ${made}`;
    };
    const printed = Array.from({ length: 12 }, () =>
      kernel.printLimited('execmem', LOG_LEVEL.WARNING, line),
    );
    expect(printed.filter((one) => one)).toHaveLength(10);
    expect(made).toBe(10);
    expect(kernel.read().lines.at(-1)!.text).toBe('line 10');
  });
});
