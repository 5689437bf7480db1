/** Memory that inits ask for in vain. */
import { describe, expect, it } from 'vitest';
import { moduleFile, run } from './rig.ts';

const MIB = 1024 * 1024;
const FILE = moduleFile({ name: 'asks' });

function load(init: object) {
  return run([FILE], {
    machine: { cpus: 1, vmalloc: 'i386-highmem' },
    modules: { dir: '.', init: { asks: init } },
    steps: [{ finit_module: 'asks.ko' }, { read: '/proc/vmallocinfo' }],
  });
}

describe('an init', () => {
  it('that does without what it cannot get loads, and its failed search has purged', () => {
    const { events, rets } = load({ tries_vmalloc: [500 * MIB] });
    expect(rets[0]).toBe(0);
    const kinds = events.flatMap((event) => {
      if (event.kind === 'alloc_vmap_area') return event.failed ? ['failed'] : [];
      return event.kind === 'purge_vmap_area_lazy' ? ['purge'] : [];
    });
    const first = kinds.indexOf('failed');
    expect(kinds.slice(first, first + 3)).toEqual(['failed', 'purge', 'failed']);
  });

  it('fails when what it cannot get is what it uses', () => {
    expect(load({ uses_vmalloc: [500 * MIB] }).rets[0]).toBe(-12);
  });
});
