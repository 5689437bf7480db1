// SPDX-License-Identifier: MIT
// Reads lines of the guest's `trace_pipe` (kernel/trace/trace_output.c, Linux 6.12).

/** One event of the kernel's trace. */
export interface TraceLine {
  readonly comm: string;
  readonly pid: number;
  /** Microseconds of the trace clock. */
  readonly timeUs: number;
  /** In an interrupt on top of the task. */
  readonly interrupt: boolean;
  /** Event name; `sys_enter` and `sys_exit` for system calls. */
  readonly name: string;
  /** What the event prints; of a system call `NAME(…)` or `NAME -> 0x…`. */
  readonly text: string;
}

export interface ParsedTrace {
  readonly lines: readonly TraceLine[];
  /** Events the ring buffer lost. */
  readonly lost: number;
}

/** comm-pid, [cpu], the flags of the context, time, event. */
const LINE = /^ *(.+)-(\d+) +\[\d+\] (\S+) +(\d+)\.(\d{6}): (.*)$/;

/**
 * Lines that are no events belong to the text of the event before them. A last line without its end
 * was being written when the guest stopped, and is left out.
 */
export function parseTrace(text: string): ParsedTrace {
  const lines: { -readonly [K in keyof TraceLine]: TraceLine[K] }[] = [];
  let lost = 0;
  for (const raw of text.split('\n').slice(0, -1)) {
    const gap = /^CPU:\d+ \[LOST (\d+)? ?EVENTS\]/.exec(raw);
    if (gap) {
      lost += Number(gap[1] ?? 1);
      continue;
    }
    const head = LINE.exec(raw);
    if (head === null) {
      const last = lines.at(-1);
      if (last !== undefined && raw !== '') last.text += `\n${raw}`;
      continue;
    }
    const rest = head[6]!;
    const call = /^(sys_\w+)(\(| -> )/.exec(rest);
    const named = /^(\w+): ?(.*)$/.exec(rest);
    lines.push({
      comm: head[1]!,
      pid: Number(head[2]),
      timeUs: Number(head[4]) * 1_000_000 + Number(head[5]),
      interrupt: (head[3]![2] ?? '.') !== '.',
      name: call ? (call[2] === '(' ? 'sys_enter' : 'sys_exit') : (named?.[1] ?? ''),
      text: call ? rest : (named?.[2] ?? rest),
    });
  }
  return { lines, lost };
}

/** `sys_finit_module -> 0xffffffef`: the call and its value; null for anything else. */
export function syscallValue(line: TraceLine): { name: string; ret: number } | null {
  const found = /^sys_(\w+) -> 0x([0-9a-f]+)$/.exec(line.text);
  if (line.name !== 'sys_exit' || found === null) return null;
  return { name: found[1]!, ret: Number(BigInt.asIntN(32, BigInt(`0x${found[2]}`))) };
}
