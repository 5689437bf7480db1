// SPDX-License-Identifier: MIT
/** One test body, two back ends: the device alone, and the device in v86 with a guest at it. */
import { afterEach, describe } from 'vitest';
import { FakeSession, type FakeSessionOptions } from '../fake-session.ts';
import { bareHand, guestHand, type MakeHand, type PortHand } from './port-hand.ts';
import { PortScript } from './port-script.ts';

/** What a test works with, once it has opened it. */
export class PortRig {
  readonly #makeHand: MakeHand;
  #hand: PortHand | undefined;
  #session: FakeSession | undefined;
  #script: PortScript | undefined;

  constructor(makeHand: MakeHand) {
    this.#makeHand = makeHand;
  }

  get hand(): PortHand {
    return this.#hand!;
  }

  get session(): FakeSession {
    return this.#session!;
  }

  get script(): PortScript {
    return this.#script!;
  }

  /** A fresh port over a session with these programs; two empty ones if none are given. */
  async open(options: FakeSessionOptions = { programs: [[], []] }): Promise<void> {
    this.#session = new FakeSession(options);
    this.#hand = await this.#makeHand(this.#session);
    this.#script = new PortScript(this.#hand);
  }

  async close(): Promise<void> {
    await this.#hand?.close();
  }
}

/** Runs `body`, which registers tests, for each back end. */
export function onBothBackEnds(what: string, body: (rig: PortRig) => void): void {
  for (const [name, makeHand] of [
    ['the device alone', bareHand],
    ['a guest in v86', guestHand],
  ] as const) {
    describe(`${what}, driven by ${name}`, () => {
      const rig = new PortRig(makeHand);
      afterEach(() => rig.close());
      body(rig);
    });
  }
}
