// SPDX-License-Identifier: MIT
/** What is wrong with something the user gave: the command line answers it with exit code 2. */
export interface InputProblem {
  /** The file, directory or option. */
  readonly file: string;
  /** Where in it: a line, a key, an offset; left out for the whole. */
  readonly place?: string | undefined;
  readonly expected: string;
  readonly found: string;
}

export class InputError extends Error implements InputProblem {
  override readonly name = 'InputError';
  readonly file: string;
  readonly place: string | undefined;
  readonly expected: string;
  readonly found: string;

  constructor(problem: InputProblem) {
    const { file, place, expected, found } = problem;
    super(
      `${file}${place === undefined ? '' : `: ${place}`}: expected ${expected}, found ${found}`,
    );
    this.file = file;
    this.place = place;
    this.expected = expected;
    this.found = found;
  }
}

/** Text with control characters as escapes: names from files must not move a terminal's cursor. */
export function printable(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (char) => {
    return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
