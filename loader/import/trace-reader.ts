/** Reads traces: `module:*`, `vmalloc:*` and the three system calls; others are counted. */
import { FileClock } from './clock.ts';
import { type Facts, LIMITS, type SeenRequest } from './facts.ts';
import { damaged, type LineFormat, type LineReader, type Taken } from './format.ts';
import {
  type PerfCall,
  parseBpftrace,
  parseFtrace,
  parsePerf,
  parsePerfTrace,
  type TraceLine,
} from './trace-line.ts';

const CALLS = new Set(['finit_module', 'init_module', 'delete_module']);
const KNOWN = new Set([
  'alloc_vmap_area',
  'free_vmap_area_noflush',
  'purge_vmap_area_lazy',
  'module_load',
  'module_free',
  'module_get',
  'module_put',
  'module_request',
]);

class TraceReader implements LineReader {
  readonly #facts: Facts;
  readonly #file: string;
  readonly #parse: (line: string) => TraceLine | null;
  readonly #passed: RegExp;
  readonly #clock = new FileClock();
  /** The call each task is in. */
  readonly #open = new Map<number, SeenRequest>();

  constructor(
    facts: Facts,
    file: string,
    parse: (line: string) => TraceLine | null,
    passed: RegExp,
  ) {
    this.#facts = facts;
    this.#file = file;
    this.#parse = parse;
    this.#passed = passed;
  }

  line(text: string, number: number): Taken {
    const event = this.#parse(text);
    if (event !== null) return this.#event(event, number);
    const lost = /^CPU:\d+ \[LOST (?:(\d+) )?EVENTS\]|^\s*\[(\d+) (?:events? )?lost/i.exec(text);
    if (lost !== null) {
      const count = lost[1] ?? lost[2];
      return damaged(`the kernel lost ${count ?? 'some'} events here`);
    }
    return this.#passed.test(text) ? 'passed' : null;
  }

  #event(found: TraceLine, number: number): Taken {
    const { event } = found;
    this.#facts.sawCpu(found.cpu);
    if (!KNOWN.has(event)) {
      const call = /^sys_(enter|exit)_(\w+)$/.exec(event);
      if (call === null || !CALLS.has(call[2]!)) {
        this.#facts.countEvent(event);
        return 'passed';
      }
      this.#facts.countEvent(event);
      const t = this.#clock.at(found.seconds, found.fraction);
      return call[1] === 'enter'
        ? this.#enter(found, call[2] as 'finit_module', t, number)
        : this.#exit(found, call[2]!, t);
    }
    this.#facts.countEvent(event);
    switch (event) {
      case 'alloc_vmap_area':
        return this.#alloc(found, number);
      case 'module_load':
        return this.#load(found, number);
      case 'module_request':
        return this.#request(found, number);
      case 'module_free':
        return this.#free(found, number);
      default:
        return 'used';
    }
  }

  #push(request: SeenRequest): void {
    const facts = this.#facts;
    if (!facts.keep('requests', facts.requests.length)) return;
    request.target = facts.own(request.target);
    facts.requests.push(request);
  }

  #enter(
    { comm, pid, cpu, rest }: TraceLine,
    op: 'finit_module' | 'init_module' | 'delete_module',
    start: number,
    line: number,
  ): Taken {
    const flags = Number(/flags(?:: |=)((?:0x)?[0-9a-f]+)/i.exec(rest)?.[1] ?? 0);
    const name = /"([^"]*)"/.exec(rest)?.[1] ?? /(?:name|path)=(\S+)/.exec(rest)?.[1] ?? '';
    const request: SeenRequest = {
      op,
      target: op === 'init_module' ? '' : name,
      flags: Number.isFinite(flags) ? flags : 0,
      args: '',
      pid,
      comm: this.#facts.own(comm),
      cpu,
      start,
      end: undefined,
      ret: undefined,
      derived: false,
      place: { file: this.#file, line },
    };
    if (this.#open.size < 65_536) this.#open.set(pid, request);
    this.#push(request);
    return 'used';
  }

  #exit({ pid, rest }: TraceLine, call: string, t: number): Taken {
    const ret = /^(?:ret(?::|=)?\s*)?(-?(?:0x)?[0-9a-f]+)\b/i.exec(rest)?.[1];
    if (ret === undefined) return damaged(`${call}: expected its return value`);
    const value = signed(ret);
    if (!Number.isSafeInteger(value))
      return damaged(`${call}: ${ret.slice(0, 40)} is no return value`);
    const request = this.#open.get(pid);
    if (request === undefined || request.op !== call) {
      return damaged(`the start of this ${call} lies before the trace`);
    }
    this.#open.delete(pid);
    request.end = t;
    request.ret = value;
    return 'used';
  }

  #alloc({ rest, pid }: TraceLine, line: number): Taken {
    if (this.#facts.allocs.length >= LIMITS.allocs) {
      this.#facts.keep('allocs', this.#facts.allocs.length);
      return 'used';
    }
    const found =
      /va_start[:=] ?(\d+|0x[0-9a-f]+) size=(\d+) align=(\d+) vstart=(0x[0-9a-f]+) vend=(0x[0-9a-f]+) failed=([01])/.exec(
        rest,
      );
    if (found === null) {
      return damaged(
        'alloc_vmap_area: expected va_start: N size=N align=N vstart=0x… vend=0x… failed=0|1',
      );
    }
    const [start, vstart, vend] = [BigInt(found[1]!), BigInt(found[4]!), BigInt(found[5]!)];
    const size = Number(found[2]);
    if ([start, vstart, vend].some((value) => value >> 64n !== 0n) || !Number.isSafeInteger(size)) {
      return damaged('alloc_vmap_area: a number that does not fit 64 bits');
    }
    const call = this.#open.get(pid);
    if (call !== undefined) call.firstAlloc ??= size;
    const { windows, allocs } = this.#facts;
    const key = `${found[4]}-${found[5]}`;
    const window = windows.get(key);
    if (window !== undefined) window.count += 1;
    else if (windows.size < 1000) {
      windows.set(key, { start: vstart, end: vend, count: 1 });
    }
    if (this.#facts.keep('allocs', allocs.length)) {
      allocs.push({
        start,
        size,
        failed: found[6] === '1',
        place: { file: this.#file, line },
      });
    }
    return 'used';
  }

  #load({ comm, pid, cpu, rest, seconds, fraction }: TraceLine, line: number): Taken {
    const name = /^(?:name=)?([\w-]+)/.exec(rest)?.[1];
    if (name === undefined) return damaged('module_load: expected the name of a module');
    const open = this.#open.get(pid);
    if (open !== undefined && open.op !== 'delete_module') {
      if (open.target === '') {
        open.target = this.#facts.own(name);
        open.derived = true;
      }
      return 'used';
    }
    // A trace without system calls: the event itself is the call.
    const t = this.#clock.at(seconds, fraction);
    this.#push({
      op: 'finit_module',
      target: name,
      flags: 0,
      args: '',
      pid,
      comm: this.#facts.own(comm),
      cpu,
      start: t,
      end: undefined,
      ret: undefined,
      derived: true,
      place: { file: this.#file, line },
    });
    return 'used';
  }

  #free({ pid, rest }: TraceLine, _line: number): Taken {
    const name = /^(?:name=)?([\w-]+)/.exec(rest)?.[1];
    if (name === undefined) return damaged('module_free: expected the name of a module');
    const open = this.#open.get(pid);
    if (open !== undefined && open.target === '') {
      open.target = this.#facts.own(name);
      open.derived = true;
    }
    return 'used';
  }

  #request({ comm, pid, cpu, rest, seconds, fraction }: TraceLine, line: number): Taken {
    const found = /^(?:name=)?(.*?) wait=([01])/.exec(rest);
    if (found === null) return damaged('module_request: expected NAME wait=0|1 call_site=…');
    this.#push({
      op: 'request_module',
      target: found[1]!,
      flags: Number(found[2]),
      args: '',
      pid,
      comm: this.#facts.own(comm),
      cpu,
      start: this.#clock.at(seconds, fraction),
      end: undefined,
      ret: undefined,
      derived: false,
      place: { file: this.#file, line },
    });
    return 'used';
  }
}

