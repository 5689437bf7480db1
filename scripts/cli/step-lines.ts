// SPDX-License-Identifier: MIT
/** What came of each step of a scenario, for the report. */
import type { CallResult, RunResult } from '../../loader/session/index.ts';
import { strerror } from '../../loader/userspace/index.ts';
import { counted } from './byte-text.ts';

/** Lines of one step's words, and of all steps, that a report shows. */
const WORDS = 4;
const LINES = 60;
const WIDTH = 100;

/** One line for each call: what, what it returned, what that means; below it what was said. */
export function stepLines(result: RunResult): string[] {
  const calls = result.results.filter(({ step }) => step !== undefined);
  if (calls.length === 0) return [];
  const lines: string[] = [];
  let shown = 0;
  for (const call of calls) {
    const more = callLines(call);
    if (lines.length + more.length > LINES) break;
    lines.push(...more);
    shown += 1;
  }
  const rest = calls.length - shown;
  if (rest > 0) lines.push(`  and ${counted(rest, 'more call')}, all in result.json`);
  return ['steps', ...lines, ...verdict(result), ''];
}

function callLines(call: CallResult): string[] {
  const place = `${call.step}${call.member === undefined ? '' : `.${call.member}`}`;
  const what = `${call.op} ${call.subject}`.trimEnd();
  const head = `  ${place.padStart(5)}  ${cut(what, 44).padEnd(44)}  ${meaning(call)}`;
  const words = [...(call.output ?? []), ...call.log, ...textLines(call)];
  const shown = words.slice(0, WORDS).map((line) => `         | ${cut(line, WIDTH - 11)}`);
  const rest = words.length - shown.length;
  return [head, ...shown, ...(rest > 0 ? [`         | and ${counted(rest, 'more line')}`] : [])];
}

function meaning({ op, ret, stage, text }: CallResult): string {
  if (ret < 0) {
    const where = stage === 'done' || stage === 'request' ? '' : `, in ${stage}`;
    return `${ret} ${strerror(ret)}${where}`;
  }
  if (text !== undefined) return `${ret} bytes`;
  if (op === 'modprobe') return ret === 0 ? '0' : `exit status ${ret}`;
  if (op === 'request_module' && ret > 0) {
    return `${ret}: modprobe ${ret & 0x7f ? `got signal ${ret & 0x7f}` : `exited with ${ret >> 8}`}`;
  }
  return String(ret);
}

function textLines({ text }: CallResult): string[] {
  if (text === undefined || text === '') return [];
  return text.replace(/\n$/, '').split('\n');
}

function verdict({ expectations, unmet }: RunResult): string[] {
  if (expectations === 0) return [];
  const met = expectations - unmet.length;
  const word = unmet.length === 0 ? 'passed' : 'failed';
  return [`  ${word}: ${met} of ${counted(expectations, 'expectation')} met`];
}

/** Control characters are shown as escapes: they come from names and files. */
function cut(text: string, width: number): string {
  const plain = [...text]
    .map((char) => {
      const code = char.codePointAt(0)!;
      if (char === '\t') return ' ';
      return code < 32 || code === 127 ? `\\x${code.toString(16).padStart(2, '0')}` : char;
    })
    .join('');
  return plain.length <= width ? plain : `${plain.slice(0, width - 1)}…`;
}
