// SPDX-License-Identifier: MIT
/**
 * Rows of a timeline: one group of rows for each CPU (or module, or command), as many rows in it as
 * slices that overlap there, so that slices of one row never overlap.
 */
export class LaneGroups {
  readonly #ids = new Map<string, number>();
  readonly #labels: string[] = [];
  /** Per group, whether each of its rows is taken. */
  readonly #taken: boolean[][] = [];

  /** The number of a group, made when it is new. */
  group(label: string): number {
    let id = this.#ids.get(label);
    if (id === undefined) {
      id = this.#labels.length;
      this.#ids.set(label, id);
      this.#labels.push(label);
      this.#taken.push([]);
    }
    return id;
  }

  /** The first free row of a group, now taken. */
  take(group: number): number {
    const rows = this.#taken[group]!;
    let row = rows.indexOf(false);
    if (row < 0) row = rows.length;
    rows[row] = true;
    return row;
  }

  release(group: number, row: number): void {
    this.#taken[group]![row] = false;
  }

  get labels(): readonly string[] {
    return this.#labels;
  }

  /** Rows that a group ever needed, at least 1. */
  rowsOf(group: number): number {
    return Math.max(1, this.#taken[group]!.length);
  }
}
