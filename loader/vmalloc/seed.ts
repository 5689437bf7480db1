// SPDX-License-Identifier: MIT
/** Starting from a real box: its /proc/vmallocinfo becomes the areas of an empty space. */
import {
  type Bytes,
  PAGE_SIZE,
  type PageCount,
  parseAddress,
  type VirtAddr,
} from '../base/index.ts';
import { type AreaOwner, VM } from './area.ts';
import { NIL } from './free-blocks.ts';
import type { VmapAllocator } from './vmap-allocator.ts';

/** How many areas came in, or which line is wrong and why. */
export type SeedResult =
  | { readonly ok: true; readonly areas: number; readonly vmallocPages: PageCount }
  | { readonly ok: false; readonly message: string };

interface Line {
  readonly number: number;
  readonly start: VirtAddr;
  readonly size: Bytes;
  readonly caller: string;
  readonly pages: PageCount;
  readonly phys: number;
  readonly flags: number;
  readonly vpages: boolean;
  readonly lazy: boolean;
}

const WORDS = new Map<string, number>([
  ['ioremap', VM.IOREMAP],
  ['sparse', VM.SPARSE],
  ['vmalloc', VM.ALLOC],
  ['vmap', VM.MAP],
  ['user', VM.USERMAP],
  ['dma-coherent', VM.DMA_COHERENT],
]);

/**
 * Parses everything before it changes anything.
 * Model: the free tree is cut in address order, so its shape is not that box's own; and a vmap
 * block counts as one area without free room.
 */
export function seedAreas(allocator: VmapAllocator, text: string): SeedResult {
  if (allocator.busy.count > 0 || allocator.lazyPages > 0) {
    return { ok: false, message: 'vmallocinfo can only fill an address space that is still empty' };
  }
  const lines: Line[] = [];
  for (const [i, raw] of text.split('\n').entries()) {
    if (raw.trim() === '') continue;
    const line = parseLine(allocator, raw, i + 1);
    if (typeof line === 'string') return fail(i + 1, line);
    lines.push(line);
  }
  lines.sort((a, b) => a.start - b.start);
  for (const [i, line] of lines.entries()) {
    const before = lines[i - 1];
    if (before !== undefined && before.start + before.size > line.start) {
      return fail(line.number, `overlaps the area of line ${before.number}`);
    }
  }
  let vmallocPages = 0;
  for (const line of lines) {
    enter(allocator, line);
    if ((line.flags & VM.ALLOC) !== 0) vmallocPages += line.pages;
  }
  return { ok: true, areas: lines.length, vmallocPages };
}

function fail(line: number, why: string): SeedResult {
  return { ok: false, message: `vmallocinfo line ${line}: ${why}` };
}

function parseLine(allocator: VmapAllocator, raw: string, number: number): Line | string {
  const { preset, window, tree } = allocator;
  const head = /^0x(\S+?)-0x(\S+)\s+(\d+)(?:\s+(.*))?$/.exec(raw.trim());
  if (head === null) return `expected "0x<start>-0x<end> <bytes> …", found "${raw.slice(0, 60)}"`;
  const [, startText, endText, sizeText, rest] = head;
  if (/ptrval/.test(raw)) return 'addresses are hidden; read it as root with kptr_restrict=1';
  const start = parseAddress(preset, startText!);
  if (!start.ok) return start.message;
  const end = parseAddress(preset, endText!);
  if (!end.ok) return end.message;
  const size = Number(sizeText);
  if (end.addr === 0) return 'addresses are zero; read it as root with kptr_restrict=1';
  if (end.addr - start.addr !== size) {
    return `the range holds ${end.addr - start.addr} bytes, the line says ${size} (hashed addresses?)`;
  }
  if (size === 0 || start.addr % PAGE_SIZE !== 0 || size % PAGE_SIZE !== 0) {
    return 'start and size must be multiples of 4096, the size above 0';
  }
  const modules = preset.modules === 'vmalloc' ? window : preset.modules;
  const fallback = preset.modulesFallback ?? 'vmalloc';
  const ranges = [window, modules, fallback === 'vmalloc' ? window : fallback];
  if (!ranges.some((r) => start.addr >= r.start && end.addr <= r.end)) {
    return `0x${startText}-0x${endText} lies outside the address space ${preset.name}`;
  }
  const block = tree.enclosing(start.addr);
  if (block === NIL || tree.endOf(block) < end.addr) return 'the range is not free';
  const words = parseWords(rest ?? '');
  return typeof words === 'string' ? words : { number, start: start.addr, size, ...words };
}

/**
 * `0xfed00000`; `fed00000` before Linux 4.1, which printed `%lx` (s_show, mm/vmalloc.c): hexadecimal
 * in both. Undefined for what is no address or has no exact double.
 */
function physOf(text: string): number | undefined {
  const digits = /^(?:0x)?([0-9a-f]{1,16})$/i.exec(text)?.[1];
  const value = digits === undefined ? Number.NaN : Number.parseInt(digits, 16);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The caller is whatever stands before the first `name=` or known word. */
function parseWords(
  rest: string,
): Pick<Line, 'caller' | 'pages' | 'phys' | 'flags' | 'vpages' | 'lazy'> | string {
  const found = { caller: '', pages: 0, phys: 0, flags: 0, vpages: false, lazy: false };
  if (rest === 'unpurged vm_area') return { ...found, lazy: true };
  if (rest === 'vm_map_ram') return { ...found, flags: VM.VMAP_RAM };
  const caller: string[] = [];
  let inCaller = true;
  for (const word of rest.split(/\s+/).filter((w) => w !== '')) {
    const value = /^(pages|phys|N\d+)=(\w+)$/.exec(word);
    const flag = WORDS.get(word);
    if (value?.[1] === 'pages') found.pages = Number(value[2]);
    else if (value?.[1] === 'phys') {
      const phys = physOf(value[2]!);
      if (phys === undefined) return `expected phys= in hexadecimal, found "${word.slice(0, 40)}"`;
      found.phys = phys;
    } else if (flag !== undefined) found.flags |= flag;
    else if (word === 'vpages') found.vpages = true;
    else if (value === null && inCaller) caller.push(word);
    if (value !== null || flag !== undefined) inCaller = false;
  }
  return { ...found, caller: caller.join(' ') };
}

function enter(allocator: VmapAllocator, line: Line): void {
  const { tree } = allocator;
  tree.clip(tree.enclosing(line.start), line.start, line.size);
  const owner: AreaOwner = { caller: line.caller, purpose: 'boot' };
  const area = allocator.newArea(line.start, line.size, line.flags, owner);
  area.nrPages = line.pages;
  area.phys = line.phys;
  area.vpages = line.vpages;
  if (line.caller.startsWith('pcpu_get_vm_areas')) area.flags |= VM.NO_GUARD;
  if (line.lazy) allocator.park(area);
  else allocator.insertBusy(area);
}
