/** One run and the worker that holds it. */
import {
  type AreaShown,
  type ExportName,
  type Frame,
  fromWorkerSchema,
  type GivenFile,
  type MomentAsked,
  type RecordingShown,
  type ToWorker,
  type ViewAsked,
} from '../messages.ts';
import type { RunSettings } from '../run-settings.ts';

export interface TrackListener {
  onProgress(track: Track, phase: string, t: number, events: number): void;
  onConsole(track: Track, text: string): void;
  onRecording(track: Track): void;
  onFrame(track: Track): void;
  onArea(track: Track, area: AreaShown): void;
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
  recording: RecordingShown | undefined;
  frame: Frame | undefined;

  constructor(listener: TrackListener) {
    this.#listener = listener;
    this.#worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
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
        // What was asked before there was anything to show has no answer.
        this.#awaited = 0;
        this.#listener.onRecording(this);
        return;
      case 'frame':
        this.#takeFrame(message);
        return;
      case 'area':
        if (message.id === this.#areaAsked) this.#listener.onArea(this, message);
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
