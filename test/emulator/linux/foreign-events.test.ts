// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { ForeignEvents } from '../../../emulator/linux/foreign-events.ts';
import { TraceDigest } from '../../../emulator/linux/trace-digest.ts';
import { parseTrace, syscallValue } from '../../../emulator/linux/trace-lines.ts';

const STACK = { va: '0xffffc900005d8000', size: 20480, align: 16384 };
const TEXT = { va: '0xffffffffc0205000', size: 8192, align: 4096 };

describe('events of tasks that are not the loader’s', () => {
  it('are placed among the loader’s own, which are only counted', () => {
    const seen = new ForeignEvents();
    seen.alloc(true, TEXT);
    seen.alloc(false, STACK);
    seen.purge(true, 1);
    seen.free(9, STACK.va);
    expect(seen.take()).toEqual([
      { position: 1, kind: 'alloc', ...STACK },
      { position: 2, kind: 'free', va: STACK.va, size: 0, align: 0 },
    ]);
    expect(seen.take()).toEqual([]);
  });

  it('are not those of the worker that frees a module’s init memory and purges then', () => {
    const seen = new ForeignEvents();
    seen.alloc(true, TEXT);
    seen.take();
    seen.free(9, TEXT.va);
    seen.purge(false, 9);
    seen.purge(false, 12);
    expect(seen.take()).toEqual([{ position: 2, kind: 'purge', va: '', size: 0, align: 0 }]);
  });

  it('count areas that were there since the boot', () => {
    const seen = new ForeignEvents();
    seen.free(1, STACK.va);
    expect(seen.take().map(({ kind }) => kind)).toEqual(['free']);
  });

  it('come out of a 64-bit kernel’s trace with whole addresses', () => {
    const head = (task: string): string => `   ${task}       [000] .....     4.000001: `;
    const { lines } = parseTrace(
      [
        `${head('init-1')}sys_finit_module(fd: 5, uargs: 40410d, flags: 0)`,
        `${head('init-1')}alloc_vmap_area: va_start: 18446744072637911040 size=8192 align=4096 vstart=0xffffffffc0000000 vend=0xffffffffff000000 failed=0`,
        `${head('kthreadd-2')}alloc_vmap_area: va_start: 18446683600576086016 size=20480 align=16384 vstart=0xffffc90000000000 vend=0xffffe8ffffffffff failed=0`,
        `${head('init-1')}sys_finit_module -> 0xfffffffffffffff0`,
        '',
      ].join('\n'),
    );
    const { events, foreign } = new TraceDigest().step(0, lines);
    expect(events[0]!.text).toMatch(/^va_start=0xffffffffc0201000 size=8192 /);
    expect(foreign).toEqual([
      { position: 1, kind: 'alloc', va: '0xffffc900005c8000', size: 20480, align: 16384 },
    ]);
    expect(syscallValue(lines[3]!)).toEqual({ name: 'finit_module', ret: -16 });
  });
});
