// SPDX-License-Identifier: MIT
/** One run and the worker that holds it. */
import {
  type AreaShown,
  type EventsShown,
  type ExportName,
  type Frame,
  fromWorkerSchema,
  type GivenFile,
  type Hit,
  type MomentAsked,
  type RecordingShown,
  type SlicesShown,
  type StoryShown,
  type TotalsShown,
  type ToWorker,
  type ViewAsked,
} from '../messages.ts';
import type { RunSettings } from '../run-settings.ts';

export type SlicesAsked = SlicesShown['asked'];

export interface TrackListener {
  onProgress(track: Track, phase: string, t: number, events: number): void;
  onConsole(track: Track, text: string): void;
  onRecording(track: Track): void;
  onFrame(track: Track): void;
  onArea(track: Track, area: AreaShown): void;
  onSlices(track: Track, slices: SlicesShown): void;
  onTotals(track: Track, totals: TotalsShown): void;
  onStory(track: Track, story: StoryShown): void;
  onHits(track: Track, hits: readonly Hit[], more: boolean): void;
  onEvents(track: Track, events: EventsShown): void;
  /** How much of a file being saved is written, 0 to 1. */
  onSaving(track: Track, share: number): void;
  onExport(name: string, file: Blob): void;
  onProblem(track: Track, message: string): void;
}

export class Track {
  readonly #worker: Worker;
  readonly #listener: TrackListener;
  #id = 0;
  /** The question a frame is awaited for, and what to ask when it is there. */
  #awaited = 0;
  #next: { readonly moment: MomentAsked; readonly view: ViewAsked } | undefined;
  #areaAsked = 0;
  /** The pictures of slices asked for: the one under way, and the latest wish. */
  #slicesAwaited = 0;
  #slicesNext: SlicesAsked | undefined;
  #asked = { totals: 0, story: 0, hits: 0, events: 0 };
  recording: RecordingShown | undefined;
  frame: Frame | undefined;

  constructor(listener: TrackListener) {
    this.#listener = listener;
    this.#worker = new Worker(workerUrl(), { type: 'module' });
    this.#worker.onmessage = ({ data }) => this.#take(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const message = event.message || 'the script of the worker could not be loaded';
      listener.onProblem(this, message);
    };
  }

  run(scenario: string | null, files: readonly GivenFile[], settings: RunSettings): void {
    this.#send({ type: 'run', scenario, files: [...files], settings });
  }

  /** Asks the run, or the file being written, to end where it is. */
  stop(): void {
    this.#send({ type: 'stop' });
  }

  askSlices(asked: SlicesAsked): void {
    if (this.#slicesAwaited !== 0) {
      this.#slicesNext = asked;
      return;
    }
    this.#slicesAwaited = ++this.#id;
    this.#send({ type: 'slices', id: this.#slicesAwaited, asked });
  }

  askTotals(from: number, to: number): void {
    this.#asked.totals = ++this.#id;
    this.#send({ type: 'totals', id: this.#id, from, to });
  }

  askStory(request: number): void {
    this.#asked.story = ++this.#id;
    this.#send({ type: 'story', id: this.#id, request });
  }

  find(text: string): void {
    this.#asked.hits = ++this.#id;
    this.#send({ type: 'find', id: this.#id, text });
  }

  askEvents(from: number, count: number, filter: string): void {
    this.#asked.events = ++this.#id;
    this.#send({ type: 'events', id: this.#id, from, count, filter });
  }

  /** Asks for the picture of a moment. While one is under way only the latest wish is kept. */
  seek(moment: MomentAsked, view: ViewAsked): void {
    if (this.#awaited !== 0) {
      this.#next = { moment, view };
      return;
    }
    this.#awaited = ++this.#id;
    this.#send({ type: 'frame', id: this.#awaited, moment, view });
  }

  /** Asks for the picture some events on or back. */
  step(by: number, view: ViewAsked): void {
    this.#next = undefined;
    this.#awaited = ++this.#id;
    this.#send({ type: 'step', id: this.#awaited, by, view });
  }

  askArea(addr: number): void {
    this.#areaAsked = ++this.#id;
    this.#send({ type: 'area', id: this.#areaAsked, addr });
  }

  save(name: ExportName): void {
    this.#send({ type: 'export', id: ++this.#id, name });
  }

  /** Ends the run wherever it is. */
  end(): void {
    this.#worker.onmessage = null;
    this.#worker.terminate();
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #take(data: unknown): void {
    const parsed = fromWorkerSchema.safeParse(data);
    if (!parsed.success) {
      this.#listener.onProblem(this, 'the worker said something the page does not know');
      return;
    }
    const message = parsed.data;
    switch (message.type) {
      case 'progress':
        this.#listener.onProgress(this, message.phase, message.t, message.events);
        return;
      case 'console':
        this.#listener.onConsole(this, message.text);
        return;
      case 'recording':
        this.recording = message.recording;
        // Pictures asked for while the run was under way are of no use now, nor are the wishes.
        this.#awaited = 0;
        this.#next = undefined;
        this.#listener.onRecording(this);
        return;
      case 'frame':
        this.#takeFrame(message);
        return;
      case 'area':
        if (message.id === this.#areaAsked) this.#listener.onArea(this, message);
        return;
      case 'slices': {
        if (message.id !== this.#slicesAwaited) return;
        this.#slicesAwaited = 0;
        const next = this.#slicesNext;
        this.#slicesNext = undefined;
        this.#listener.onSlices(this, message);
        if (next !== undefined && this.#slicesAwaited === 0) this.askSlices(next);
        return;
      }
      case 'totals':
        if (message.id === this.#asked.totals) this.#listener.onTotals(this, message);
        return;
      case 'story':
        if (message.id === this.#asked.story) this.#listener.onStory(this, message);
        return;
      case 'hits':
        if (message.id !== this.#asked.hits) return;
        this.#listener.onHits(this, message.hits, message.more);
        return;
      case 'events':
        if (message.id === this.#asked.events) this.#listener.onEvents(this, message);
        return;
      case 'saving':
        this.#listener.onSaving(this, message.share);
        return;
      case 'export':
        this.#listener.onExport(message.name, message.file);
        return;
      case 'problem':
        this.#awaited = 0;
        this.#listener.onProblem(this, message.message);
        return;
    }
  }

  #takeFrame(frame: Frame): void {
    if (frame.id !== this.#awaited) return;
    this.#awaited = 0;
    this.frame = frame;
    this.#listener.onFrame(this);
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined && this.#awaited === 0) this.seek(next.moment, next.view);
  }
}

/** The document names the worker's script: its name changes with what it holds. */
function workerUrl(): URL {
  const link = document.querySelector<HTMLLinkElement>('#worker-script');
  return new URL(link?.href ?? 'worker.js', import.meta.url);
}
