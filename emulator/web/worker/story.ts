// SPDX-License-Identifier: MIT
/** The life of one request: what happened to it, event by event. */
import { errnoName, formatBytes, formatTime, groupDigits } from '../../../loader/base/index.ts';
import type { TraceEvent } from '../../../loader/events/index.ts';
import { moduleNameOf, rowOffsets, type TrackGroup } from '../../../loader/view/index.ts';
import type { StoryShown } from '../messages.ts';
import type { Recording } from './recording.ts';

const MOST_LINES = 200;
/** Events looked at, at most. */
const MOST_EVENTS = 2_000_000;

/** Null for a request that never was. */
export function storyOf(recording: Recording, id: number, request: number): StoryShown | null {
  const { map, log, events } = recording;
  const index = map.requests.indexOf(request);
  const facts = map.requests.get(request);
  if (index < 0 || facts === undefined) return null;
  const lines: StoryShown['lines'] = [];
  let more = false;
  let task = '';
  const add = ({ t, seq }: TraceEvent, text: string): void => {
    if (lines.length < MOST_LINES) lines.push({ t, seq, text });
    else more = true;
  };
  const first = events.indexAfter(facts.begin - 1);
  const last = Math.min(events.indexAfter(facts.end ?? map.last.t), first + MOST_EVENTS);
  events.visit(
    (event) => {
      if (event.kind === 'request_begin' && event.request === request) task = event.task;
      const text = lineOf(event, request, task);
      if (text !== '') add(event, text);
    },
    first,
    last,
  );
  const winner = log.winnerOf(index);
  const end = facts.end === null ? 'still running' : `took ${formatTime(facts.end - facts.begin)}`;
  return {
    type: 'story',
    id,
    request,
    title: `Request ${groupDigits(request)}: ${facts.op} ${facts.subject}, CPU ${facts.cpu}, ${end}`,
    begin: facts.begin,
    end: facts.end,
    module: moduleNameOf(facts),
    rows: { cpu: rowOf(recording, 'cpu', index), module: rowOf(recording, 'module', index) },
    winner: winner < 0 ? 0 : map.requests.at(winner).request,
    wasted: log.wastedBy(index),
    lines,
    more,
  };
}

function rowOf({ log }: Recording, kind: TrackGroup, index: number): number {
  const { group, lane } = log.placeOf(kind, index);
  return rowOffsets(log, kind).at[group]! + lane;
}

/** What an event says of a request; '' for nothing. */
function lineOf(event: TraceEvent, request: number, task: string): string {
  switch (event.kind) {
    case 'request_begin':
      return event.request === request ? `asked: ${event.op} ${event.subject}` : '';
    case 'stage_begin':
      return event.request === request ? `${event.stage} begins` : '';
    case 'stage_end':
      return event.request === request ? `${event.stage} ends${returned(event.ret)}` : '';
    case 'vm_area':
      return event.request === request
        ? `took ${formatBytes(event.size)} for ${event.purpose} (${event.caller})`
        : '';
    case 'counter':
      return event.request === request ? `${event.name} +${groupDigits(event.delta)}` : '';
    case 'outcome':
      return event.request === request ? `answered ${outcome(event.ret)} in ${event.stage}` : '';
    case 'alloc_vmap_area':
      return event.failed === 1 && event.task === task
        ? `no room for ${groupDigits(event.size)} bytes`
        : '';
    case 'idempotent':
      return event.task === task ? `inode ${event.ino}: ${event.role}` : '';
    case 'module_state':
      return event.task === task ? `${event.name} is ${event.state}` : '';
    case 'printk':
      return event.task === task ? `says: ${event.text}` : '';
    default:
      return '';
  }
}

function returned(ret: number): string {
  return ret < 0 ? ` with -${errnoName(ret)}` : '';
}

function outcome(ret: number): string {
  return ret < 0 ? `-${errnoName(ret)}` : String(ret);
}
