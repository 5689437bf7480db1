// SPDX-License-Identifier: MIT
/** Reads kernel logs and what systemd-udevd says in the journal. */
import { FileClock } from './clock.ts';
import type { Facts } from './facts.ts';
import { damaged, type LineFormat, type LineReader, type Taken } from './format.ts';
import { type KlogLine, parseKlogLine } from './klog-line.ts';
import { findMessage } from './messages.ts';
import { UdevdLines } from './udevd.ts';

/** ANSI sequences and control characters of a serial capture; a carriage return starts anew. */
const NOISE =
  /\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[()][A-Z0-9]|[=>78c])|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

const LAYOUT = /\b(vmalloc|modules)\s*: (0x[0-9a-f]+) - (0x[0-9a-f]+)/;
const USER_SPACE =
  /^(?:modprobe|insmod|depmod|rmmod|systemd-modules-load|kmod|udevd)(?:\[\d+\])?: /;

/** Takes in messages; the dress they came in is another file's. */
export class KlogTaker {
  readonly #facts: Facts;
  readonly #file: string;
  readonly #clock = new FileClock();
  readonly #udevd: UdevdLines;

  constructor(facts: Facts, file: string) {
    this.#facts = facts;
    this.#file = file;
    this.#udevd = new UdevdLines(facts, file);
  }

  take({ message, time, program, pid }: KlogLine, line: number): Taken {
    const t = time === undefined ? undefined : this.#clock.at(time.seconds, time.fraction);
    if (program !== undefined && /^\(?(?:systemd-)?udev/.test(program)) {
      return this.#udevd.line(message, pid ?? 0, t ?? 0, line);
    }
    this.#machine(message, line);
    if (findMessage(message) === undefined) return 'passed';
    const { messages } = this.#facts;
    if (this.#facts.keep('messages', messages.length)) {
      messages.push({ text: message.slice(0, 1024), t, place: { file: this.#file, line } });
    }
    return 'used';
  }

  #machine(message: string, line: number): void {
    const facts = this.#facts;
    const from = `${this.#file}:${line}`;
    const release = /^Linux version (\S+)/.exec(message)?.[1];
    if (release !== undefined) facts.release ??= { text: release, from };
    const cmdline = /(?:Kernel command line|Command line): (.*)/.exec(message)?.[1];
    if (cmdline !== undefined) facts.cmdline ??= { text: cmdline, from };
    const cpus =
      /smp: Brought up \d+ nodes?, (\d+) CPUs?|Brought up (\d+) CPUs|nr_cpu_ids:(\d+)|SMP: Total of (\d+) processors/.exec(
        message,
      );
    if (cpus !== null) {
      const count = Number(cpus[1] ?? cpus[2] ?? cpus[3] ?? cpus[4]);
      const exact = cpus[3] === undefined;
      if (count > 0 && (facts.cpus === undefined || exact)) facts.cpus = { count, from };
    }
    const memory = /^Memory: \d+K\/(\d+)K available|^Memory: \d+k\/(\d+)k available/.exec(message);
    if (memory !== null) facts.meminfo.set('MemTotal', Number(memory[1] ?? memory[2]));
    const layout = LAYOUT.exec(message);
    if (layout !== null) {
      const window = { start: BigInt(layout[2]!), end: BigInt(layout[3]!), from };
      if (layout[1] === 'vmalloc') facts.vmallocWindow ??= window;
      else facts.modulesWindow ??= window;
    }
  }
}

class KlogReader implements LineReader {
  readonly #taker: KlogTaker;

  constructor(facts: Facts, file: string) {
    this.#taker = new KlogTaker(facts, file);
  }

  line(raw: string, number: number): Taken {
    let text = raw.includes('\x1b') || /[\x00-\x08\x0b-\x1f\x7f]/.test(raw) ? clean(raw) : raw;
    if (text.startsWith('\ufeff')) text = text.slice(1);
    const line = parseKlogLine(text);
    if (line !== null) return this.#taker.take(line, number);
    // dmesg -t and journalctl -o cat print the bare message.
    if (
      USER_SPACE.test(text) ||
      findMessage(text) !== undefined ||
      LAYOUT.test(text) ||
      /^Linux version \d/.test(text)
    ) {
      return this.#taker.take(
        { message: text, time: undefined, program: undefined, pid: undefined },
        number,
      );
    }
    return /^-- (?:Journal begins|Logs begin|Boot [0-9a-f]{8}|No entries|Reboot)|^ [A-Z_]+=|^(?:Oops|Panic)#\d+ Part\d+/.test(
      text,
    ) ||
      /^(?:\[\s*(?:OK|FAILED|DEPEND|WARN|INFO|\*+)\s*\]|\s*(?:Starting|Started|Mounting|Mounted|Reached|Listening|Finished)\b)/.test(
        text,
      )
      ? 'passed'
      : null;
  }
}

/** A terminal's control sequences out; what a carriage return would overwrite, too. */
function clean(raw: string): string {
  const text = raw.replace(NOISE, '');
  const last = text.lastIndexOf('\r');
  return last < 0
    ? text
    : text.slice(last + 1) === ''
      ? text.slice(text.lastIndexOf('\r', last - 1) + 1, last)
      : text.slice(last + 1);
}

/** journalctl -o json, json-pretty, json-sse, json-seq; dmesg -J. */
class JsonLogReader implements LineReader {
  readonly #taker: KlogTaker;
  /** Lines of an object that is not closed yet (json-pretty, dmesg -J). */
  #open = '';
  #from = 0;

