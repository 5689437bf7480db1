// SPDX-License-Identifier: MIT
/** Plays virtual time: moves on with every frame of the screen. */
import { byId, say } from './element.ts';

/** A whole run at speed 1, seconds. */
const WHOLE_S = 20;
/** No frame takes longer; what does was not playing, milliseconds. */
const GAP_MS = 1000;
/** With reduced motion pictures change no more often than this, milliseconds. */
const CALM_MS = 250;

export class Player {
  readonly #button = byId('play', HTMLButtonElement);
  readonly #calm = matchMedia('(prefers-reduced-motion: reduce)');
  readonly #onTime: (t: number) => void;
  #duration = 0;
  #t = 0;
  #speed = 1;
  #playing = false;
  #last = 0;

  constructor(onTime: (t: number) => void) {
    this.#onTime = onTime;
    this.#button.addEventListener('click', () => this.toggle());
  }

  get playing(): boolean {
    return this.#playing;
  }

  get t(): number {
    return this.#t;
  }

  setDuration(duration: number): void {
    this.#duration = duration;
    this.#button.disabled = duration === 0;
  }

  setSpeed(speed: number): void {
    this.#speed = speed;
  }

  /** Someone moved to a time. */
  moved(t: number): void {
    this.#t = t;
  }

  toggle(): void {
    if (this.#playing) this.pause();
    else this.#play();
  }

  pause(): void {
    if (!this.#playing) return;
    this.#playing = false;
    say(this.#button, 'Play');
    this.#onTime(this.#t);
  }

  #play(): void {
    if (this.#duration === 0) return;
    if (this.#t >= this.#duration) this.#t = 0;
    this.#playing = true;
    say(this.#button, 'Pause');
    this.#last = performance.now();
    requestAnimationFrame((now) => this.#tick(now));
  }

  #tick(now: number): void {
    if (!this.#playing) return;
    requestAnimationFrame((next) => this.#tick(next));
    const passed = now - this.#last;
    // A tab that was hidden, or a machine that slept, goes on where it was.
    if (passed > GAP_MS) this.#last = now;
    if (passed <= 0 || passed > GAP_MS || (this.#calm.matches && passed < CALM_MS)) return;
    this.#last = now;
    const t = this.#t + ((passed / 1000) * this.#speed * this.#duration) / WHOLE_S;
    this.#t = Math.min(t, this.#duration);
    if (t >= this.#duration) this.pause();
    else this.#onTime(this.#t);
  }
}
