/**
 * Reads one file of evidence. What it is follows from its lines, never from its name; a file may
 * hold several kinds one after the other, as a terminal's transcript does.
 */
import { BoundedLines, type LineProblem } from './bounded-lines.ts';
import { Facts, type FileCount } from './facts.ts';
import type { LineFormat, LineReader, Taken } from './format.ts';
import { LOG_FORMATS } from './klog.ts';
import { LIST_FORMATS } from './lists.ts';
import { TREE_FORMATS } from './module-tree-texts.ts';
import { STRACE } from './strace.ts';
import { TRACE_FORMATS } from './trace-reader.ts';
import { VMALLOCINFO } from './vmallocinfo.ts';

/** In the order in which they are tried; the strict ones come first. */
export const FORMATS: readonly LineFormat[] = [
  VMALLOCINFO,
  ...TREE_FORMATS,
  ...LIST_FORMATS,
  ...TRACE_FORMATS,
  STRACE,
  ...LOG_FORMATS,
];

/** Lines that decide which format is tried first. */
const PROBE_LINES = 300;
const PROBE_CHARACTERS = 1 << 16;

/**
 * Characters of a line that is looked at, JSON apart. The kernel's own lines end at 1,024 (LOG_LINE_MAX)
 * and at a page (seq_file, tracefs); patterns need more than linear time for hostile ones.
 */
const LONGEST_LOOKED = 1 << 14;

interface Opened {
  readonly format: LineFormat;
  readonly reader: LineReader;
}

export class EvidenceReader {
  readonly #facts: Facts;
  readonly #file: string;
  readonly #count: FileCount;
  readonly #lines = new BoundedLines();
  /** The first lines, until the formats are ranked. */
  #probe: string[] | null = [];
  #probed = 0;
  readonly #order: Opened[] = [];

  constructor(facts: Facts, file: string) {
    this.#facts = facts;
    this.#file = file;
    this.#count = { file, formats: new Map(), lines: 0, unusable: 0 };
    facts.files.push(this.#count);
  }

  /** Takes the next piece. Null, or why the file cannot be read any further. */
  feed(chunk: string): LineProblem | null {
    return this.#lines.feed(chunk, (text, number) => this.#line(text, number));
  }

  /** The file ends. Null, or that nothing in it was of use. */
  end(): LineProblem | null {
    this.#lines.end((text, number) => this.#line(text, number));
    this.#rank();
    for (const { reader } of this.#order) reader.end?.();
    if (this.#count.formats.size > 0) return null;
    const first = this.#facts.unusable.find(({ place }) => place.file === this.#file);
    return {
      line: first?.place.line ?? 1,
      column: 1,
      expected: `one of: ${FORMATS.map(({ title }) => title).join('; ')}`,
      found: this.#count.lines === 0 ? 'an empty file' : JSON.stringify(first?.found ?? ''),
    };
  }

  #line(text: string, number: number): void {
    if (this.#probe === null) {
      this.#take(text, number);
      return;
    }
    this.#probe.push(text);
    this.#probed += text.length;
    if (this.#probe.length >= PROBE_LINES || this.#probed >= PROBE_CHARACTERS) this.#rank();
  }

  /** Opens all formats, best first by what they make of the first lines, and reads those. */
  #rank(): void {
    const probe = this.#probe;
    if (probe === null) return;
    this.#probe = null;
    const scored = FORMATS.map((format, index) => ({
      format,
      index,
      score: scoreOf(format, probe),
    }));
    scored.sort((a, b) => b.score - a.score || a.index - b.index);
    for (const { format } of scored) {
      this.#order.push({ format, reader: format.open(this.#facts, this.#file) });
    }
    for (const [i, text] of probe.entries()) this.#take(text, i + 1);
  }

  #take(raw: string, number: number): void {
    const text = number === 1 && raw.startsWith('\ufeff') ? raw.slice(1) : raw;
    this.#count.lines += 1;
    if (text === '' || text.trim() === '') return;
    if (text.length > LONGEST_LOOKED && !/^(?:\x1e|data: )?\{/.test(text.slice(0, 16))) {
      this.#refuse(
        number,
        `a line of ${text.length} characters, at most ${LONGEST_LOOKED} are looked at`,
        text,
      );
      return;
    }
    const order = this.#order;
    for (let i = 0; i < order.length; i += 1) {
      const { format, reader } = order[i]!;
      const taken: Taken = reader.line(text, number);
      if (taken === null) continue;
      if (i > 0) {
        // The one that took a line is asked first for the next.
        order.unshift(...order.splice(i, 1));
      }
      if (typeof taken === 'object') this.#refuse(number, taken.why, text);
      else {
        const { formats } = this.#count;
        formats.set(format.name, (formats.get(format.name) ?? 0) + 1);
      }
      return;
    }
    this.#refuse(number, 'no line of a known kind', text);
  }

  #refuse(line: number, why: string, found: string): void {
    this.#count.unusable += 1;
    this.#facts.refuse({ file: this.#file, line }, why, found);
  }
}

/** How well a format fits: lines it uses count for more than lines it only knows. */
function scoreOf(format: LineFormat, lines: readonly string[]): number {
  const reader = format.open(new Facts(), '');
  let score = 0;
  for (const [i, text] of lines.entries()) {
    if (text.trim() === '' || text.length > LONGEST_LOOKED) continue;
    const taken = reader.line(text, i + 1);
    if (taken === 'used') score += 3;
    else if (taken === 'passed') score += 1;
  }
  return score;
}
