/** The areas in use: found by address, listed in address order. */
import { type Bytes, PAGE_SIZE, type VirtAddr } from '../units.ts';
import type { VmArea } from './area.ts';

export class BusyAreas {
  /** By page number of the start, as almost every free names the start. */
  readonly #byPage = new Map<number, VmArea>();
  /** In address order; null after a change. */
  #ordered: readonly VmArea[] | null = [];
  #bytesInWindow: Bytes = 0;
  #bytesOutside: Bytes = 0;

  get count(): number {
    return this.#byPage.size;
  }

  /** Address space of busy areas inside the vmalloc window, guard pages included. */
  get bytesInWindow(): Bytes {
    return this.#bytesInWindow;
  }

  /** The same outside the window: a separate module range. */
  get bytesOutside(): Bytes {
    return this.#bytesOutside;
  }

  add(area: VmArea, inWindow: boolean): void {
    this.#byPage.set(area.addr / PAGE_SIZE, area);
    this.#ordered = null;
    if (inWindow) this.#bytesInWindow += area.size;
    else this.#bytesOutside += area.size;
  }

  remove(area: VmArea, inWindow: boolean): void {
    this.#byPage.delete(area.addr / PAGE_SIZE);
    this.#ordered = null;
    if (inWindow) this.#bytesInWindow -= area.size;
    else this.#bytesOutside -= area.size;
  }

  /** The area that holds `addr`, which may lie inside it. */
  find(addr: VirtAddr): VmArea | undefined {
    return this.#byPage.get(addr / PAGE_SIZE) ?? this.#findInside(addr);
  }

  #findInside(addr: VirtAddr): VmArea | undefined {
    const areas = this.inOrder();
    let lo = 0;
    let hi = areas.length;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (areas[mid]!.addr + areas[mid]!.size <= addr) lo = mid + 1;
      else hi = mid;
    }
    const area = areas[lo];
    return area !== undefined && area.addr <= addr ? area : undefined;
  }

  /** By address. Sorted on the first call after a change. */
  inOrder(): readonly VmArea[] {
    this.#ordered ??= [...this.#byPage.values()].sort((a, b) => a.addr - b.addr);
    return this.#ordered;
  }
}
