// SPDX-License-Identifier: MIT
/** A scenario that parses and yet cannot be run: a place in it, and what is wrong. */
export class CompileError extends Error {
  readonly place: string;

  constructor(place: string, message: string) {
    super(message);
    this.place = place;
  }
}
