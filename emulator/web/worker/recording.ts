/** Everything the page can ask of a run, gathered while its events come. */

import { exactTime, formatBytes, formatHex } from '../../../loader/base/index.ts';
import { EventRecorder, type EventSink, type TraceEvent } from '../../../loader/events/index.ts';
import type { AddressSpacePreset } from '../../../loader/presets/index.ts';
import { AddressMap, explainFirstFailure, TimeSeries } from '../../../loader/view/index.ts';
import type { AreaView } from '../../../loader/vmalloc/index.ts';
import type { RecordingShown, TimelinePoint } from '../messages.ts';
import type { ResultFile } from '../result-file.ts';

/** Failures and loads shown on the timeline, at most. */
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
  result: ResultFile | null = null;
  /** The result document whole, as `--out` writes it. */
  resultText: string | null = null;

  constructor(space: AddressSpacePreset, facts: RecordingFacts) {
    this.#facts = facts;
    this.cpus = facts.cpus;
    this.initial = facts.initial;
    this.map = new AddressMap(space, { initial: facts.initial });
    this.#series = new TimeSeries(this.map.live);
  }

  get space(): AddressSpacePreset {
    return this.map.space;
  }

  push(event: TraceEvent): void {
    this.map.push(event);
    this.#series.push(event);
    this.events.push(event);
    if (event.kind === 'module_load' && this.#loads.length < MAX_POINTS) {
      this.#loads.push({ t: event.t, seq: event.seq, label: event.name });
    }
  }

  shown(): RecordingShown {
    const { map, result } = this;
    const { title, kernel, cpus } = this.#facts;
    const { peak, last, firstFailure } = map;
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
      failures: map.failures.slice(0, MAX_POINTS).map(pointOf),
      loads: this.#loads,
      series: map.events === 0 ? null : this.#series.result(),
      result,
      still: map.events === 0,
    };
  }
}

function pointOf({ t, seq, size }: { t: number; seq: number; size: number }): TimelinePoint {
  return { t, seq, label: `no room for ${formatBytes(size)} at ${exactTime(t)}` };
}
