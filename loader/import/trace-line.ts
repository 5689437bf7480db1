/**
 * One event of a trace, as the kernel's `trace` and `trace_pipe`, `trace-cmd report`, `perf script`,
 * `perf trace` and `bpftrace` print it.
 */

export interface TraceLine {
  readonly comm: string;
  readonly pid: number;
  readonly cpu: number | undefined;
  readonly seconds: string;
  readonly fraction: string;
  /** Without its group: `module_load`, `sys_enter_finit_module`. */
  readonly event: string;
  readonly rest: string;
}

/**
 * `comm-pid  (tgid) [cpu] flags time: event` (kernel/trace/trace_output.c, Linux 6.12). trace-cmd
 * prints the same, sometimes with three digits of CPU and no flags. A clock that counts has no point.
 */
const FTRACE =
  /^\s*(.{1,40}?)-(\d{1,10})\s+(?:\(\s*(?:\d+|-+)\)\s+)?\[(\d{1,4})\]\s+(?:[^\s\d:][^\s:]{3,6}\s+)?(\d{1,20})(?:\.(\d{1,9}))?:\s+(\S.*)$/;

/** `comm  pid[/tid] [cpu] time: period? group:event: …` (tools/perf/builtin-script.c). */
const PERF =
  /^\s*(\S.{0,40}?)\s+(\d{1,10})(?:\/(\d{1,10}))?\s+(?:\[(\d{1,4})\]\s+)?(?:[^\s\d:][^\s:]{3,6}\s+)?(\d{1,12})\.(\d{1,9}):\s+(?:\d+\s+)?([a-z_]\w*):(\w+):\s*(.*)$/;

/** `time ( duration ms): comm/tid call(args) = ret` (tools/perf/builtin-trace.c). */
const PERF_TRACE =
  /^\s*(\d{1,12})\.(\d{3}) \(\s*(?:(\d+\.\d{3}) ms|\s*)\):\s+(?:(\S.{0,40}?)\/(\d{1,10})\s+)?([a-z]\w*)(\(.*|:.*)$/;

/** What a bpftrace program prints, by the convention of `modstorm record`. */
const BPFTRACE = /^(\d{1,20}) (\d{1,4}) (\d{1,10}) (\S{1,40}) ([a-z_]\w*)(?: (.*))?$/;

/**
 * The usual line without a pattern: traces have millions. Null for every other form, which the
 * pattern then reads.
 */
function parseUsual(line: string): TraceLine | null {
  const open = line.indexOf(' [');
  const close = line.indexOf(']', open);
  if (open < 0 || close < 0 || close - open > 6) return null;
  const colon = line.indexOf(': ', close);
  if (colon < 0 || colon - close > 40) return null;
  const dash = line.lastIndexOf('-', open);
  const point = line.lastIndexOf('.', colon);
  const space = line.lastIndexOf(' ', colon);
  if (dash < 1 || point < space || space < close) return null;
  const pid = Number(line.slice(dash + 1, open));
  const cpu = Number(line.slice(open + 2, close));
  const seconds = line.slice(space + 1, point);
  const fraction = line.slice(point + 1, colon);
  if (!(Number.isInteger(pid) && Number.isInteger(cpu) && dash - line.search(/\S/) <= 40))
    return null;
  if (!/^\d{1,12}$/.test(seconds) || !/^\d{1,9}$/.test(fraction)) return null;
  const event = eventOf(line.slice(colon + 2).trimStart());
  if (event === null) return null;
  return { comm: line.slice(0, dash).trimStart(), pid, cpu, seconds, fraction, ...event };
}

export function parseFtrace(line: string): TraceLine | null {
  const usual = parseUsual(line);
  if (usual !== null) return usual;
  const found = FTRACE.exec(line);
  if (found === null) return null;
  const [, comm, pid, cpu, seconds, fraction, body] = found;
  const event = eventOf(body!);
  if (event === null) return null;
  const whole = fraction === undefined ? countedClock(seconds!) : { seconds: seconds!, fraction };
  return { comm: comm!, pid: Number(pid), cpu: Number(cpu), ...whole, ...event };
}

/** `module_load: ext4`, `sys_finit_module(fd: 3, …)`, `sys_finit_module -> 0x0`. */
function eventOf(body: string): { event: string; rest: string } | null {
  const found = /^(?:[a-z_]\w*:)?([A-Za-z_][\w.]*)(:| ->|\()\s*(.*)$/.exec(body);
  if (found === null) return null;
  const [, name, sign, rest] = found;
  if (sign === ':') return { event: name!, rest: rest! };
  if (!name!.startsWith('sys_')) return { event: name!, rest: rest! };
  const call = name!.slice(4);
  return sign === '('
    ? { event: `sys_enter_${call}`, rest: rest!.replace(/\)\s*$/, '') }
    : { event: `sys_exit_${call}`, rest: rest! };
}

/** A clock without a point (`x86-tsc`, `counter`, `boot` of some tools) is taken as nanoseconds. */
function countedClock(digits: string): { seconds: string; fraction: string } {
  return {
    seconds: digits.length > 9 ? digits.slice(0, -9) : '0',
    fraction: digits.slice(-9).padStart(9, '0'),
  };
}

export function parsePerf(line: string): TraceLine | null {
  const found = PERF.exec(line);
  if (found === null) return null;
  const [, comm, pid, tid, cpu, seconds, fraction, , event, rest] = found;
  return {
    comm: comm!,
    pid: Number(tid ?? pid),
    cpu: cpu === undefined ? undefined : Number(cpu),
    seconds: seconds!,
    fraction: fraction!,
    event: event!,
    rest: rest!,
  };
}

/** A whole call in one line, as `perf trace` prints it. */
export interface PerfCall {
  readonly comm: string;
  readonly pid: number;
  /** Milliseconds since the start, and how long the call took. */
  readonly atMs: number;
  readonly tookMs: number | undefined;
  readonly call: string;
  readonly args: string;
  readonly result: string | undefined;
}

export function parsePerfTrace(line: string): PerfCall | null {
  const found = PERF_TRACE.exec(line);
  if (found === null) return null;
  const [, ms, us, took, comm, pid, call, rest] = found;
  if (!rest!.startsWith('(')) return null;
  const end = /\)\s*(?:=\s*(.*))?$/.exec(rest!);
  return {
    comm: comm ?? '',
    pid: pid === undefined ? 0 : Number(pid),
    atMs: Number(`${ms}.${us}`),
    tookMs: took === undefined ? undefined : Number(took),
    call: call!,
    args: rest!.slice(1, end?.index ?? rest!.length),
    result: end?.[1],
  };
}

export function parseBpftrace(line: string): TraceLine | null {
  const json = /^\{"type":\s*"printf",\s*"data":\s*(".*")\}$/.exec(line);
  let text = line;
  if (json !== null) {
    try {
      text = (JSON.parse(json[1]!) as string).trimEnd();
    } catch {
      return null;
    }
  }
  const found = BPFTRACE.exec(text);
  if (found === null) return null;
  const [, ns, cpu, pid, comm, event, rest] = found;
  return {
    comm: comm!,
    pid: Number(pid),
    cpu: Number(cpu),
    ...countedClock(ns!),
    event: event!,
    rest: rest ?? '',
  };
}
