// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventBody, TraceEvent } from '../../../loader/events/event.ts';
import { FtraceTextReader } from '../../../loader/export/ftrace-import.ts';
import {
  FtraceTextWriter,
  formatFtraceLine,
  ftraceHeader,
  isFtraceEvent,
} from '../../../loader/export/ftrace-text.ts';
import { ADDRESS_SPACES } from '../../../loader/presets/address-spaces.ts';
import { AddressMap } from '../../../loader/view/address-map.ts';
import { eventLists, OFFSETS_32, OFFSETS_64 } from '../events/arbitrary-event.ts';

const I386 = ADDRESS_SPACES.get('i386-highmem')!;
const X86_64 = ADDRESS_SPACES.get('x86-64')!;

function read(text: string, space = I386) {
  const events: TraceEvent[] = [];
  const reader = new FtraceTextReader(space, { push: (event) => events.push(event) });
  const problem = reader.feed(text) ?? reader.end();
  return { events, problem, reader };
}

function event(body: EventBody, stamp: Partial<TraceEvent> = {}): TraceEvent {
  const base = { seq: 0, t: 102_001_424_000, cpu: 0, task: 'modprobe-1687' };
  return { ...base, ...stamp, ...body } as TraceEvent;
}

describe('the text of a trace', () => {
  it('has the header of a kernel with the irq-info option on', () => {
    expect(ftraceHeader({ entries: 3, written: 12, cpus: 8 }).split('\n')).toEqual([
      '# tracer: nop',
      '#',
      '# entries-in-buffer/entries-written: 3/12   #P:8',
      '#',
      '#                                _-----=> irqs-off/BH-disabled',
      '#                               / _----=> need-resched',
      '#                              | / _---=> hardirq/softirq',
      '#                              || / _--=> preempt-depth',
      '#                              ||| / _-=> migrate-disable',
      '#                              |||| /     delay',
      '#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION',
      '#              | |         |   |||||     |         |',
      '',
    ]);
  });

  it.each([
    // The columns of a line a 6.x kernel printed for an out-of-tree module.
    [
      event(
        { kind: 'module_load', name: 'hello_world', taints: 'O' },
        { task: 'insmod-258', t: 651_466_741_000 },
      ),
      '          insmod-258     [000] .....   651.466741: module_load: hello_world O',
    ],
    [
      event({ kind: 'module_load', name: 'sysimgblt', taints: '' }),
      '        modprobe-1687    [000] .....   102.001424: module_load: sysimgblt ',
    ],
    [
      event({ kind: 'module_put', name: 'sysimgblt', call_site: 'do_init_module', refcnt: 1 }),
      '        modprobe-1687    [000] .....   102.001424: module_put: sysimgblt call_site=do_init_module refcnt=1',
    ],
    [
      event({ kind: 'module_request', name: 'fb0', wait: true, call_site: 'fb_open' }),
      '        modprobe-1687    [000] .....   102.001424: module_request: fb0 wait=1 call_site=fb_open',
    ],
    [
      event({ kind: 'module_free', name: 'scsi_wait_scan' }, { cpu: 130 }),
      '        modprobe-1687    [130] .....   102.001424: module_free: scsi_wait_scan',
    ],
    // A failure and the success after it, as a real 6.12 printed their texts.
    [
      event({
        kind: 'alloc_vmap_area',
        va_start: 0xf8000000,
        size: 8192,
        align: 134_217_728,
        vstart: 0xf77fe000,
        vend: 0xfeffe000,
        failed: 0,
      }),
      '        modprobe-1687    [000] .....   102.001424: alloc_vmap_area: va_start: 4160749568 size=8192 align=134217728 vstart=0xf77fe000 vend=0xfeffe000 failed=0',
    ],
    [
      event({
        kind: 'free_vmap_area_noflush',
        va_start: 0xf77fe000,
        nr_lazy: 2,
        nr_lazy_max: 8192,
      }),
      '        modprobe-1687    [000] .....   102.001424: free_vmap_area_noflush: va_start=0xf77fe000 nr_lazy=2 nr_lazy_max=8192',
    ],
    [
      event(
        { kind: 'purge_vmap_area_lazy', start: 0xffffffff, end: 0, num_purged: 0 },
        { task: 'swapper/3-0', cpu: 3, t: 499 },
      ),
      '          <idle>-0       [003] .....     0.000000: purge_vmap_area_lazy: start=0xffffffff end=0x0 num_purged=0',
    ],
    [
      event(
        { kind: 'module_free', name: 'tun' },
        { task: 'kworker/u257:13-events_unbound-1234567', t: 1_999_999_500 },
      ),
      'kworker/u257:13-events_unbound-1234567 [000] .....     2.000000: module_free: tun',
    ],
  ])('prints a line as the kernel does: %#', (given, line) => {
    expect(formatFtraceLine(I386, given)).toBe(line);
    const expected = { ...given, seq: 0, t: Math.floor((given.t + 500) / 1000) * 1000 };
    expect(read(line).events).toEqual([expected]);
  });

  it('prints and reads 64-bit addresses beyond 2^53, decimal ones too', () => {
    const given = event({
      kind: 'alloc_vmap_area',
      va_start: 0x7fffc0001000,
      size: 12_288,
      align: 4096,
      vstart: 0x7fffc0000000,
      vend: 0x7fffff000000,
      failed: 0,
    });
    const line = formatFtraceLine(X86_64, given)!;
    // 0xffffffffc0001000
    expect(line).toContain('va_start: 18446744072635813888 size=12288 align=4096');
    expect(line).toContain('vstart=0xffffffffc0000000 vend=0xffffffffff000000');
    expect(read(line, X86_64).events).toEqual([given]);
  });

  it.each([
    ['32-bit', I386, OFFSETS_32],
    ['64-bit', X86_64, OFFSETS_64],
  ] as const)('reads back the events it has lines for, %s', (_, space, range) => {
    fc.assert(
      fc.property(eventLists(range), (events) => {
        // Texts as the names of modules and functions are, and sizes without a sign.
        const unsigned = (e: TraceEvent) =>
          Object.fromEntries(
            Object.entries(e).map(([key, value]) =>
              /^(size|align|nr_|num_)/.test(key) ? [key, Math.abs(value as number)] : [key, value],
            ),
          );
        const named = events.map((e) => ({
          ...unsigned(e),
          ...('name' in e ? { name: 'tun' } : {}),
          ...('call_site' in e ? { call_site: 'do_init_module [tun]' } : {}),
          ...('taints' in e ? { taints: 'OE' } : {}),
        })) as TraceEvent[];
        const known = named.filter(isFtraceEvent).map((e) => ({ ...e, t: Math.round(e.t) }));
        let text = '';
        const header = { entries: known.length, cpus: 8 };
        const writer = new FtraceTextWriter(space, header, (chunk) => {
          text += chunk;
        });
        for (const e of named) writer.push({ ...e, t: Math.round(e.t) });
        writer.end();
        const back = read(text, space);
        expect(back.problem).toBeNull();
        expect(back.events).toEqual(
          known.map((e, seq) => ({
            ...e,
            seq,
            t: Math.floor((e.t + 500) / 1000) * 1000,
            task: e.task === 'swapper/0-0' ? `swapper/${e.cpu}-0` : e.task,
          })),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe('reading a real trace', () => {
  it('takes lines of old and new kernels and of trace-cmd', () => {
    const { events, problem } = read(
      `# tracer: nop
          <...>-42    [000]     1.758380: module_request: fb0 wait=1 call_site=fb_open
          <...>-1021  [000]    13.840589: module_put: sunrpc call_site=sys_init_module refcnt=-1
        modprobe-1687  [000]   102.001424: module_load: sysimgblt\u0020
        modprobe-1687  [000]   102.001519: module_put:  sysimgblt call_site=do_init_module refcnt=1
ft_test.elf-27279   [005] ....   441.774195: module_load: bing_rw O
          insmod-258     [000] ...1.   651.467500: module_put: hello_world call_site=do_init_module refcnt=1
          insmod-258     (    258) [002] d..2.   651.467501: module_free: hello_world
 modprobe-2587  (-------) [001]  1088.437213: module_load: trace_events_sample F
    odd name-9-77      [001] .....  1088.437214: module_free: odd
`,
    );
    expect(problem).toBeNull();
    expect(events.map(({ task, cpu, t, kind }) => [task, cpu, t, kind])).toEqual([
      ['<...>-42', 0, 1_758_380_000, 'module_request'],
      ['<...>-1021', 0, 13_840_589_000, 'module_put'],
      ['modprobe-1687', 0, 102_001_424_000, 'module_load'],
      ['modprobe-1687', 0, 102_001_519_000, 'module_put'],
      ['ft_test.elf-27279', 5, 441_774_195_000, 'module_load'],
      ['insmod-258', 0, 651_467_500_000, 'module_put'],
      ['insmod-258', 2, 651_467_501_000, 'module_free'],
      ['modprobe-2587', 1, 1_088_437_213_000, 'module_load'],
      ['odd name-9-77', 1, 1_088_437_214_000, 'module_free'],
    ]);
    expect(events[1]).toMatchObject({ name: 'sunrpc', call_site: 'sys_init_module', refcnt: -1 });
    expect(events[2]).toMatchObject({ name: 'sysimgblt', taints: '' });
    expect(events[3]).toMatchObject({ name: 'sysimgblt', refcnt: 1 });
  });

  it('counts what it does not know, and what the kernel lost', () => {
    const { events, problem, reader } = read(
      `##### CPU 2 buffer started ####
CPU:2 [LOST 12 EVENTS]
CPU:0 [LOST EVENTS]
            <idle>-0     [005] d....  2440.603828: sched_switch: prev_comm=swapper/5 prev_pid=0
        modprobe-99      [001] .....  2440.603829: sys_finit_module(fd: 3, uargs: 0, flags: 4)
        modprobe-99      [001] .....  2440.603830: sys_finit_module -> 0xffffffffffffffef
 => do_syscall_64
        modprobe-99      [001] .....  2440.603831: module_free: tun
`,
    );
    expect(problem).toBeNull();
    expect(events.length).toBe(1);
    expect(reader.events).toBe(1);
    expect(reader.lost).toBe(13);
    expect(Object.fromEntries(reader.unknown)).toEqual({ sched_switch: 1, sys_finit_module: 2 });
  });

  it('names the line of an event it knows and cannot read', () => {
    const head = '        modprobe-99      [001] .....  2440.603829: ';
    expect(read(`#\n${head}alloc_vmap_area: va_start=0x1 size=3\n`).problem).toBe(
      'line 2: alloc_vmap_area: expected "va_start: %lu size=%lu align=%lu vstart=0x%lx ' +
        'vend=0x%lx failed=%d", found "va_start=0x1 size=3"',
    );
    const wide = 'free_vmap_area_noflush: va_start=0x1ffffffff nr_lazy=1 nr_lazy_max=2';
    expect(read(head + wide).problem).toContain('line 1: free_vmap_area_noflush: expected');
    const back = head.replace('2440', '2439');
    const free = 'module_free: tun\n';
    expect(read(head + free + back + free).problem).toContain('line 2: expected a time from');
  });

  it('takes the number of a counting clock for nanoseconds', () => {
    const { events } = read('     a-1       [001] .....       123456: module_free: tun');
    expect(events[0]?.t).toBe(123_456);
  });

  it('neither throws nor hangs on garbage', () => {
    const word = fc.constantFrom('-', ' ', '[0]', '1', '.', ':', 'a', '(-)', '0x', 'module_load: ');
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.string()), { maxLength: 60 }), (parts) => {
        expect(read(parts.join('')).events.length).toBeLessThan(40);
      }),
      { numRuns: 2000 },
    );
    const long = read('a -1 '.repeat(700));
    expect(long.problem).toBeNull();
  });
});

const GOLDEN = join(import.meta.dirname, '..', '..', 'golden');
/** What /sys/kernel/tracing/trace held of a few loads in the Linux guest. */
const RECORDED = readdirSync(join(GOLDEN, 'ftrace'));

describe('traces recorded from a real kernel', () => {
  it.each(RECORDED)('reads every line of %s and prints it back as it was', (name) => {
    const text = readFileSync(join(GOLDEN, 'ftrace', name), 'utf8');
    const { events, problem } = read(text);
    expect(problem).toBeNull();
    expect(events.length).toBeGreaterThan(0);
    // The five letters of context depend on the kernel's preemption model.
    const plain = (line: string) => line.replace(/(\[\d+\] )\S{5} /, '$1..... ');
    const lines = text.split('\n').filter((line) => / (module|\w+_vmap_area)\w*: /.test(line));
    expect(events.map((e) => formatFtraceLine(I386, e))).toEqual(lines.map(plain));
    const map = new AddressMap(I386);
    for (const e of events) map.push(e);
    expect(map.stateAt({ seq: map.last.seq }).summary().used).toBeGreaterThanOrEqual(0);
  });
});
