/** What the files of a machine say, as facts: the words are explain-text.ts's. */
import { moduleBounds, vmallocBounds } from './bounds.ts';
import { type Facts, placeText } from './facts.ts';
import { findMessage } from './messages.ts';
import { compareSpaces, reportSpace, type SpaceChange, type SpaceReport } from './space-report.ts';

/** One kind of message and the lines that are of it. */
export interface ExplainedMessage {
  readonly id: string;
  readonly count: number;
  /** The first of them. */
  readonly text: string;
  readonly place: string;
  readonly modules: readonly string[];
  readonly meaning: string;
  readonly advice: string;
  readonly rule: string;
  readonly errno?: string;
}

/** A request for room that failed, set against a vmallocinfo. */
export interface ExplainedFailure {
  /** Bytes, guard page included. */
  readonly size: number;
  readonly count: number;
  readonly place: string;
  /** The range that was searched, where the message names it (Linux 6.11 and later). */
  readonly range?: readonly [start: string, end: string];
  /** Undefined without a vmallocinfo whose addresses can be read. */
  readonly verdict?: 'fragmentation' | 'exhaustion' | 'fits';
  readonly free?: number;
  readonly largest?: number;
  /** Smallest `vmalloc=` in MiB with which the snapshot holds the request; 32 bits only. */
  readonly vmalloc_mib?: number;
}

export interface StatsAnswer {
  readonly stage: 'kread' | 'decompress' | 'becoming' | 'load';
  readonly failures: string;
  readonly bytes: string;
  /** Share of the wasted bytes, 0 to 1. */
  readonly share: number;
}

export interface ExplainDocument {
  readonly version: 1;
  readonly files: readonly {
    readonly file: string;
    readonly formats: readonly string[];
    readonly lines: number;
    readonly unusable: number;
  }[];
  readonly messages: readonly ExplainedMessage[];
  readonly failures: readonly ExplainedFailure[];
  readonly spaces: readonly SpaceReport[];
  /** Between the first two vmallocinfo, where there are two. */
  readonly change?: SpaceChange;
  readonly stats: {
    readonly rows: Readonly<Record<string, string>>;
    readonly wasted: string;
    readonly stages: readonly StatsAnswer[];
    readonly duplicates: readonly {
      readonly name: string;
      readonly count: number;
      readonly reason: string;
    }[];
    /** The sum the text gives is not that of its parts. */
    readonly disagrees: boolean;
  } | null;
  readonly calls: readonly { readonly result: string; readonly count: number }[];
  readonly unusable: readonly {
    readonly place: string;
    readonly why: string;
    readonly found: string;
  }[];
}

const MIB = 1024 * 1024;
const STAGES = [
  ['kread', 'Mods failed on kread', 'Failed kread bytes'],
  ['decompress', 'Mods failed on decompress', 'Failed decompress bytes'],
  ['becoming', 'Mods failed on becoming', 'Failed becoming bytes'],
  ['load', 'Mods failed on load', 'Failed kmod bytes'],
] as const;

export function explainDocument(facts: Facts): ExplainDocument {
  const last = facts.spaces.at(-1);
  const spaces = facts.spaces.map((space) =>
    reportSpace(space, vmallocBounds(facts, space), moduleBounds(facts, space)),
  );
  const [first, second] = facts.spaces;
  return {
    version: 1,
    files: facts.files.map(({ file, formats, lines, unusable }) => ({
      file,
      formats: [...formats.keys()],
      lines,
      unusable,
    })),
    messages: explainMessages(facts),
    failures: explainFailures(facts, last === undefined ? undefined : spaces.at(-1)),
    spaces,
    ...(first !== undefined && second !== undefined
      ? { change: compareSpaces(first, second) }
      : {}),
    stats: explainStats(facts),
    calls: countCalls(facts),
    unusable: facts.unusable.map(({ place, why, found }) => ({
      place: placeText(place),
      why,
      found,
    })),
  };
}

