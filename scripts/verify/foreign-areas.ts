// SPDX-License-Identifier: MIT
// What other tasks of the real kernel did to the address space, done to the model's at the same
// places among the loader's own events: sizes and order are given, addresses are the model's.

import type { ForeignEvent } from '../../emulator/linux/foreign-events.ts';
import type { ObservedCall } from '../../emulator/linux/observed.ts';
import { PAGE_SIZE, parseAddress, type VirtAddr } from '../../loader/base/index.ts';
import type { SimKernel } from '../../loader/kernel.ts';

/** Calls of the address space that cause events. */
const CALLS = [
  'vmalloc',
  'execmemAlloc',
  'vmap',
  'vfree',
  'vfreePages',
  'vmUnmapAliases',
  'drainVmapAreaWork',
] as const;

/** Who takes a thread's stack (dup_task_struct in kernel/fork.c, inlined into it). */
const STACK_CALLER = 'kernel_clone';

/**
 * Who took an area of that address and size in that step, as the first text of /proc/vmallocinfo
 * from there on has it.
 */
export function callerIn(
  calls: readonly ObservedCall[],
  step: number,
  { va, size }: Pick<ForeignEvent, 'va' | 'size'>,
): string {
  const read = calls.find((call) => call.step >= step && call.subject === '/proc/vmallocinfo');
  const text = read?.text ?? '';
  const at = text.indexOf(`${va}-`);
  const found = at < 0 ? null : /^\S+ +(\d+) (\w+)/.exec(text.slice(at, at + 200));
  return found !== null && Number(found[1]) === size ? found[2]! : STACK_CALLER;
}

export class ForeignAreas {
  readonly #kernel: SimKernel;
  readonly #steps: readonly (readonly ForeignEvent[])[];
  readonly #calls: readonly ObservedCall[];
  /** The model's addresses of areas by the kernel's. */
  readonly #at = new Map<string, VirtAddr>();
  #pending: ForeignEvent[] = [];
  #position = 0;
  #step = 0;
  #busy = false;

  constructor(
    kernel: SimKernel,
    steps: readonly (readonly ForeignEvent[])[],
    calls: readonly ObservedCall[],
  ) {
    this.#kernel = kernel;
    this.#steps = steps;
    this.#calls = calls;
    if (steps.every((events) => events.length === 0)) return;
    kernel.events.attach({
      push: ({ kind }) => {
        if (this.#busy) return;
        if (/^(alloc_vmap_area|free_vmap_area_noflush|purge_vmap_area_lazy)$/.test(kind))
          this.#position += 1;
      },
    });
    const space = kernel.space as unknown as Record<string, (...args: unknown[]) => unknown>;
    for (const name of CALLS) {
      const call = space[name]!.bind(kernel.space);
      space[name] = (...args) => {
        this.#catchUp();
        return call(...args);
      };
    }
  }

  beginStep(step: number): void {
    this.#step = step;
    this.#pending = [...(this.#steps[step] ?? [])];
    this.#position = 0;
  }

  /** Does what is left of the step. */
  endStep(): void {
    this.#catchUp(true);
  }

  #catchUp(all = false): void {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#pending.length > 0 && (all || this.#pending[0]!.position <= this.#position)) {
      this.#do(this.#pending.shift()!);
    }
    this.#busy = false;
  }

  #do(event: ForeignEvent): void {
    const { kind, va, size, align } = event;
    const { space } = this.#kernel;
    if (kind === 'purge') {
      space.drainVmapAreaWork();
      return;
    }
    if (kind === 'alloc') {
      const area = space.vmalloc({
        bytes: size - PAGE_SIZE,
        align,
        caller: callerIn(this.#calls, this.#step, event),
        purpose: 'keep',
      });
      if (area !== null) this.#at.set(va, area.addr);
      return;
    }
    const known = this.#at.get(va) ?? parsed(this.#kernel, va);
    if (known !== undefined && space.findVmArea(known) !== undefined) space.vfree(known);
    this.#at.delete(va);
  }
}

function parsed(kernel: SimKernel, va: string): VirtAddr | undefined {
  const found = parseAddress(kernel.space.preset, va);
  return found.ok ? found.addr : undefined;
}
