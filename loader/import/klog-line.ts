// SPDX-License-Identifier: MIT
/**
 * A line of the kernel's log in any of its dresses: the raw ring buffer, dmesg and its time styles,
 * journalctl, syslog files, /dev/kmsg, serial captures. What is left is the message and its time.
 */

export interface KlogLine {
  readonly message: string;
  /** Seconds and fraction; undefined where the line has no time. */
  readonly time: { readonly seconds: string; readonly fraction: string } | undefined;
  /** Program of a syslog line, if not the kernel: `systemd-udevd`. */
  readonly program: string | undefined;
  readonly pid: number | undefined;
}

const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';

/** `<6>`, `kern  :info  : `, at the very start. */
const LEVEL =
  /^(?:<\d{1,3}>|(?:kern|user|daemon|syslog|auth\w*|cron|mail|local\d)\s*:\s*(?:emerg|alert|crit|err|warn|notice|info|debug)\s*:\s*)/;
/** `[    1.234567] `, `[    1.234567 <    0.000012>] `, `[    1.2][  T12] `, `[  +0.000001] `. */
const BRACKET =
  /^\[\s*(\+?)(\d{1,10})\.(\d{3,9})(?:\s*<\s*[-+]?\d+\.\d+>)?\](?:\s*\[\s*[TC]\d+\s*\])?\s?/;
/** `[Mon Nov 30 23:08:41 2026] `, also with a delta. */
const CTIME = new RegExp(
  `^\\[(?:\\w{3}\\s)?(?:${MONTHS})\\s+(\\d{1,2})\\s+(\\d\\d):(\\d\\d):(\\d\\d)(?:\\s+\\d{4})?(?:\\s*<\\s*[-+]?\\d+\\.\\d+>)?\\]\\s?`,
);
/** dmesg -e: `[Nov30 23:08] `, then `[  +0.000001] `. */
const RELTIME = new RegExp(`^\\[(?:${MONTHS})\\s?\\d{1,2} \\d\\d:\\d\\d\\]\\s?`);
/** dmesg --time-format=iso, journalctl -o short-iso, rsyslog. */
const ISO = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:Z|[+-]\d\d:?\d\d)?\s/;
/** journalctl -o short, short-precise, with-unit; classic syslog. */
const SHORT = new RegExp(
  `^(?:\\w{3} )?(?:(?:${MONTHS}) +\\d{1,2}|\\d{4}-\\d\\d-\\d\\d) (\\d\\d):(\\d\\d):(\\d\\d)(?:\\.(\\d{1,9}))?(?: [A-Z][A-Za-z]{1,4}| [+-]\\d{2,4})?\\s`,
);
/** journalctl -o short-unix. */
const UNIX = /^(\d{9,11})\.(\d{6})\s/;
/** /dev/kmsg: `6,1234,5678901,-;text`. */
const KMSG = /^\d{1,4},\d{1,12},(\d{1,16}),[-+c](?:,[^;]*)?;/;
/** `host kernel: `, `host systemd-udevd[123]: `, `kernel: `. */
const SYSLOG = /^(?:([\w.:-]{1,64}) )?([\w()@./-]{1,64}?)(?:\[(\d{1,10})\])?:(?:\s|$)/;

/** Null where nothing says that this is a line of a log. */
export function parseKlogLine(line: string): KlogLine | null {
  let rest = line;
  let marked = false;
  let time: KlogLine['time'];
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const found = pattern.exec(rest);
    if (found !== null) {
      rest = rest.slice(found[0].length);
      marked = true;
    }
    return found;
  };
  const kmsg = take(KMSG);
  if (kmsg !== null) {
    const us = kmsg[1]!.padStart(7, '0');
    return {
      message: rest.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      ),
      time: { seconds: us.slice(0, -6), fraction: us.slice(-6) },
      program: undefined,
      pid: undefined,
    };
  }
  const iso = take(ISO);
  let dated = iso !== null;
  if (iso !== null) time = { seconds: epoch(iso), fraction: iso[7] ?? '' };
  if (!dated) {
    const short = take(SHORT);
    if (short !== null) {
      dated = true;
      time = { seconds: ofDay(short), fraction: short[4] ?? '' };
    }
  }
  if (!dated) {
    const unix = take(UNIX);
    if (unix !== null) {
      dated = true;
      time = { seconds: unix[1]!, fraction: unix[2]! };
    }
  }
  let program: string | undefined;
  let pid: number | undefined;
  take(LEVEL);
  const monotonic = !dated && take(BRACKET);
  if (monotonic) time = monotonic[1] === '+' ? undefined : secondsOf(monotonic);
  if (!dated && !monotonic) {
    const ctime = take(CTIME);
    if (ctime !== null)
      time = { seconds: ofDay([ctime[0], ctime[2]!, ctime[3]!, ctime[4]!]), fraction: '' };
    else take(RELTIME);
  }
  if (dated || (monotonic && /^[\w.:-]{1,64} [\w()@./-]{1,64}(?:\[\d+\])?: /.test(rest))) {
    const from = SYSLOG.exec(rest);
    if (from !== null && (from[1] !== undefined || from[2] === 'kernel')) {
      const host = from[1] !== undefined;
      const name = from[2]!;
      if (
        dated ||
        name === 'kernel' ||
        name.startsWith('systemd') ||
        host === (from[3] !== undefined)
      ) {
        rest = rest.slice(from[0].length);
        if (name !== 'kernel') {
          program = name;
          pid = from[3] === undefined ? undefined : Number(from[3]);
        }
      }
    } else if (dated && rest.startsWith('kernel: ')) rest = rest.slice(8);
    const inner = program === undefined ? take(BRACKET) : null;
    if (inner !== null && inner[1] !== '+') time = secondsOf(inner);
  }
  return marked ? { message: rest, time, program, pid } : null;
}

function secondsOf(found: RegExpExecArray): { seconds: string; fraction: string } {
  return { seconds: found[2]!, fraction: found[3]! };
}

function ofDay([, hours, minutes, seconds]: readonly string[]): string {
  return String(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}

/** Seconds since 1970; the zone is left out, since only differences are used. */
function epoch([, year, month, day, hours, minutes, seconds]: readonly string[]): string {
  const y = Number(month) <= 2 ? Number(year) - 1 : Number(year);
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * ((Number(month) + 9) % 12) + 2) / 5) + Number(day) - 1;
  const days =
    era * 146_097 + yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy - 719_468;
  return String(days * 86_400 + Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}
