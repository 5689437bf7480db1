// SPDX-License-Identifier: MIT
/**
 * What systemd-udevd says when it is told to debug: events by sequence number, workers, and the
 * modules it loads (src/udev/*.c, systemd 219 to 257).
 */
import type { Nanos } from '../base/index.ts';
import type { Facts } from './facts.ts';
import type { Taken } from './format.ts';
import { findMessage } from './messages.ts';

const SEQ = /\bSEQNUM=(\d+)|\(SEQ(?:NUM)?[=: ](\d+)|\bseq (\d+)/i;
const LOAD =
  /(?:Loading module:? |RUN 'kmod load |Executing kmod command|Module loaded: |kmod[ -]load:? )'?([^'\s][^']*?)'?$/;
const RESULT =
  /(Inserted module|Module|Failed to (?:insert|load|find) module|Successfully loaded|[Ii]gnoring )\s*'?([\w:.*,-]+?)'?(?: is (?:already loaded|built ?in|deny-listed|blacklisted|already being loaded.*)|: (.*))?$/;

export class UdevdLines {
  readonly #facts: Facts;
  readonly #file: string;

  constructor(facts: Facts, file: string) {
    this.#facts = facts;
    this.#file = file;
  }

  line(message: string, pid: number, t: Nanos, line: number): Taken {
    const facts = this.#facts;
    const place = { file: this.#file, line };
    if (findMessage(message) !== undefined && facts.keep('messages', facts.messages.length)) {
      facts.messages.push({ text: message.slice(0, 1024), t, place });
      return 'used';
    }
    const loading = LOAD.exec(message);
    if (loading !== null) {
      if (facts.keep('requests', facts.requests.length)) {
        facts.requests.push({
          op: 'uevent',
          target: loading[1]!.replace(/^kmod load /, ''),
          flags: 0,
          args: '',
          pid,
          comm: 'systemd-udevd',
          cpu: undefined,
          start: t,
          end: undefined,
          ret: undefined,
          derived: false,
          place,
        });
      }
      facts.countEvent('udevd: module load');
      return 'used';
    }
    const result = RESULT.exec(message);
    if (result !== null && /nserted|Module|module/.test(message)) {
      facts.countEvent(`udevd: ${result[1]!.toLowerCase()}`);
      return 'used';
    }
    const seq = SEQ.exec(message);
    if (seq !== null) {
      facts.countEvent('udevd: lines with a sequence number');
      return 'used';
    }
    const worker = /[Ww]orker \[(\d+)\] (\w+)/.exec(message);
    if (worker !== null) facts.countEvent(`udevd: worker ${worker[2]}`);
    const most = /(?:Set )?children_max[ =](?:to )?(\d+)/.exec(message);
    if (most !== null) facts.meminfo.set('udev children_max', Number(most[1]));
    return worker === null && most === null ? 'passed' : 'used';
  }
}
