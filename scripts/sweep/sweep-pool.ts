// SPDX-License-Identifier: MIT
import { Worker } from 'node:worker_threads';
import type { CommandContext } from '../cli/command-context.ts';
import { InputError } from '../cli/input-error.ts';
import type { RunSummary } from '../cli/run-summary.ts';
import type { SweepPlan, SweepRun } from './sweep-plan.ts';
import type { SweepReply, SweepWorkerData } from './sweep-worker.ts';

export interface PoolOptions {
  readonly plan: SweepPlan;
  readonly runs: Iterable<SweepRun>;
  readonly jobs: number;
  readonly context: CommandContext;
  readonly onResult: (run: SweepRun, summary: RunSummary, warnings: readonly string[]) => void;
}

/**
 * Runs a sweep in worker threads, one run at a time each. Ends early, with what is done kept, when
 * a run cannot be made, and when the user stops it.
 */
export async function runPool({ plan, runs, jobs, context, onResult }: PoolOptions): Promise<void> {
  const queue = runs[Symbol.iterator]();
  const workerData: SweepWorkerData = { sweep: plan.file };
  const workers = Array.from(
    { length: jobs },
    () => new Worker(new URL('sweep-worker.js', import.meta.url), { workerData }),
  );
  const stop = (): void => {
    for (const worker of workers) void worker.terminate();
  };
  context.signal.addEventListener('abort', stop);
  try {
    await Promise.all(workers.map((worker) => serve(worker, queue, plan, context, onResult)));
  } finally {
    context.signal.removeEventListener('abort', stop);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  context.throwIfInterrupted();
}

function serve(
  worker: Worker,
  queue: Iterator<SweepRun>,
  plan: SweepPlan,
  context: CommandContext,
  onResult: PoolOptions['onResult'],
): Promise<void> {
  return new Promise((resolve, reject) => {
    let run: SweepRun;
    const next = (): void => {
      const following = queue.next();
      if (following.done || context.signal.aborted) {
        resolve();
        return;
      }
      run = following.value;
      worker.postMessage(run.index);
    };
    worker.on('message', (reply: SweepReply) => {
      if ('summary' in reply) {
        onResult(run, reply.summary, reply.warnings);
        next();
      } else if ('problem' in reply) {
        const { place, found } = reply.problem;
        const which = plan.fields.map(({ path }, i) => `${path}=${run.values[i]}`).join(', ');
        reject(
          new InputError({
            file: plan.file,
            place: `run ${run.index} (${which})${place === undefined ? '' : `, ${place}`}`,
            expected: 'something that can be run',
            found,
          }),
        );
      } else {
        reject(new Error(reply.crash));
      }
    });
    worker.on('error', reject);
    worker.on('exit', () => resolve());
    next();
  });
}
