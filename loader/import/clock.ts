// SPDX-License-Identifier: MIT
/** Times of a file as nanoseconds since its first one: an epoch in nanoseconds fits no double. */
import type { Nanos } from '../base/index.ts';

const NS = 1_000_000_000;
const DAY = 86_400;

export class FileClock {
  #base: number | undefined;
  #last: Nanos = 0;
  #days = 0;
  #lastOfDay = 0;

  /** Whole seconds and the digits after the point. */
  at(seconds: string, fraction = ''): Nanos {
    const whole = Number(seconds);
    this.#base ??= whole;
    const ns = (whole - this.#base) * NS + Number(fraction.slice(0, 9).padEnd(9, '0'));
    this.#last = ns;
    return ns;
  }

  /** A time of day; a step back of more than half a day is a midnight. */
  ofDay(hours: string, minutes: string, seconds: string, fraction = ''): Nanos {
    const second = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    if (second < this.#lastOfDay - DAY / 2) this.#days += 1;
    this.#lastOfDay = second;
    return this.at(String(second + this.#days * DAY), fraction);
  }

  /** So long after the time before it. */
  after(seconds: string, fraction = ''): Nanos {
    this.#last += Number(seconds) * NS + Number(fraction.slice(0, 9).padEnd(9, '0'));
    return this.#last;
  }
}
