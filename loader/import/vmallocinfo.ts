// SPDX-License-Identifier: MIT
/**
 * Reads /proc/vmallocinfo of any architecture and kernel since 2.6.28, whatever it hides: hashed,
 * zeroed or `(ptrval)` addresses, `phys=` with and without 0x, NUMA tails (s_show and
 * vmalloc_info_show, mm/vmalloc.c).
 */
import type { Facts, SeenArea, SeenSpace } from './facts.ts';
import { damaged, type LineFormat, type LineReader, type Taken } from './format.ts';

const LINE =
  /^\s*(?:0x)?(\(?_*(?:ptrval|null)_*\)?|[0-9a-f]{8,16}|0)-(?:0x)?(\(?_*(?:ptrval|null)_*\)?|[0-9a-f]{8,16}|0)\s+(\d{1,19})(?:\s+(.*?))?\s*$/i;
const KINDS: ReadonlySet<string> = new Set([
  'ioremap',
  'sparse',
  'vmalloc',
  'vmap',
  'user',
  'userspace',
  'dma-coherent',
  'vpages',
  'vm_map_ram',
  'kasan',
]);
const PAGE = 4096;

/** The area of a line; a sentence that says what is wrong; null for a line of another kind. */
export function parseVmallocinfoLine(text: string, line: number): SeenArea | string | null {
  const found = LINE.exec(text);
  if (found === null) return null;
  const [, startText, endText, sizeText, rest = ''] = found;
  const size = Number(sizeText);
  if (!Number.isSafeInteger(size) || size === 0)
    return `the size ${sizeText} is no number of bytes of an area`;
  const start = addressOf(startText!);
  const end = addressOf(endText!);
  const hidden = start === undefined || end === undefined || (start === 0n && end === 0n);
  const words = parseWords(rest);
  if (hidden) return { start: undefined, end: undefined, size, ...words, line };
  // A hashed pointer (%p since 4.15) keeps neither order nor distance: upper half zero on 64 bits.
  if (end - start !== BigInt(size)) {
    const hashed = startText!.length === 16 && start >> 32n === 0n && end >> 32n === 0n;
    if (hashed || startText!.length === 8) {
      return { start: undefined, end: undefined, size, ...words, line };
    }
    return `0x${startText}-0x${endText} holds ${end - start} bytes, the line says ${size}`;
  }
  if (size % PAGE !== 0 || start % BigInt(PAGE) !== 0n)
    return `start and size are no multiples of ${PAGE}`;
  return { start, end, size, ...words, line };
}

function addressOf(text: string): bigint | undefined {
  return /^[0-9a-f]+$/i.test(text) ? BigInt(`0x${text}`) : undefined;
}

function parseWords(rest: string): Pick<SeenArea, 'caller' | 'module' | 'kinds' | 'pages'> {
  if (rest.startsWith('unpurged vm_area')) {
    return { caller: '', module: undefined, kinds: ['unpurged'], pages: 0 };
  }
  const caller: string[] = [];
  const kinds: string[] = [];
  let pages = 0;
  let inCaller = true;
  for (const word of rest.split(/\s+/)) {
    if (word === '') continue;
    const value = /^([\w]+)=(.+)$/.exec(word);
    if (value !== null) {
      inCaller = false;
      if (value[1] === 'pages') pages = Number(value[2]) || 0;
    } else if (KINDS.has(word)) {
      inCaller = false;
      kinds.push(word);
    } else if (inCaller) caller.push(word);
  }
  const text = caller.join(' ');
  return { caller: text, module: /\[([\w-]+)(?: [0-9a-f]+)?\]$/.exec(text)?.[1], kinds, pages };
}

class VmallocinfoReader implements LineReader {
  readonly #facts: Facts;
  readonly #space: SeenSpace;

  constructor(facts: Facts, file: string) {
    this.#facts = facts;
    this.#space = { file, areas: [], text: [], digits: 0 };
  }

  line(text: string, number: number): Taken {
    const area = parseVmallocinfoLine(text, number);
    if (area === null)
      return /^\s*0x\S*-0x/.test(text) ? damaged('a line of vmallocinfo that is cut short') : null;
    if (typeof area === 'string') return damaged(area);
    const { areas } = this.#space;
    if (areas.length === 0) this.#facts.spaces.push(this.#space);
    if (!this.#facts.keep('areas', areas.length)) return 'used';
    areas.push(area);
    this.#space.text.push(text.trim());
    this.#space.digits = Math.max(
      this.#space.digits,
      /^\s*(?:0x)?([0-9a-f]*)-/i.exec(text)?.[1]?.length ?? 0,
    );
    return 'used';
  }
}

export const VMALLOCINFO: LineFormat = {
  name: 'vmallocinfo',
  title: '/proc/vmallocinfo',
  open: (facts, file) => new VmallocinfoReader(facts, file),
};
