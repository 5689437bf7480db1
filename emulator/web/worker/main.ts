// SPDX-License-Identifier: MIT
/** The worker's door: checks what the page says, and answers. */

import { trackSlices } from '../../../loader/view/index.ts';
import { type FromWorker, type ToWorker, toWorkerSchema } from '../messages.ts';
import { exportFile, exportName } from './exports.ts';
import { find, listEvents } from './find.ts';
import { FrameMaker } from './frame.ts';
import { areRecorded, openRecording } from './open-files.ts';
import type { Recording } from './recording.ts';
import { runScenario } from './run-job.ts';
import { GivenProblem } from './scenario-input.ts';
import { storyOf } from './story.ts';

interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
}
const scope = globalThis as unknown as WorkerScope;

const PROGRESS_MS = 100;

let recording: Recording | undefined;
let frames: FrameMaker | undefined;
let progressed = 0;
let stopping = new AbortController();

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
      stopping = new AbortController();
      const watcher = {
        signal: stopping.signal,
        started: show,
        progress,
        console: (text: string) => scope.postMessage({ type: 'console', text }),
      };
      const recorded = message.scenario === null && (await areRecorded(message.files));
      finish(
        await (recorded ? openRecording(message.files, watcher) : runScenario(message, watcher)),
      );
      return;
    }
    case 'stop':
      stopping.abort();
      return;
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
      stopping = new AbortController();
      const { signal } = stopping;
      const onShare = (share: number): void => scope.postMessage({ type: 'saving', share });
      const file = await exportFile(message.name, recording, frames, { signal, onShare });
      onShare(1);
      if (file === null) return;
      scope.postMessage({ type: 'export', id: message.id, name: exportName(message.name), file });
      return;
    }
    case 'slices': {
      const { events, log, map } = recording;
      const slices = trackSlices({ events, log, requests: map.requests }, message.asked);
      const { begin, end, row, code, fill, request, arrows } = slices;
      const columns = [begin, end, row, code, fill, request, arrows];
      scope.postMessage(
        { type: 'slices', id: message.id, asked: message.asked, slices },
        columns.map(({ buffer }) => buffer as ArrayBuffer),
      );
      return;
    }
    case 'totals': {
      const { id, from, to } = message;
      scope.postMessage({ type: 'totals', id, from, to, totals: totalsOf(recording, from, to) });
      return;
    }
    case 'story': {
      const story = storyOf(recording, message.id, message.request);
      if (story !== null) scope.postMessage(story);
      return;
    }
    case 'find':
      scope.postMessage({ type: 'hits', id: message.id, ...find(recording, message.text) });
      return;
    case 'events':
      scope.postMessage(listEvents(recording, message));
      return;
  }
}

function totalsOf({ log }: Recording, from: number, to: number) {
  const { bytes, requests, stages, modules, cpus } = log.totals(from, to);
  return { bytes, requests, stages, modules: [...modules], cpus: [...cpus] };
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
