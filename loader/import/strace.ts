/**
 * Reads what `strace -f` prints (with -t, -tt, -ttt, -r, -T, -y, -i, -k) of a process that loads
 * modules: the three system calls, and the opens that name their files.
 */
import { ERRNO, type ErrnoName, type Nanos } from '../base/index.ts';
import { FileClock } from './clock.ts';
import type { Facts, SeenRequest } from './facts.ts';
import { damaged, type LineFormat, type LineReader, type Taken } from './format.ts';

/** Task, time, instruction pointer; what follows is the call. */
const PREFIX =
  /^\s*(?:\[pid\s+(\d{1,10})\]\s+|(\d{1,10})(?:<[^>]*>)?\s+(?=[^.\s]))?(?:(?:(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?|(\d{1,10})\.(\d{1,9}))\s+(?:\(\+\s*\d+\.\d+\)\s+)?)?(?:\[[0-9a-f?]+\]\s+)?/;
const CALL = /^([a-z_]\w*)\(/;
const RESUMED = /^<\.\.\. (\w+) resumed>\s?(.*)$/;
const RESULT =
  /\)?\s{1,80}= (\?|-?\d{1,20}|0x[0-9a-f]{1,16})(?:<([^>]*)>)?(?: ([A-Z]\w+))?(?: \(([^()]*)\))?(?: <(\d{1,9})\.(\d{1,9})>)?\s{0,9}$/;
const MODULE_FILE = /\.ko(?:\.(?:gz|xz|zst))?$/;
const OPENS = new Set(['open', 'openat', 'openat2']);
const CALLS = new Set(['finit_module', 'init_module', 'delete_module']);

/** include/uapi/linux/module.h and fcntl.h, Linux 6.12 */
const FLAGS: Readonly<Record<string, number>> = {
  MODULE_INIT_IGNORE_MODVERSIONS: 1,
  MODULE_INIT_IGNORE_VERMAGIC: 2,
  MODULE_INIT_COMPRESSED_FILE: 4,
  O_NONBLOCK: 2048,
  O_TRUNC: 512,
};

interface Unfinished {
  readonly call: string;
  readonly text: string;
  readonly start: Nanos;
  readonly line: number;
}

class StraceReader implements LineReader {
  readonly #facts: Facts;
  readonly #file: string;
  readonly #clock = new FileClock();
  readonly #unfinished = new Map<number, Unfinished>();
  /** Module files that are open, by task and descriptor. */
  readonly #files = new Map<string, string>();
  readonly #comms = new Map<number, string>();
  readonly #parents = new Map<number, number>();

  constructor(facts: Facts, file: string) {
    this.#facts = facts;
    this.#file = file;
  }

  line(text: string, number: number): Taken {
    const found = PREFIX.exec(text)!;
    const rest = text.slice(found[0].length);
    const pid = Number(found[1] ?? found[2] ?? 0);
    const resumed = RESUMED.exec(rest);
    if (resumed !== null) {
      this.#time(found);
      return this.#resume(pid, resumed[1]!, resumed[2]!);
    }
    const call = CALL.exec(rest)?.[1];
    if (call === undefined) {
      return /^(?:\+\+\+ |--- |strace: |<\.\.\. |\?\?\?\? |<detached|<unavailable| > )/.test(rest)
        ? 'passed'
        : null;
    }
    const result = RESULT.exec(rest);
    const unfinished = /<(?:unfinished|pending) \.\.\.>\s*$|<unfinished \.\.\.$/.test(rest);
    if (result === null && !unfinished) {
      if (/^(?:exit|exit_group|execve|rt_sigreturn)\(/.test(rest)) return 'passed';
      return CALLS.has(call) && found[0] !== ''
        ? damaged(`${call}: expected "= RESULT" or "<unfinished ...>" at the end`)
        : null;
    }
    const start = this.#time(found);
    if (unfinished) {
      const kept = rest.replace(/\s*<unfinished \.\.\.>?\s*$/, '');
      if (this.#unfinished.size < 65_536) {
        this.#unfinished.set(pid, { call, text: kept, start, line: number });
      }
      return this.#wants(call) ? 'used' : 'passed';
    }
    return this.#call(pid, call, rest, start, number);
  }

  end(): void {
    for (const [pid, { call, text, start, line }] of this.#unfinished) {
      if (CALLS.has(call)) this.#push(pid, call, text, start, line, null);
    }
  }

  #time(found: RegExpExecArray): Nanos {
    const [, , , hours, minutes, seconds, part, whole, fraction] = found;
    if (hours !== undefined) return this.#clock.ofDay(hours, minutes!, seconds!, part);
    if (whole === undefined) return this.#clock.after('0');
    // -r counts from the call before, -ttt from 1970.
    return whole.length < 9 ? this.#clock.after(whole, fraction) : this.#clock.at(whole, fraction);
  }

  #wants(call: string): boolean {
    return CALLS.has(call) || OPENS.has(call);
  }

  #resume(pid: number, call: string, rest: string): Taken {
    const begun = this.#unfinished.get(pid);
    this.#unfinished.delete(pid);
    if (begun === undefined || begun.call !== call) {
      return this.#wants(call)
        ? damaged(`the start of this ${call} lies before the record`)
        : 'passed';
    }
    const joined = `${begun.text}${rest.startsWith(')') ? '' : ' '}${rest}`;
    return this.#call(pid, call, joined, begun.start, begun.line);
  }

  #call(pid: number, call: string, text: string, start: Nanos, line: number): Taken {
    const result = RESULT.exec(text);
    if (result === null) return 'passed';
    if (CALLS.has(call)) return this.#push(pid, call, text, start, line, result);
    if (OPENS.has(call)) return this.#open(pid, text, result);
    if (call === 'close') this.#files.delete(`${pid}/${/\((\d+)/.exec(text)?.[1]}`);
    else if (call === 'execve') {
      const name = /\("([^"]*)"/.exec(text)?.[1];
      if (name !== undefined && this.#comms.size < 65_536) {
        this.#comms.set(pid, name.slice(name.lastIndexOf('/') + 1));
      }
    } else if (/^v?fork$|^clone3?$/.test(call) && Number(result[1]) > 0) {
      if (this.#parents.size < 65_536) this.#parents.set(Number(result[1]), pid);
    } else if (/^dup[23]?$/.test(call)) {
      const held = this.#fileOf(pid, /\((\d+)/.exec(text)?.[1] ?? '');
      if (held !== undefined) this.#files.set(`${pid}/${result[1]}`, held);
    }
    return 'passed';
  }

  #open(pid: number, text: string, result: RegExpExecArray): Taken {
    const path = result[2] ?? /"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
    if (path === undefined || !MODULE_FILE.test(path)) return 'passed';
    const fd = Number(result[1]);
    if (!(fd >= 0)) return 'passed';
    if (this.#files.size < 65_536) this.#files.set(`${pid}/${fd}`, path);
    return 'used';
  }

  #fileOf(pid: number, fd: string): string | undefined {
    for (
      let task: number | undefined = pid, depth = 0;
      task !== undefined && depth < 8;
      depth += 1
    ) {
      const held = this.#files.get(`${task}/${fd}`);
      if (held !== undefined) return held;
      task = this.#parents.get(task);
    }
    return undefined;
  }

  #push(
    pid: number,
    call: string,
    text: string,
    start: Nanos,
    line: number,
    result: RegExpExecArray | null,
  ): Taken {
    const inside = text.slice(call.length + 1, result?.index ?? text.length);
    const ret = result === null ? undefined : returned(result);
    const took = result?.[5];
    const request: SeenRequest = {
      op: call as 'finit_module',
      target: '',
      flags: 0,
      args: '',
      pid,
      comm: this.#comms.get(pid) ?? this.#comms.get(this.#parents.get(pid) ?? -1) ?? 'process',
      cpu: undefined,
      start,
      end: took === undefined ? undefined : start + Number(took) * 1e9 + nanosOf(result![6]!),
      ret,
      derived: false,
      place: { file: this.#file, line },
    };
    const filled = this.#arguments(request, pid, call, inside);
    if (filled === null) return damaged(`${call}: its arguments cannot be read`);
    const { requests } = this.#facts;
    if (this.#facts.keep('requests', requests.length)) requests.push(filled);
    return 'used';
  }

  #arguments(request: SeenRequest, pid: number, call: string, inside: string): SeenRequest | null {
    if (call === 'finit_module') {
      const found =
        /^(-?\d+|AT_FDCWD)(?:<([^>]*)>)?(?:,\s*(?:"((?:[^"\\]|\\.)*)"(?:\.\.\.)?|NULL|0x[0-9a-f]+))?(?:,\s*([^,)]+))?/.exec(
          inside,
        );
      if (found === null) return null;
      const path = found[2] ?? this.#fileOf(pid, found[1]!) ?? '';
      return {
        ...request,
        target: path,
        derived: found[2] === undefined,
        args: unescaped(found[3] ?? ''),
        flags: flagBits(found[4]),
      };
    }
    if (call === 'init_module') {
      const found =
        /^(0x[0-9a-f]+|NULL|".*?"(?:\.\.\.)?),\s*(\d+)(?:,\s*"((?:[^"\\]|\\.)*)")?/.exec(inside);
      if (found === null) return null;
      const path = this.#lastOpened(pid);
      return { ...request, target: path, derived: true, args: unescaped(found[3] ?? '') };
    }
    const found = /^(?:"((?:[^"\\]|\\.)*)"|NULL|0x[0-9a-f]+)(?:,\s*([^,)]+))?/.exec(inside);
    if (found === null) return null;
    return { ...request, target: found[1] ?? '', flags: flagBits(found[2]) };
  }

  /** init_module(2) takes bytes; the file is the one its task opened last. */
  #lastOpened(pid: number): string {
    let last = '';
    for (const [key, path] of this.#files) if (key.startsWith(`${pid}/`)) last = path;
    return last;
  }
}

function nanosOf(fraction: string): number {
  return Number(fraction.slice(0, 9).padEnd(9, '0'));
}

/** 0 or -errno; undefined for `?` without a name. */
function returned(result: RegExpExecArray): number | undefined {
  const [, value, , name] = result;
  if (name !== undefined && Object.hasOwn(ERRNO, name)) return -ERRNO[name as ErrnoName];
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

function flagBits(text: string | undefined): number {
  if (text === undefined) return 0;
  let sum = 0;
  for (const word of text.replace(/\/\*.*?\*\//g, '').split('|')) {
    const value = FLAGS[word.trim()] ?? Number(word.trim());
    if (Number.isFinite(value)) sum |= value;
  }
  return sum >>> 0;
}

/** strace escapes as C does. */
function unescaped(text: string): string {
  const named: Readonly<Record<string, string>> = {
    n: '\n',
    t: '\t',
    r: '\r',
    '"': '"',
    '\\': '\\',
  };
  return text.replace(/\\([0-7]{1,3}|.)/g, (_, code: string) =>
    /^[0-7]/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (named[code] ?? code),
  );
}

export const STRACE: LineFormat = {
  name: 'strace',
  title: 'strace',
  open: (facts, file) => new StraceReader(facts, file),
};
