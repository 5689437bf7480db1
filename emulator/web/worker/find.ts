// SPDX-License-Identifier: MIT
/** Finds modules, requests, CPUs, addresses, error names and log lines by what is typed. */
import { errnoName, exactTime, groupDigits, readAddress } from '../../../loader/base/index.ts';
import { moduleNameOf } from '../../../loader/view/index.ts';
import type { EventsShown, Hit } from '../messages.ts';
import { eventLine } from './frame.ts';
import type { Recording } from './recording.ts';

const MOST = 60;
/** Of one kind. */
const MOST_REQUESTS = 30;
/** Events searched for log lines in one go. */
const MOST_EVENTS = 2_000_000;

export function find(recording: Recording, text: string): { hits: Hit[]; more: boolean } {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return { hits: [], more: false };
  const hits = [
    ...address(recording, wanted),
    ...modules(recording, wanted),
    ...cpus(recording, wanted),
    ...requests(recording, wanted),
    ...logLines(recording, wanted),
  ];
  return { hits: hits.slice(0, MOST), more: hits.length > MOST };
}

function address({ space }: Recording, wanted: string): Hit[] {
  if (!/^0x[0-9a-f]+$/.test(wanted)) return [];
  const found = readAddress(space, wanted);
  if (found === undefined) return [];
  return [hit('address', wanted, { seq: null, t: null, request: found })];
}

/** By name; the moment is that of the first request for it. */
function modules({ map }: Recording, wanted: string): Hit[] {
  const seen = new Map<string, { count: number; t: number }>();
  for (let i = 0; i < map.requests.count; i += 1) {
    const facts = map.requests.at(i);
    const name = moduleNameOf(facts);
    const before = seen.get(name);
    if (before) before.count += 1;
    else if (matches(name, wanted)) seen.set(name, { count: 1, t: facts.begin });
  }
  const byName = [...seen].sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
  return byName.slice(0, MOST_REQUESTS).map(([name, { count, t }]) =>
    hit('module', `${name}, ${groupDigits(count)} ${count === 1 ? 'request' : 'requests'}`, {
      t,
      module: name,
    }),
  );
}

function cpus({ log }: Recording, wanted: string): Hit[] {
  const number = /^cpu ?(\d+)$/.exec(wanted)?.[1];
  if (number === undefined) return [];
  return log
    .groups('cpu')
    .labels.filter((label) => label === `CPU ${number}`)
    .map((label) => hit('CPU', label, {}));
}

/** By number, or by the name of the error they ended with. */
function requests({ map }: Recording, wanted: string): Hit[] {
  const number = /^(?:request )?#?(\d+)$/.exec(wanted)?.[1];
  const facts = number === undefined ? undefined : map.requests.get(Number(number));
  if (facts !== undefined) {
    const label = `request ${facts.request}: ${facts.op} ${facts.subject}`;
    return [hit('request', label, { t: facts.begin, request: facts.request })];
  }
  const errno = wanted.replace(/^-/, '').toUpperCase();
  if (!/^E[A-Z0-9]{2,}$/.test(errno)) return [];
  const found: Hit[] = [];
  for (let i = 0; i < map.requests.count && found.length < MOST_REQUESTS; i += 1) {
    const { ret, request, op, subject, end } = map.requests.at(i);
    if (ret === null || ret >= 0 || errnoName(ret) !== errno) continue;
    found.push(
      hit('errno', `-${errno}: request ${request}, ${op} ${subject}`, { t: end, request }),
    );
  }
  return found;
}

function logLines({ events }: Recording, wanted: string): Hit[] {
  const found: Hit[] = [];
  events.visit(
    (event) => {
      if (event.kind !== 'printk' || !matches(event.text, wanted)) return true;
      found.push(hit('log', `${exactTime(event.t)} ${event.text}`, { t: event.t, seq: event.seq }));
      return found.length < MOST_REQUESTS;
    },
    0,
    MOST_EVENTS,
  );
  return found;
}

function matches(text: string, wanted: string): boolean {
  return (
    text.toLowerCase().includes(wanted.replaceAll('-', '_')) || text.toLowerCase().includes(wanted)
  );
}

function hit(kind: Hit['kind'], label: string, rest: Partial<Hit>): Hit {
  return { kind, label, t: null, seq: null, request: 0, module: '', ...rest };
}

/** Events from the `from`th on whose line holds the filter's words. */
export function listEvents(
  { events, space }: Recording,
  asked: {
    readonly id: number;
    readonly from: number;
    readonly count: number;
    readonly filter: string;
  },
): EventsShown {
  const words = asked.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const rows: EventsShown['rows'] = [];
  let next: number | null = null;
  const until = Math.min(
    events.length,
    asked.from + (words.length > 0 ? MOST_LOOKED : asked.count),
  );
  events.visit(
    (event, index) => {
      const text = eventLine(space, event);
      const low = text.toLowerCase();
      if (!words.every((word) => low.includes(word))) return true;
      rows.push({ index, seq: event.seq, t: event.t, text });
      if (rows.length < asked.count) return true;
      next = index + 1;
      return false;
    },
    asked.from,
    until,
  );
  next ??= until < events.length ? until : null;
  return { type: 'events', id: asked.id, rows, next };
}

/** Events looked at for one answer. */
const MOST_LOOKED = 200_000;
