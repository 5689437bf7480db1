// SPDX-License-Identifier: MIT
// The vmalloc space by itself: areas, holes, and the lazy free that keeps them apart.
import { ADDRESS_SPACES } from 'modstorm';
import { VmallocSpace } from 'modstorm/vmalloc';

const events = [];
const space = new VmallocSpace(ADDRESS_SPACES.get('i386-128m'), {
  trace: { emit: (event) => events.push(event) },
  log: { printk: (line) => console.log(line) },
  onlineCpus: () => 1,
  comm: () => 'example',
  scheduleDrain: () => undefined,
});

const owner = { purpose: 'other', caller: 'example', request: 0 };
const areas = [16, 64, 16].map((kib) => space.vmalloc({ bytes: kib * 1024, ...owner }));
space.vfree(areas[1].addr);
const { free, largest_free: hole, free_areas: holes } = space.stats();
console.log(`${free} bytes free in ${holes} holes, the largest ${hole}`);
console.log(`${space.lazyBytes()} bytes freed, but parked until a purge`);
space.drainVmapAreaWork();
console.log(`${space.lazyBytes()} bytes parked after it`);
console.log(space.vmallocinfo().trimEnd());
console.log(`${events.length} events`);