function explainMessages({ messages }: Facts): ExplainedMessage[] {
  const rows = new Map<string, ExplainedMessage & { modules: string[]; count: number }>();
  for (const { text, place } of messages) {
    const match = findMessage(text);
    if (match === undefined) continue;
    const { rule, found } = match;
    const key = `${rule.id} ${rule.meaning}`;
    const module = rule.module === undefined ? undefined : found[rule.module]?.replace(/:$/, '');
    const row = rows.get(key);
    if (row === undefined) {
      const { id, meaning, advice, errno } = rule;
      rows.set(key, {
        id,
        count: 1,
        text,
        place: placeText(place),
        modules: module === undefined ? [] : [module],
        meaning,
        advice,
        rule: rule.rule,
        ...(errno === undefined ? {} : { errno }),
      });
      continue;
    }
    row.count += 1;
    if (module !== undefined && row.modules.length < 100 && !row.modules.includes(module)) {
      row.modules.push(module);
    }
  }
  return [...rows.values()].sort((a, b) => b.count - a.count);
}

function explainFailures(facts: Facts, report: SpaceReport | undefined): ExplainedFailure[] {
  const sizes = new Map<string, ExplainedFailure & { count: number }>();
  const note = (size: number, place: string, range?: readonly [string, string]): void => {
    const key = `${size} ${range?.join(' ') ?? ''}`;
    const row = sizes.get(key);
    if (row !== undefined) {
      row.count += 1;
      return;
    }
    if (sizes.size >= 1000) return;
    sizes.set(key, {
      size,
      count: 1,
      place,
      ...(range ? { range } : {}),
      ...judge(size, report, range),
    });
  };
  for (const { text, place } of facts.messages) {
    const match = findMessage(text);
    if (match?.rule.id !== 'va-window') continue;
    const [, size, start, end] = match.found;
    if (!Number.isSafeInteger(Number(size))) continue;
    note(Number(size), placeText(place), start === undefined ? undefined : [start, end!]);
  }
  for (const { failed, size, place } of facts.allocs) if (failed) note(size, placeText(place));
  return [...sizes.values()];
}

/** Sets a request against the snapshot. */
function judge(
  size: number,
  report: SpaceReport | undefined,
  range: readonly [string, string] | undefined,
): Partial<ExplainedFailure> {
  if (report?.bounds === undefined || report.hidden > 0) return {};
  const within = ({ start }: { readonly start: bigint }): boolean =>
    range === undefined || (start >= BigInt(range[0]) && start < BigInt(range[1]));
  const { start, end } = report.bounds;
  const small = end <= 1n << 32n;
  // Windows of 64 bits do not fill: only the modules' own area can be meant.
  const searched =
    small || report.modulesArea === undefined || range !== undefined
      ? [...report.holes, ...(range === undefined ? [] : (report.modulesArea?.holes ?? []))]
      : report.modulesArea.holes;
  const holes = searched.filter(within);
  const free = holes.reduce((sum, hole) => sum + hole.size, 0);
  const largest = holes.reduce((most, hole) => Math.max(most, hole.size), 0);
  const verdict = largest >= size ? 'fits' : free >= size ? 'fragmentation' : 'exhaustion';
  if (!small || verdict === 'fits') return { verdict, free, largest };
  // A larger vmalloc= moves the window's start down: the hole there grows by as much.
  const atStart = report.holes[0]?.start === start ? report.holes[0].size : 0;
  const needed = Number(end - start) + Math.max(0, size - atStart);
  return { verdict, free, largest, vmalloc_mib: Math.ceil(needed / MIB) };
}

function explainStats({ stats, duplicates }: Facts): ExplainDocument['stats'] {
  if (stats.size === 0) return null;
  const get = (label: string): bigint => stats.get(label)?.value ?? 0n;
  const sum = STAGES.reduce((total, [, , bytes]) => total + get(bytes), 0n);
  const given = stats.get('Virtual mem wasted bytes')?.value;
  return {
    rows: Object.fromEntries([...stats].map(([label, { value }]) => [label, String(value)])),
    wasted: String(given ?? sum),
    stages: STAGES.map(([stage, count, bytes]) => ({
      stage,
      failures: String(get(count)),
      bytes: String(get(bytes)),
      share: sum > 0n ? Number((get(bytes) * 10_000n) / sum) / 10_000 : 0,
    })),
    duplicates: [...duplicates].sort((a, b) => b.count - a.count),
    disagrees: given !== undefined && given !== sum,
  };
}

function countCalls({ requests }: Facts): ExplainDocument['calls'] {
  const rows = new Map<string, number>();
  for (const { op, ret } of requests) {
    const result = `${op} ${ret ?? '?'}`;
    rows.set(result, (rows.get(result) ?? 0) + 1);
  }
  return [...rows].map(([result, count]) => ({ result, count })).sort((a, b) => b.count - a.count);
}
