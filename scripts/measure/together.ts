// SPDX-License-Identifier: MIT
/** What takes several threads to measure. All results in nanoseconds. */
import { Worker } from 'node:worker_threads';

const ROUNDS = 20_000;

/** Runs the code in a thread of its own; resolves to what it posts. */
function thread(code: string, memory: SharedArrayBuffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(
      `const { workerData, parentPort } = require('node:worker_threads');
       const a = new Int32Array(workerData);
       const now = () => Number(process.hrtime.bigint());
       ${code}`,
      { eval: true, workerData: memory },
    );
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

/** Two threads increase a word in turn, a hand-over of its cache line each time: the best of 50. */
export async function lineTransfer(): Promise<number> {
  const turn = (me: number): string => `
    const rounds = ${ROUNDS};
    Atomics.add(a, 16, 1);
    while (Atomics.load(a, 16) < 2);
    let best = Infinity;
    for (let part = 0; part < 50; part += 1) {
      const start = now();
      for (let i = 0; i < rounds; i += 1) {
        while ((Atomics.load(a, 0) & 1) !== ${me});
        Atomics.add(a, 0, 1);
      }
      best = Math.min(best, (now() - start) / (2 * rounds));
    }
    parentPort.postMessage(best);`;
  const memory = new SharedArrayBuffer(1024);
  return Math.min(...(await Promise.all([thread(turn(0), memory), thread(turn(1), memory)])));
}

/** Two threads that sleep and wake each other: half a round. */
export async function wakeUp(): Promise<number> {
  const turn = (me: number): string => `
    const rounds = ${ROUNDS};
    Atomics.add(a, 16, 1);
    while (Atomics.load(a, 16) < 2);
    const start = now();
    for (let i = 0; i < rounds; i += 1) {
      for (;;) {
        const at = Atomics.load(a, 0);
        if ((at & 1) === ${me}) break;
        Atomics.wait(a, 0, at);
      }
      Atomics.add(a, 0, 1);
      Atomics.notify(a, 0);
    }
    parentPort.postMessage((now() - start) / (2 * rounds));`;
  const memory = new SharedArrayBuffer(1024);
  return Math.min(...(await Promise.all([thread(turn(0), memory), thread(turn(1), memory)])));
}

/** So many threads copy pages at once: the time, by the pages of all of them. */
export async function pagesByAll(threads: number): Promise<number> {
  const copy = `
    const size = 64 * 1024 * 1024;
    const from = new Uint8Array(size).fill(1);
    const to = new Uint8Array(size).fill(2);
    Atomics.add(a, 16, 1);
    while (Atomics.load(a, 16) < ${threads});
    const start = now();
    for (let at = 0; at < size; at += 4096) to.set(from.subarray(at, at + 4096), at);
    parentPort.postMessage((now() - start) / (size / 4096) / ${threads});`;
  const memory = new SharedArrayBuffer(1024);
  const all = await Promise.all(Array.from({ length: threads }, () => thread(copy, memory)));
  return Math.max(...all);
}