/** `0x0`, `0xffffffffffffffef`, `0xffffffef`, `-17`. */
export function signed(text: string): number {
  if (!text.startsWith('0x')) return Number(text);
  const digits = text.length - 2;
  const value = BigInt(text);
  return Number(BigInt.asIntN(digits > 8 ? 64 : 32, value));
}

const FTRACE_PASSED =
  /^\s*#|^\s*$|^cpus=\d+|^version = \d|^CPU \d+ is empty|^\s*(?:=>|<stack trace>|\S+\s*<=)|^\s{10,}\S+ \(?[0-9a-f]{8,}\)?$|^ ?=> /;
const PERF_PASSED = /^\s*#|^\s*$|^\s+[0-9a-f]{6,16} \S+/;

export const TRACE_FORMATS: readonly LineFormat[] = [
  {
    name: 'ftrace',
    title: 'kernel trace (trace, trace_pipe, trace-cmd report)',
    open: (facts, file) => new TraceReader(facts, file, parseFtrace, FTRACE_PASSED),
  },
  {
    name: 'perf-script',
    title: 'perf script',
    open: (facts, file) => new TraceReader(facts, file, parsePerf, PERF_PASSED),
  },
  {
    name: 'bpftrace',
    title: 'bpftrace output',
    open: (facts, file) =>
      new TraceReader(
        facts,
        file,
        parseBpftrace,
        /^Attach(?:ed|ing) \d+ probes?|^\{"type": *"(?:attached_probes|lost_events|map|time)"|^@|^\s*$/,
      ),
  },
  {
    name: 'perf-trace',
    title: 'perf trace',
    open: (facts, file) => ({
      line(text, number) {
        const call = parsePerfTrace(text);
        if (call === null) return /^\s*(?:\?|\d+\.\d{3}) \(/.test(text) ? 'passed' : null;
        return perfCall(facts, file, call, number);
      },
    }),
  },
];

function perfCall(facts: Facts, file: string, call: PerfCall, line: number): Taken {
  if (!CALLS.has(call.call)) return 'passed';
  const error = /^-(\d+)|^-1 (E\w+)/.exec(call.result ?? '');
  const start = Math.round(call.atMs * 1e6);
  const known = call.result !== undefined && /^-?\d/.test(call.result);
  const ret =
    error === null ? (known ? 0 : undefined) : error[1] === undefined ? -1 : -Number(error[1]);
  if (facts.keep('requests', facts.requests.length)) {
    facts.requests.push({
      op: call.call as 'finit_module',
      // `fd: 3</lib/modules/…/loop.ko>`, `name_user: "loop"`; quotes of uargs are arguments.
      target:
        /fd: -?\d+<([^>]*)>/.exec(call.args)?.[1] ??
        /name\w*: "([^"]*)"/.exec(call.args)?.[1] ??
        '',
      flags: Number(/flags: (\d+)/.exec(call.args)?.[1] ?? 0),
      args: '',
      pid: call.pid,
      comm: call.comm,
      cpu: undefined,
      start,
      end: call.tookMs === undefined ? undefined : start + Math.round(call.tookMs * 1e6),
      ret,
      derived: false,
      place: { file, line },
    });
  }
  return 'used';
}
