// SPDX-License-Identifier: MIT
/**
 * ms_areas as the model runs it (guest-images/linux/modules/ms_areas.c): areas of the vmalloc space
 * on request.
 */

import { ERRNO, formatAddress } from '../base/index.ts';
import type { ModuleContext } from '../module/index.ts';
import { plainFile, type VirtualFile } from '../vfs/index.ts';
import type { PercpuMemory } from './test-vmalloc/index.ts';

export const AREAS_FILE = '/sys/module/ms_areas/parameters/do';

const SLOTS = 1024;
/** The function of the module that asks, as /proc/vmallocinfo names it. */
const OWNER = { caller: 'do_set [ms_areas]', purpose: 'other' } as const;

interface Slot {
  readonly addr: number;
  release(): void;
}

/** The file that takes `SLOT vmalloc BYTES`, `SLOT free`, … */
export function areasFile(ctx: ModuleContext, percpu: PercpuMemory): VirtualFile {
  const { engine, space } = ctx;
  const slots = new Map<number, Slot>();
  let last = 0;
  /** A worker that drains comes in before a large area's array of pages is freed. */
  const vfree = (addr: number): void => {
    const array = space.vfreePages(addr)?.pageArray ?? null;
    if (array === null) return;
    engine.spawn({ comm: 'init' }, function* () {
      yield engine.work(1);
      space.vfree(array.addr);
    });
  };
  const take = (what: string, a: number, b: number): Slot | null | 'unknown' => {
    switch (what) {
      case 'vmalloc':
        return slotOf(space.vmalloc({ bytes: a, ...OWNER }), vfree);
      case 'vmap':
        return slotOf(space.vmap({ pages: a, ...OWNER }), (addr) => space.vunmap(addr));
      case 'ioremap':
        return slotOf(space.ioremap({ phys: a, bytes: b, ...OWNER }), (addr) =>
          space.iounmap(addr),
        );
      case 'vm_map_ram': {
        const addr = space.vmMapRam(a, OWNER);
        return addr === null ? null : { addr, release: () => space.vmUnmapRam(addr, a) };
      }
      case 'percpu': {
        const object = percpu.alloc(a, b);
        const release = (): void => {
          if (object !== null && percpu.release(object)) percpu.scheduleBalance();
        };
        return object === null ? null : { addr: 0, release };
      }
      default:
        return 'unknown';
    }
  };
  return plainFile({
    read: () => `${last} 0x${formatAddress(space.preset, slots.get(last)?.addr ?? 0)}\n`,
    write: (text) => {
      const [slotWord, what, a = '0', b = '0'] = text.trim().split(/\s+/);
      const slot = Number(slotWord);
      if (what === undefined || !Number.isInteger(slot) || slot >= SLOTS) return -ERRNO.EINVAL;
      last = slot;
      if (what === 'purge') {
        space.vmUnmapAliases();
        return 0;
      }
      if (what === 'free') {
        slots.get(slot)?.release();
        slots.delete(slot);
        return 0;
      }
      if (slots.has(slot)) return -ERRNO.EBUSY;
      const taken = take(what, Number(a), Number(b));
      if (taken === 'unknown') return -ERRNO.EINVAL;
      if (taken === null) return -ERRNO.ENOMEM;
      slots.set(slot, taken);
      return 0;
    },
  });
}

function slotOf(
  area: { readonly addr: number } | null,
  free: (addr: number) => unknown,
): Slot | null {
  if (area === null) return null;
  const { addr } = area;
  return { addr, release: () => free(addr) };
}
