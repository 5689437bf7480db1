/** The worker's door: checks what the page says, and answers. */
import { type FromWorker, type ToWorker, toWorkerSchema } from '../messages.ts';
import { exportFile, exportName } from './exports.ts';
import { FrameMaker } from './frame.ts';
import { areRecorded, openRecording } from './open-files.ts';
import type { Recording } from './recording.ts';
import { runScenario } from './run-job.ts';
import { GivenProblem } from './scenario-input.ts';

interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
}
const scope = globalThis as unknown as WorkerScope;

const PROGRESS_MS = 100;

let recording: Recording | undefined;
let frames: FrameMaker | undefined;
let progressed = 0;

function progress(phase: string, t: number, events: number): void {
  const now = performance.now();
  if (now - progressed < PROGRESS_MS && events > 0) return;
  progressed = now;
  scope.postMessage({ type: 'progress', phase, t, events });
}

function show(made: Recording): void {
  recording = made;
  frames = new FrameMaker(made);
}

function finish(made: Recording): void {
  if (recording !== made) show(made);
  scope.postMessage({ type: 'recording', recording: made.shown() });
}

async function answer(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'run': {
      const watcher = {
        started: show,
        progress,
        console: (text: string) => scope.postMessage({ type: 'console', text }),
      };
      const recorded = message.scenario === null && (await areRecorded(message.files));
      finish(
        await (recorded
          ? openRecording(message.files, progress, show)
          : runScenario(message, watcher)),
      );
      return;
    }
  }
  if (recording === undefined || frames === undefined) return;
  switch (message.type) {
    case 'frame': {
      const frame = frames.frame(message.id, message.moment, message.view);
      scope.postMessage(frame, [frame.codes.buffer as ArrayBuffer]);
      return;
    }
    case 'step': {
      const frame = frames.step(message.id, message.by, message.view);
      scope.postMessage(frame, [frame.codes.buffer as ArrayBuffer]);
      return;
    }
    case 'area':
      scope.postMessage(frames.area(message.id, message.addr));
      return;
    case 'export': {
      const file = exportFile(message.name, recording, frames);
      scope.postMessage({ type: 'export', id: message.id, name: exportName(message.name), file });
      return;
    }
  }
}

scope.onmessage = ({ data }) => {
  const parsed = toWorkerSchema.safeParse(data);
  if (!parsed.success) {
    scope.postMessage({ type: 'problem', message: 'a message the worker does not know' });
    return;
  }
  answer(parsed.data).catch((error: unknown) => {
    const message =
      error instanceof GivenProblem
        ? error.message
        : `a defect of the page: ${error instanceof Error ? error.message : String(error)}`;
    scope.postMessage({ type: 'problem', message });
  });
};
