// SPDX-License-Identifier: MIT
/** Everything the page can ask of a run, gathered while its events come. */

import { exactTime, formatBytes, formatHex } from '../../../loader/base/index.ts';
import { EventRecorder, type EventSink, type TraceEvent } from '../../../loader/events/index.ts';
import type { AddressSpacePreset } from '../../../loader/presets/index.ts';
import {
  AddressMap,
  explainFirstFailure,
  headline,
  rowOffsets,
  TimeSeries,
  type TrackGroup,
  TrackLog,
} from '../../../loader/view/index.ts';
import type { AreaView } from '../../../loader/vmalloc/index.ts';
import type { RecordingShown, TimelinePoint } from '../messages.ts';
import type { ResultFile } from '../result-file.ts';

/** Loads offered by name, at most; the page says how many there were. */
const MAX_POINTS = 5000;

export interface RecordingFacts {
  readonly title: string;
  readonly kernel: string;
  readonly cpus: number;
  readonly initial: readonly AreaView[];
}

export class Recording implements EventSink {
  readonly map: AddressMap;
  readonly events = new EventRecorder();
  readonly cpus: number;
  readonly initial: readonly AreaView[];
  readonly #facts: RecordingFacts;
  readonly #series: TimeSeries;
  readonly #loads: TimelinePoint[] = [];
  readonly log: TrackLog;
  #loadCount = 0;
  /** Why this recording ends before the run did. */
  cut = '';
  /** What was run for dropped files that do not say it. */
  note = '';
  result: ResultFile | null = null;
  /** The result document whole, as `--out` writes it. */
  resultText: string | null = null;

  constructor(space: AddressSpacePreset, facts: RecordingFacts) {
    this.#facts = facts;
    this.cpus = facts.cpus;
    this.initial = facts.initial;
    this.map = new AddressMap(space, { initial: facts.initial });
    this.#series = new TimeSeries(this.map.live);
    this.log = new TrackLog(this.map.requests);
  }

  get space(): AddressSpacePreset {
    return this.map.space;
  }

  push(event: TraceEvent): void {
    this.map.push(event);
    this.#series.push(event);
    this.events.push(event);
    this.log.push(event);
    if (event.kind !== 'module_load') return;
    this.#loadCount += 1;
    if (this.#loads.length < MAX_POINTS) {
      this.#loads.push({ t: event.t, seq: event.seq, label: event.name });
    }
  }

  shown(): RecordingShown {
    const { map, result } = this;
    const { title, kernel, cpus } = this.#facts;
    const { peak, last, firstFailure, failurePoints: points } = map;
    return {
      title,
      kernel,
      cpus,
      windows: map.windows.map(({ name, start, end }) => ({
        name,
        start: formatHex(map.space, start),
        bytes: end - start,
      })),
      events: map.events,
      end: last.t,
      peak: { t: peak.t, seq: peak.seq, label: `peak, ${formatBytes(peak.used)} in use` },
      failure: firstFailure && pointOf(firstFailure),
      sentence: explainFirstFailure(map),
      cut: this.cut,
      note: this.note,
      headline: headline(map, this.log),
      failureT: points.t,
      failureSeq: points.seq,
      loads: this.#loads,
      loadCount: this.#loadCount,
      tracks: { cpu: this.#rows('cpu'), module: this.#rows('module') },
      series: map.events === 0 ? null : this.#series.result(),
      result,
      still: map.events === 0,
    };
  }

  #rows(kind: TrackGroup): { labels: string[]; rows: number[]; first: number[] } {
    const { labels, rows, order } = this.log.groups(kind);
    const { at } = rowOffsets(this.log, kind);
    return { labels, rows, first: order.map((group) => at[group]!) };
  }
}

function pointOf({ t, seq, size }: { t: number; seq: number; size: number }): TimelinePoint {
  return { t, seq, label: `no room for ${formatBytes(size)} at ${exactTime(t)}` };
}
