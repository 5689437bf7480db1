/** Pictures of a recording at one moment, as cells for the page to paint. */

import { exactTime, formatBytes, formatHex, groupDigits } from '../../../loader/base/index.ts';
import type { TraceEvent } from '../../../loader/events/index.ts';
import { formatEventLine, formatFtraceLine } from '../../../loader/export/index.ts';
import type { AddressSpacePreset } from '../../../loader/presets/index.ts';
import {
  type AddressState,
  apart,
  areaStory,
  type FailedAllocation,
  largestModules,
  type MapView,
  type MapWindow,
  mapView,
  moduleNameOf,
  moduleShade,
  shadeCells,
  shadeLooks,
  vmallocinfoLine,
} from '../../../loader/view/index.ts';
import type { AreaShown, Frame, Mark, MomentAsked, Selection, ViewAsked } from '../messages.ts';
import type { Recording } from './recording.ts';

const CELLS = 32_768;
const LEGEND_MODULES = 14;

/** Makes frames of one recording, and remembers the last one for questions about it. */
export class FrameMaker {
  readonly #recording: Recording;
  #state: AddressState | undefined;
  #seq = 0;
  /** Where the last frame's picture begins. */
  #origin = 0;
  #failures: readonly FailedAllocation[] = [];
  #failureCount = 0;
  /** A view of each window and number of columns; made once, so that the picture stands still. */
  readonly #views = new Map<string, MapView>();

  constructor(recording: Recording) {
    this.#recording = recording;
  }

  /** The picture at a moment; a moment that does not exist is the last one. */
  frame(id: number, moment: MomentAsked, view: ViewAsked): Frame {
    const { map, events } = this.#recording;
    if ('at' in moment) {
      const found = map.stateAtMoment({ at: moment.at });
      if (!found.ok) return this.frame(id, { at: 'last' }, view);
      const seq = { last: map.last, peak: map.peak, failure: map.firstFailure }[moment.at]?.seq;
      return this.#draw(id, found.state, seq ?? 0, view);
    }
    if ('seq' in moment) {
      const event = events.at(events.indexOfSeq(moment.seq)) ?? events.at(events.length - 1);
      const at = event ?? { seq: 0, t: 0 };
      return this.#draw(id, map.stateAt({ seq: at.seq, t: at.t }), at.seq, view);
    }
    const before = events.at(events.indexAfter(moment.t) - 1);
    return this.#draw(id, map.stateAt({ t: moment.t }), before?.seq ?? -1, view);
  }

  /** The picture after the event `by` places from the last frame's. */
  step(id: number, by: number, view: ViewAsked): Frame {
    const { events } = this.#recording;
    const here = this.#seq < 0 ? -1 : events.indexOfSeq(this.#seq);
    const index = Math.min(Math.max(0, here + by), Math.max(0, events.length - 1));
    return this.frame(id, { seq: events.at(index)?.seq ?? 0 }, view);
  }

  /** The area at an address in the moment of the last frame. */
  area(id: number, addr: number): AreaShown {
    const { map } = this.#recording;
    const origin = this.#origin;
    const state = this.#state ?? map.stateAt(map.last);
    const index = state.indexAt(addr);
    if (index >= 0) {
      const area = state.area(index);
      const line = vmallocinfoLine(map.space, area);
      const story = areaStory(state, map.requests, area);
      return {
        type: 'area',
        id,
        line,
        story,
        area: { start: area.start - origin, size: area.size },
        request: area.request,
      };
    }
    const hole = holeAt(state, addr);
    const range = `${formatHex(map.space, hole.start)}-${formatHex(map.space, hole.start + hole.size)}`;
    const line = `${range} ${groupDigits(hole.size)} bytes free`;
    return {
      type: 'area',
      id,
      line,
      story: `a hole of ${formatBytes(hole.size)}`,
      area: { start: hole.start - origin, size: hole.size },
      request: 0,
    };
  }

  get state(): AddressState {
    const { map } = this.#recording;
    return this.#state ?? map.stateAt(map.last);
  }

  /** The failure of the last frame's moment, or null. */
  failureNow(): FailedAllocation | null {
    return this.#failureAt(this.#seq);
  }

