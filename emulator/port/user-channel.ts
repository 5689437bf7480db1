// SPDX-License-Identifier: MIT
/**
 * The user channel: processes of a Linux guest talk to the host through windows of I/O ports, one
 * window for each transaction (PROTOCOL.md, "User space"). It knows nothing of v86 or of what is
 * asked.
 *
 * A window has a key that only its process was told. Nothing that is written to another's window
 * without the key gives it back, moves time or is taken for a message. A window whose process has
 * given no sign of life for `SILENCE_NS` of guest time is given back, and its request ended.
 */
import {
  GATE,
  GATE_MAGIC,
  WINDOW,
  WINDOW_COUNT,
  WINDOW_SIZE,
  WINDOW_STATE,
  WINDOWS_BASE,
} from './user-protocol.ts';
import { UserStamps } from './user-stamps.ts';
import { type UserMessage, UserWindow } from './user-window.ts';

/** A process that lives asks every few milliseconds; a stopped one may be stopped for this long. */
export const SILENCE_NS = 30e9;
/** Windows are looked through for dead processes this often, in guest time. */
const LOOK_NS = 1e9;

/** Gives a process its answer: the value and a text. Nothing happens when the process has gone. */
export type UserAnswer = (value: number, bytes: Uint8Array) => void;

/** Who answers. Times are nanoseconds of guest time. */
export interface UserHost {
  /** A request came; its number. It is answered once, within the call or later. */
  request(message: UserMessage, at: number, answer: UserAnswer): number;
  /** A process waits at that time: what has been done by then may be answered. */
  pass(at: number): void;
  /** The process of a request has gone, by that signal (9: it fell silent). */
  gone(request: number, at: number, signal: number): void;
}

/** What the channel saw, for the report. */
export interface UserChannelReport {
  readonly opened: number;
  readonly requests: number;
  /** Messages and polls that were damaged, closes without the key, accesses nobody makes. */
  readonly misuses: number;
  /** OPENs that found no free window. */
  readonly full: number;
  /** Windows taken back from processes that were gone. */
  readonly abandoned: number;
  readonly mostOpen: number;
}

export class UserChannel {
  readonly #host: UserHost;
  readonly #windows: (UserWindow | undefined)[] = new Array(WINDOW_COUNT).fill(undefined);
  readonly #free: number[] = Array.from({ length: WINDOW_COUNT }, (_, i) => WINDOW_COUNT - 1 - i);
  readonly #stamps: UserStamps;
  #keys = 0;
  #looked = 0;
  #opened = 0;
  #requests = 0;
  #misuses = 0;
  #full = 0;
  #abandoned = 0;
  #mostOpen = 0;

  /** `wallMs`: the host's clock, which bounds how far a stamp can be ahead. */
  constructor(host: UserHost, wallMs: () => number) {
    this.#host = host;
    this.#stamps = new UserStamps(wallMs);
  }

  /** Guest time, nanoseconds since the guest's clock began. */
  get now(): number {
    return this.#stamps.now;
  }

  get open(): number {
    return WINDOW_COUNT - this.#free.length;
  }

