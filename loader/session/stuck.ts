// SPDX-License-Identifier: MIT
/** Who waits for whom when a run can never end. */
import type { Task } from '../engine/index.ts';

/** A task that waits for ever. */
export interface StuckTask {
  /** `comm-pid` */
  readonly task: string;
  /** What it was doing: operation and subject of its innermost call; '' outside any. */
  readonly doing: string;
  readonly waits_for: string;
  /** The tasks that would have to act; empty when nobody could. */
  readonly on: readonly string[];
  /** A signal that would end its wait: any, only SIGKILL, or none. */
  readonly ended_by: 'any signal' | 'SIGKILL' | 'no signal';
}

const ENDED_BY = {
  interruptible: 'any signal',
  killable: 'SIGKILL',
  uninterruptible: 'no signal',
} as const;

/** The stuck tasks that `roots` lead to, each once, in the order of the waits. */
export function stuckTasks(
  roots: readonly Task[],
  doing: (request: number) => string,
): readonly StuckTask[] {
  const seen = new Set<Task>();
  const found: StuckTask[] = [];
  const visit = (task: Task): void => {
    if (seen.has(task) || task.state !== 'blocked') return;
    seen.add(task);
    const on = task.reason?.on() ?? [];
    found.push({
      task: task.label,
      doing: doing(task.request),
      waits_for: task.reason?.what ?? 'something that never comes',
      on: on.map(({ label }) => label),
      ended_by: ENDED_BY[task.waitMode],
    });
    for (const next of on) visit(next);
  };
  for (const root of roots) visit(root);
  return found;
}

/** The same as sentences, the last one about the circle when there is one. */
export function explainStuck(stuck: readonly StuckTask[]): readonly string[] {
  if (stuck.length === 0) return [];
  const sentences = stuck.map(({ task, doing, waits_for, on, ended_by }) => {
    const at = doing === '' ? '' : ` (${doing})`;
    const whom = on.length === 0 ? '' : `; only ${on.join(' or ')} could end that`;
    const signal = ended_by === 'no signal' ? 'no signal ends it' : `${ended_by} would end it`;
    return `${task}${at} waits for ${waits_for}${whom}; ${signal}.`;
  });
  const circle = circleOf(stuck);
  return circle.length === 0
    ? sentences
    : [...sentences, `They wait in a circle: ${[...circle, circle[0]].join(' -> ')}.`];
}

function circleOf(stuck: readonly StuckTask[]): readonly string[] {
  const next = new Map(stuck.map(({ task, on }) => [task, on]));
  for (const { task } of stuck) {
    const path = [task];
    const walk = (at: string): boolean => {
      for (const one of next.get(at) ?? []) {
        if (one === task) return true;
        if (path.includes(one) || !next.has(one)) continue;
        path.push(one);
        if (walk(one)) return true;
        path.pop();
      }
      return false;
    };
    if (walk(task)) return path;
  }
  return [];
}
