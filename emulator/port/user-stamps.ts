// SPDX-License-Identifier: MIT
/**
 * Guest time from stamps: microseconds of CLOCK_MONOTONIC modulo 2^32, as processes send them.
 * Never decreases. A stamp further ahead than the host's clock allows is refused: a wild write
 * must not move the model by an hour.
 */

/** A guest's clock may run this much faster than the host's, or be this far ahead. */
const FASTEST = 16;
const AHEAD_US = 120e6;

export class UserStamps {
  readonly #wallMs: () => number;
  #us: number | undefined;
  #takenMs = 0;

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** Nanoseconds; 0 before the first stamp. */
  get now(): number {
    return (this.#us ?? 0) * 1000;
  }

  /** Guest time after this stamp, in nanoseconds; undefined when it cannot be one. */
  take(stamp: number): number | undefined {
    const wall = this.#wallMs();
    if (this.#us === undefined) {
      this.#us = stamp;
      this.#takenMs = wall;
      return this.now;
    }
    // Signed: stamps of processes that were overtaken lie a little behind.
    const ahead = (stamp - (this.#us % 2 ** 32)) | 0;
    if (ahead <= 0) return this.now;
    if (ahead > AHEAD_US + FASTEST * 1000 * (wall - this.#takenMs)) return undefined;
    this.#us += ahead;
    this.#takenMs = wall;
    return this.now;
  }
}