  /** The windows that are open, as OPEN gave them: what `adopt` takes. */
  openWindows(): number[] {
    return this.#windows.flatMap((window, index) =>
      window === undefined ? [] : [handleOf(window.key, index)],
    );
  }

  /**
   * Takes over a window that a guest, put back to an earlier state, holds with a request waiting.
   * The function that answers it.
   */
  adopt(handle: number): UserAnswer {
    const index = ((handle & 0xffff) - WINDOWS_BASE) / WINDOW_SIZE;
    const window = new UserWindow(handle >>> 16, this.#stamps.now);
    window.state = WINDOW_STATE.WAITING;
    this.#windows[index] = window;
    this.#free.splice(this.#free.indexOf(index), 1);
    return (value, bytes) => window.answer(value, bytes);
  }

  readGate(offset: number): number {
    if (offset === GATE.MAGIC) return GATE_MAGIC;
    const index = this.#free.pop();
    if (index === undefined) {
      this.#full++;
      return 0;
    }
    this.#opened++;
    // 40,503 is odd: all keys from 1 to 65,535 come before one comes again.
    this.#keys = (this.#keys + 40_503) & 0xffff || 40_503;
    this.#windows[index] = new UserWindow(this.#keys, this.#stamps.now);
    this.#mostOpen = Math.max(this.#mostOpen, this.open);
    return handleOf(this.#keys, index);
  }

  misuse(): void {
    this.#misuses++;
  }

  readWindow(offset: number): number {
    const window = this.#windows[Math.floor(offset / WINDOW_SIZE)];
    const register = offset % WINDOW_SIZE;
    if (register === WINDOW.STATE) return window?.state ?? WINDOW_STATE.CLOSED;
    if (register === WINDOW.DATA && window !== undefined) return window.get();
    this.#misuses++;
    return 0xffffffff;
  }

  writeWindow(offset: number, value: number): void {
    const index = Math.floor(offset / WINDOW_SIZE);
    const window = this.#windows[index];
    if (window === undefined) {
      this.#misuses++;
      return;
    }
    switch (offset % WINDOW_SIZE) {
      case WINDOW.DATA:
        this.#put(window, value);
        break;
      case WINDOW.POLL:
        this.#poll(window, value);
        break;
      case WINDOW.CLOSE:
        if (value >>> 16 === window.key) this.#close(index, window, value & 0xffff);
        else this.#misuses++;
        break;
      default:
        this.#misuses++;
    }
  }

  report(): UserChannelReport {
    return {
      opened: this.#opened,
      requests: this.#requests,
      misuses: this.#misuses,
      full: this.#full,
      abandoned: this.#abandoned,
      mostOpen: this.#mostOpen,
    };
  }

  #put(window: UserWindow, value: number): void {
    const message = window.put(value);
    if (message === undefined) {
      if (window.state === WINDOW_STATE.DAMAGED) this.#misuses++;
      return;
    }
    const at = this.#stamps.take(message.stamp);
    if (at === undefined) {
      this.#misuses++;
      window.state = WINDOW_STATE.DAMAGED;
      return;
    }
    window.seen = at;
    this.#requests++;
    let answered = false;
    const request = this.#host.request(message, at, (answer, bytes) => {
      answered = true;
      window.request = undefined;
      window.answer(answer, bytes);
    });
    if (!answered) window.request = request;
    this.#lookThrough();
  }

  #poll(window: UserWindow, value: number): void {
    const stamp = window.poll(value);
    if (stamp === undefined) return;
    const at = this.#stamps.take(stamp);
    if (at === undefined) {
      this.#misuses++;
      return;
    }
    window.seen = at;
    this.#host.pass(at);
    this.#lookThrough();
  }

  #close(index: number, window: UserWindow, signal: number): void {
    const { request } = window;
    this.#giveBack(index);
    if (request !== undefined && signal !== 0) this.#host.gone(request, this.#stamps.now, signal);
  }

  #giveBack(index: number): void {
    this.#windows[index] = undefined;
    this.#free.push(index);
  }

  /** Gives back the windows of processes that are gone. */
  #lookThrough(): void {
    const { now } = this.#stamps;
    if (now - this.#looked < LOOK_NS) return;
    this.#looked = now;
    for (let index = 0; index < WINDOW_COUNT; index++) {
      const window = this.#windows[index];
      if (window === undefined || now - window.seen < SILENCE_NS) continue;
      this.#abandoned++;
      this.#close(index, window, 9);
    }
  }
}

/** What OPEN gives: the key above, the first port below. */
function handleOf(key: number, index: number): number {
  return ((key << 16) | (WINDOWS_BASE + index * WINDOW_SIZE)) >>> 0;
}
