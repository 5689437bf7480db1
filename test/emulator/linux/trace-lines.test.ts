// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { TraceDigest } from '../../../emulator/linux/trace-digest.ts';
import { parseTrace, syscallValue } from '../../../emulator/linux/trace-lines.ts';

const HEAD = '            init-1       [000] .....     4.0000';
const line = (us: number, text: string, task = HEAD): string =>
  `${task}${String(us).padStart(2, '0')}: ${text}\n`;
const alloc = (va: number, size: number): string =>
  `alloc_vmap_area: va_start: ${va} size=${size} align=1 vstart=0xf77fe000 vend=0xfeffe000 failed=0`;

describe('lines of the guest’s trace', () => {
  it('gives task, time, name and text of events and of system calls', () => {
    const { lines, lost } = parseTrace(
      line(1, 'module_load: crc16 O') + line(2, 'sys_finit_module -> 0xffffffef'),
    );
    expect(lost).toBe(0);
    expect(lines[0]).toMatchObject({
      comm: 'init',
      pid: 1,
      timeUs: 4_000_001,
      name: 'module_load',
    });
    expect(syscallValue(lines[1]!)).toEqual({ name: 'finit_module', ret: -17 });
    expect(syscallValue(lines[0]!)).toBeNull();
  });

  it('leaves out a line that was still being written', () => {
    const { lines } = parseTrace(`${line(1, 'module_load: crc16 O')}            init-1       [000`);
    expect(lines.map(({ text }) => text)).toEqual(['crc16 O']);
    expect(parseTrace(line(1, alloc(0xf7802000, 8192)).slice(0, -20)).lines).toEqual([]);
  });

  it('counts lost events and tells interrupts apart', () => {
    const { lines, lost } = parseTrace(
      `CPU:0 [LOST 12 EVENTS]\n            init-1       [000] ..h..     4.000001: console: tick\n`,
    );
    expect(lost).toBe(12);
    expect(lines[0]?.interrupt).toBe(true);
  });
});

describe('what a trace says of a step', () => {
  it('gives the areas between the start and the end of an init to the module', () => {
    const { lines } = parseTrace(
      line(1, alloc(0xf7802000, 8192)) +
        line(2, 'module_load: thing ') +
        line(3, 'initcall_start: func=0xf7814000') +
        line(4, alloc(0xf7820000, 12288)) +
        line(5, alloc(0xf7830000, 8192)) +
        line(6, 'free_vmap_area_noflush: va_start=0xf7830000 nr_lazy=2 nr_lazy_max=8192') +
        line(9, 'initcall_finish: func=0xf7814000 ret=-5') +
        line(10, alloc(0xf7840000, 8192)),
    );
    const { events, inits } = new TraceDigest().step(3, lines);
    expect(events.map(({ owner }) => owner)).toEqual(['', 'thing', 'thing', 'thing', '']);
    expect(inits).toMatchObject([
      {
        step: 3,
        module: 'thing',
        ret: -5,
        durationUs: 6,
        areas: [
          { size: 12288, freed: false },
          { size: 8192, freed: true },
        ],
      },
    ]);
  });

  it('knows values of calls whose process does not live to report them', () => {
    const killed = '              p1-77      [000] .....     4.0000';
    const { lines } = parseTrace(line(1, 'sys_finit_module -> 0xfffffe00', killed));
    expect(new TraceDigest().step(0, lines).returned.get(77)).toEqual([-512]);
  });
});