  constructor(facts: Facts, file: string) {
    this.#taker = new KlogTaker(facts, file);
  }

  line(raw: string, number: number): Taken {
    const text = raw.replace(/^\x1e|^data: /, '').trim();
    if (/^[{}[\],]*$|^"dmesg"\s*:\s*\[$|^\{\s*"dmesg"\s*:\s*\[$/.test(text)) {
      if (text === '{') {
        this.#open = '{';
        this.#from = number;
        return 'passed';
      }
      if (this.#open !== '' && /^\}/.test(text)) {
        const whole = `${this.#open}}`;
        this.#open = '';
        return this.#object(whole, this.#from);
      }
      this.#open = '';
      return 'passed';
    }
    if (this.#open !== '') {
      if (this.#open.length + text.length > 1 << 20) {
        this.#open = '';
        return damaged('this JSON object is larger than 1 MiB');
      }
      this.#open += text;
      return 'passed';
    }
    if (!text.startsWith('{"') && !text.startsWith('{ "')) return null;
    return this.#object(text.replace(/,$/, ''), number);
  }

  #object(text: string, line: number): Taken {
    let object: Record<string, unknown>;
    try {
      object = JSON.parse(text) as Record<string, unknown>;
    } catch {
      return /"(?:MESSAGE|__CURSOR|_TRANSPORT|msg)"/.test(text)
        ? damaged('the JSON object is cut short or damaged')
        : null;
    }
    const message = journalText(object.MESSAGE ?? object.msg);
    if (message === undefined)
      return '__CURSOR' in object || '_TRANSPORT' in object ? 'passed' : null;
    const program = object.SYSLOG_IDENTIFIER ?? object._COMM;
    const kernel = object._TRANSPORT === 'kernel' || program === undefined || program === 'kernel';
    return this.#taker.take(
      {
        message,
        time: timeOf(object),
        program: kernel ? undefined : String(program),
        pid: Number(object._PID ?? object.SYSLOG_PID ?? 0) || undefined,
      },
      line,
    );
  }
}

function timeOf(object: Record<string, unknown>): KlogLine['time'] {
  const us = object._SOURCE_MONOTONIC_TIMESTAMP ?? object.__MONOTONIC_TIMESTAMP;
  if (typeof us === 'string' && /^\d{1,16}$/.test(us)) {
    const padded = us.padStart(7, '0');
    return { seconds: padded.slice(0, -6), fraction: padded.slice(-6) };
  }
  const time = /^(\d+)(?:\.(\d+))?$/.exec(String(object.time ?? ''));
  return time === null ? undefined : { seconds: time[1]!, fraction: time[2] ?? '' };
}

/** A message that is no UTF-8 is a list of bytes. */
function journalText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  return value
    .map((byte) => (typeof byte === 'number' ? String.fromCharCode(byte & 255) : ''))
    .join('');
}

/** journalctl -o export and -o verbose: a field a line. */
class ExportLogReader implements LineReader {
  readonly #taker: KlogTaker;
  #program: string | undefined;
  #us = '';

  constructor(facts: Facts, file: string) {
    this.#taker = new KlogTaker(facts, file);
  }

  line(raw: string, number: number): Taken {
    const field = /^\s*([A-Z_][A-Z0-9_]*)=(.*)$/.exec(raw);
    if (field === null) {
      return raw.trim() === '' || /^\w{3} \d{4}-\d\d-\d\d .*\[s=[0-9a-f]+;/.test(raw)
        ? 'passed'
        : null;
    }
    const [, name, value] = field;
    if (name === '__CURSOR') this.#program = undefined;
    if (name === 'SYSLOG_IDENTIFIER') this.#program = value === 'kernel' ? undefined : value!;
    if (name === '_SOURCE_MONOTONIC_TIMESTAMP' || name === '__MONOTONIC_TIMESTAMP')
      this.#us = value!;
    if (name !== 'MESSAGE')
      return /^(?:_|SYSLOG|PRIORITY|CODE_|MESSAGE_ID)/.test(name!) ? 'passed' : null;
    const us = /^\d{1,16}$/.test(this.#us) ? this.#us.padStart(7, '0') : undefined;
    return this.#taker.take(
      {
        message: value!,
        time: us === undefined ? undefined : { seconds: us.slice(0, -6), fraction: us.slice(-6) },
        program: this.#program,
        pid: undefined,
      },
      number,
    );
  }
}

export const LOG_FORMATS: readonly LineFormat[] = [
  {
    name: 'log-json',
    title: 'journal or dmesg as JSON',
    open: (facts, file) => new JsonLogReader(facts, file),
  },
  {
    name: 'log-export',
    title: 'journal in export form',
    open: (facts, file) => new ExportLogReader(facts, file),
  },
  { name: 'log', title: 'kernel log', open: (facts, file) => new KlogReader(facts, file) },
];
