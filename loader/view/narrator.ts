// SPDX-License-Identifier: MIT
/** A run in sentences: who waited for whom, at which gate, and how it ended. */
import { errnoName, formatTime } from '../base/index.ts';
import type { EventSink, TraceEvent } from '../events/index.ts';

/** Sentences kept; later ones are counted. */
const MAX_SENTENCES = 400;

interface Running {
  readonly what: string;
  readonly task: string;
}

export class Narrator implements EventSink {
  readonly sentences: string[] = [];
  /** Sentences there would be besides. */
  left = 0;
  /** What each task is doing, the innermost call last. */
  readonly #doing = new Map<string, string[]>();
  readonly #winners = new Map<number, Running>();
  readonly #waiters = new Map<number, number>();
  readonly #anchors = new Map<string, Running>();

  push(event: TraceEvent): void {
    switch (event.kind) {
      case 'request_begin': {
        const stack = this.#doing.get(event.task) ?? [];
        this.#doing.set(event.task, [...stack, `${event.op} of ${event.subject}`]);
        return;
      }
      case 'outcome': {
        const { op, subject, ret, task } = event;
        const stack = this.#doing.get(task) ?? [];
        if (stack.length <= 1) this.#doing.delete(task);
        else this.#doing.set(task, stack.slice(0, -1));
        if (ret < 0) {
          const where = event.stage === 'request' ? '' : ` in stage ${event.stage}`;
          this.#say(event, `${op} of ${subject} failed with ${errnoName(ret)}${where}`);
        }
        return;
      }
      case 'idempotent':
        this.#gate(event);
        return;
      case 'dup_request':
        this.#duplicate(event);
        return;
      case 'semaphore':
        if (event.op !== 'timeout') return;
        this.#say(
          event,
          `${this.#what(event.task)} gave up after waiting for one of the slots of request_module(), all taken`,
        );
        return;
      case 'process':
        if (event.op === 'exec') this.#say(event, `the kernel started ${event.comm}`);
        else if (event.status !== 0)
          this.#say(event, `${event.comm} ended with wait status ${event.status}`);
        return;
      case 'module_state':
        if (event.state === 'live') this.#say(event, `${event.name} is live`);
        else if (event.state === 'going') this.#say(event, `${event.name} is on its way out`);
    }
  }

  #gate(event: TraceEvent & { kind: 'idempotent' }): void {
    const { ino, role, task, ret } = event;
    const winner = this.#winners.get(ino);
    const waiting = this.#waiters.get(ino) ?? 0;
    switch (role) {
      case 'winner':
        this.#winners.set(ino, { what: this.#what(task), task });
        this.#waiters.set(ino, 0);
        return;
      case 'join':
        this.#waiters.set(ino, waiting + 1);
        this.#say(
          event,
          `${this.#what(task)} waits at the gate of finit_module(): ${winner?.task ?? 'another task'} is loading the same file`,
        );
        return;
      case 'interrupted':
        this.#waiters.set(ino, Math.max(0, waiting - 1));
        this.#say(event, `a signal ended the wait of ${this.#what(task)} at the gate`);
        return;
      case 'complete':
        this.#winners.delete(ino);
        if (waiting === 0) return;
        this.#say(
          event,
          `${winner?.what ?? 'the load'} ended; ${waiting} at the gate took its value, ${ret === 0 ? '0' : errnoName(ret)}`,
        );
    }
  }

  #duplicate(event: TraceEvent & { kind: 'dup_request' }): void {
    const { name, role, task, ret } = event;
    const anchor = this.#anchors.get(name);
    if (role === 'anchor') this.#anchors.set(name, { what: this.#what(task), task });
    else if (role === 'expire') this.#anchors.delete(name);
    else if (role === 'wait') {
      this.#say(
        event,
        `a request for ${name} takes the answer of the first one, made by ${anchor?.task ?? 'another task'}`,
      );
    } else if (role === 'announce' && ret !== 0) {
      this.#say(
        event,
        `the first request for ${name} was answered with ${ret}, for all that ask within 60 s`,
      );
    }
  }

  #what(task: string): string {
    return this.#doing.get(task)?.at(-1) ?? 'a call';
  }

  #say(event: TraceEvent, sentence: string): void {
    if (this.sentences.length >= MAX_SENTENCES) {
      this.left += 1;
      return;
    }
    this.sentences.push(`${formatTime(event.t)} ${event.task}: ${sentence}.`);
  }
}