  #draw(id: number, state: AddressState, seq: number, asked: ViewAsked): Frame {
    const { map, cpus } = this.#recording;
    this.#state = state;
    this.#seq = seq;
    const view = this.#view(asked);
    this.#origin = view.start;
    const context = { requests: map.requests, cpus };
    const { codes, bytes } = shadeCells(state, view, asked.shading, context);
    const summary = state.summary(view.window);
    const failure = this.#failureAt(seq);
    const { largest } = summary;
    const selected = asked.select ? this.#selected(state, view, asked.select) : [];
    const held = selected.reduce((sum, { size }) => sum + size, 0);
    const wanted = failure && largest && inView(view, failure) ? largest.start : null;
    return {
      type: 'frame',
      id,
      t: state.t,
      seq: Math.max(0, seq),
      event: this.#eventText(seq),
      request: failure?.request ?? this.#requestOf(seq),
      codes,
      columns: view.columns,
      cellBytes: view.cellBytes,
      start: view.start,
      startText: formatHex(map.space, view.start),
      size: view.end - view.start,
      legend: this.#legend(state, view, asked, bytes),
      summary: {
        total: summary.total,
        used: summary.used,
        lazy: summary.lazy,
        free: summary.free,
        areas: summary.usedAreas,
        holes: summary.holes,
        fragmentation: summary.externalFragmentation,
      },
      hole: largest && { start: largest.start - view.start, size: largest.size },
      holeText: largest
        ? `largest hole ${failure ? apart(largest.size, failure.size)[0] : formatBytes(largest.size)} at ${formatHex(map.space, largest.start)}`
        : 'no hole',
      wanted: failure && wanted !== null ? markIn(view, wanted, failure.size) : null,
      wantedText: failure
        ? `wanted ${apart(failure.size, largest?.size ?? 0)[0]} in one piece`
        : '',
      selected,
      selectedText: asked.select ? selectedText(asked.select, selected.length, held) : '',
    };
  }

  /** Areas of the picture that what is selected holds or has parked, bytes from its start. */
  #selected(state: AddressState, view: MapView, select: Selection): Mark[] {
    const { requests } = this.#recording.map;
    const found: Mark[] = [];
    for (let i = 0; i < state.count; i += 1) {
      const { start, size, request, module } = state.area(i);
      if (start + size <= view.start || start >= view.end) continue;
      const facts = request === 0 ? undefined : requests.get(request);
      const own =
        'request' in select
          ? request === select.request
          : (facts ? moduleNameOf(facts) : module) === select.module;
      if (own) found.push({ start: start - view.start, size });
    }
    return found;
  }

  #legend(
    state: AddressState,
    view: MapView,
    { shading }: ViewAsked,
    bytes: Float64Array,
  ): Frame['legend'] {
    const looks = shadeLooks(shading, this.#recording.cpus);
    const rows = looks
      .map(({ label }, code) => ({ code, label, bytes: bytes[code]! }))
      .filter((row) => row.bytes > 0 && row.label !== '');
    if (shading !== 'module') return rows;
    const modules = largestModules(state, this.#recording.map.requests, view, LEGEND_MODULES);
    return [
      ...rows,
      ...modules.map((row) => ({
        code: moduleShade(row.module),
        label: row.module,
        bytes: row.bytes,
      })),
    ];
  }

  /** The loader's request that an event names; 0: none. */
  #requestOf(seq: number): number {
    const { events } = this.#recording;
    const event = seq < 0 ? undefined : events.at(events.indexOfSeq(seq));
    return event !== undefined && 'request' in event ? event.request : 0;
  }

  #eventText(seq: number): string {
    const { events, space } = this.#recording;
    const event = seq < 0 ? undefined : events.at(events.indexOfSeq(seq));
    return event === undefined ? '' : eventLine(space, event);
  }

  #failureAt(seq: number): FailedAllocation | null {
    const { map } = this.#recording;
    if (map.failureCount !== this.#failureCount) {
      this.#failureCount = map.failureCount;
      this.#failures = map.failures;
    }
    const failures = this.#failures;
    let low = 0;
    let high = failures.length - 1;
    while (low <= high) {
      const mid = (low + high) >> 1;
      const failure = failures[mid]!;
      if (failure.seq === seq) return failure;
      if (failure.seq < seq) low = mid + 1;
      else high = mid - 1;
    }
    return null;
  }

  #view({ window: name, columns }: ViewAsked): MapView {
    const { map } = this.#recording;
    const window = map.windows.find((each) => each.name === name) ?? map.windows[0]!;
    const key = `${window.name} ${columns} ${this.#isWhole(window) ? '' : map.events}`;
    let view = this.#views.get(key);
    if (view === undefined) {
      view = mapView(map.stateAt(map.peak), window, columns, CELLS / columns);
      for (let fewer = columns / 2; fewer >= 32 && view.rows < view.columns / 4; fewer /= 2) {
        view = mapView(map.stateAt(map.peak), window, fewer, CELLS / fewer);
      }
      this.#views.set(key, view);
    }
    return view;
  }

  /** Windows of 32-bit machines are always shown whole; others grow while a run is under way. */
  #isWhole(window: MapWindow): boolean {
    return window.end - window.start <= 2 ** 32;
  }
}

/** Bytes from `start` on, moved down where they would reach beyond the picture. */
function markIn(view: MapView, start: number, size: number): Mark {
  return { start: Math.max(0, Math.min(start, view.end - size) - view.start), size };
}

function selectedText(select: Selection, areas: number, bytes: number): string {
  const name = 'request' in select ? `request ${select.request}` : select.module;
  return areas === 0
    ? `${name} holds nothing now`
    : `${name} holds ${formatBytes(bytes)} in ${groupDigits(areas)} areas`;
}

/** An event in one line: as the kernel's trace has it, where it has it. */
export function eventLine(space: AddressSpacePreset, event: TraceEvent): string {
  const trace = formatFtraceLine(space, event);
  return `#${event.seq} ${trace === null ? plainLine(formatEventLine(space, event)) : trace.trim()}`;
}

/** An event that no trace file has, in the manner of one. */
function plainLine(json: string): string {
  const { seq: _, t, cpu, task, kind, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([key, value]) => `${key}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  const place = `${task} [${String(cpu).padStart(3, '0')}] ${exactTime(Number(t))}`;
  return `${place}: ${kind}: ${rest.join(' ')}`;
}

function inView(view: MapView, failure: FailedAllocation): boolean {
  return failure.vstart < view.end && failure.vend > view.start;
}

/** The hole around an address; the space outside every window is one of no size. */
function holeAt(state: AddressState, addr: number): { start: number; size: number } {
  const window = state.windows.find(({ start, end }) => addr >= start && addr < end);
  if (window === undefined) return { start: addr, size: 0 };
  return (
    state
      .holesIn(window.start, window.end)
      .find(({ start, size }) => addr >= start && addr < start + size) ?? { start: addr, size: 0 }
  );
}
