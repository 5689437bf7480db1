// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { Random } from '../../../loader/engine/random.ts';
import { EventLog } from '../../../loader/events/event-log.ts';
import { ADDRESS_SPACES, addressSpace } from '../../../loader/presets/address-spaces.ts';
import { AddressMap } from '../../../loader/view/address-map.ts';
import { areaStory, vmallocinfoLine, vmallocinfoText } from '../../../loader/view/area-line.ts';
import { stateJson } from '../../../loader/view/map-json.ts';
import { type VmArea, VmallocSpace } from '../../../loader/vmalloc/index.ts';
import { HandTrace } from './hand-trace.ts';

const quiet = { print() {}, printLimited() {} };

/** A model address space whose events a map follows. */
function followed(name: string) {
  const found = addressSpace(name);
  if (!found.ok) throw new Error(found.message);
  const source = { now: 0, currentCpu: 0, currentLabel: 'insmod-1' };
  const log = new EventLog(source);
  const map = new AddressMap(found.preset);
  log.attach(map);
  const space = new VmallocSpace(found.preset, {
    trace: log,
    log: quiet as never,
    onlineCpus: () => 8,
    comm: () => 'insmod',
    scheduleDrain: () => {},
    now: () => source.now,
  });
  return { source, map, space };
}

describe('the text of vmallocinfo from events', () => {
  it.each(['i386-128m', 'arm32', 'x86-64'])('is that of the model itself: %s', (name) => {
    const { source, map, space } = followed(name);
    const random = new Random(9);
    const held: VmArea[] = [];
    for (let i = 0; i < 2000; i += 1) {
      source.now += random.below(1000);
      const pages = 1 + random.below(random.below(20) === 0 ? 2000 : 12);
      const owner = { caller: `f${random.below(5)}+0x10/0x20`, module: 'm', request: 0 };
      const choice = random.below(8);
      let area: VmArea | null = null;
      if (choice < 3) area = space.vmalloc({ bytes: pages * 4096, purpose: 'file', ...owner });
      else if (choice === 3) area = space.vmap({ pages, purpose: 'image', ...owner });
      else if (choice === 4) {
        area = space.execmemAlloc({ bytes: pages * 4096, purpose: 'text', ...owner });
      }
      if (area) held.push(area);
      if (held.length > 150 || choice > 6) {
        const [victim] = held.splice(random.below(held.length), 1);
        if (victim?.purpose === 'image') space.vunmap(victim.addr);
        else if (victim) space.vfree(victim.addr);
      }
    }
    expect(map.live.misfits).toBe(0);
    const state = map.stateAt({ seq: map.last.seq });
    // The kernel lists its nodes one by one; sorted, both lists are by address.
    const sorted = (text: string) => text.split('\n').sort();
    expect(sorted(vmallocinfoText(map.space, state))).toEqual(sorted(space.vmallocinfo()));
    const { used, lazy, largest_free, free_areas } = space.stats();
    expect(state.summary()).toMatchObject({ used, lazy });
    if (name !== 'x86-64') {
      expect(state.summary()).toMatchObject({ largest: { size: largest_free }, holes: free_areas });
      expect(map.live.main.holes.largest).toBe(space.largestFree());
    }
    const [first] = space.areas();
    expect(state.area(0)).toMatchObject({
      start: first!.start,
      size: first!.size,
      since: first!.since,
      purpose: first!.purpose,
    });
  });

  it('knows per-CPU chunks and mapped pages, which have no page counts', () => {
    const { map, space } = followed('i386-128m');
    space.pcpuGetVmAreas([{ offset: 0, size: 135_168 }]);
    space.vmMapRam(4, { caller: 'zs_map', purpose: 'vm_map_ram' });
    const text = vmallocinfoText(map.space, map.stateAt({ seq: map.last.seq }));
    expect(text.split('\n').sort()).toEqual(space.vmallocinfo().split('\n').sort());
    expect(text).toContain('135168 pcpu_get_vm_areas vmalloc');
  });
});

describe('an area in words', () => {
  const trace = new HandTrace(64);
  trace.cpu = 5;
  trace.at(1000).begin(17, '/lib/modules/x/kernel/amdgpu.ko').stage(17, 'kread');
  trace.area(0, 4, 'file', 17).stage(17, 'becoming').area(8, 4, 'text', 17, 'amdgpu');
  trace.at(5000).free(0).end(17, 0, 'amdgpu');
  const map = trace.map();

  it('is its line in vmallocinfo', () => {
    const state = map.stateAt({ t: 4000 });
    expect(vmallocinfoLine(map.space, state.areaAt(0xf0000000)!)).toBe(
      '0xf0000000-0xf0004000   16384 file_caller pages=3 vmalloc',
    );
    const later = map.stateAt({ t: 6000 });
    expect(vmallocinfoLine(map.space, later.areaAt(0xf0000000)!)).toBe(
      '0xf0000000-0xf0004000   16384 unpurged vm_area',
    );
  });

  it('has a story: what for, whose, in which stage, since when', () => {
    const state = map.stateAt({ t: 4000 });
    expect(areaStory(state, map.requests, state.areaAt(0xf0003fff)!)).toBe(
      'file of amdgpu, request 17 (finit_module amdgpu.ko), stage kread, CPU 5, for 3 us since 1us',
    );
    const later = map.stateAt({ t: 7000 });
    expect(areaStory(later, map.requests, later.areaAt(0xf0000000)!)).toContain(
      'for 6 us since 1us, parked for 2 us',
    );
    expect(areaStory(later, map.requests, later.areaAt(0xf0008000)!)).toContain('stage becoming');
    expect(later.areaAt(0xf0004000)).toBeNull();
  });
});

describe('one moment as JSON', () => {
  it('has sums, holes, areas and the failure, addresses whole', () => {
    const trace = new HandTrace(64).begin(1, 'tun.ko').stage(1, 'kread').area(4, 10, 'file', 1);
    trace.at(3000).search(null, 60).purge().search(null, 60).end(1, -12, 'tun');
    const map = trace.map();
    const found = map.stateAtMoment({ at: 'failure' });
    if (!found.ok) throw new Error(found.message);
    const json = stateJson(map, found.state, map.firstFailure);
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(json.t_ns).toBe(3000);
    expect(json.windows[0]).toMatchObject({
      name: 'vmalloc',
      start: '0xf0000000',
      end: '0xf0040000',
      total: 262_144,
      used: 40_960,
      free: 221_184,
      free_areas: 2,
      largest_free: 204_800,
      largest_free_start: '0xf000e000',
      holes: [
        { start: '0xf0000000', size: 16_384 },
        { start: '0xf000e000', size: 204_800 },
      ],
    });
    expect(json.windows[0]!.by_class).toMatchObject({ free: 221_184, file: 36_864, guard: 4096 });
    expect(json.areas).toEqual([
      {
        start: '0xf0004000',
        size: 40_960,
        state: 'busy',
        pages: 9,
        purpose: 'file',
        caller: 'file_caller',
        module: '',
        request: 1,
        stage: 'kread',
        cpu: 0,
        since_ns: 0,
        freed_ns: null,
      },
    ]);
    expect(json.failure).toMatchObject({ seq: 6, t_ns: 3000, size: 245_760, vend: '0xf0040000' });
    expect(json.failure?.sentence).toContain('finit_module of tun.ko at 3 us wanted');
    expect(stateJson(map, found.state).failure).toBeNull();
  });

  it('has both ranges where modules have their own', () => {
    const map = new AddressMap(ADDRESS_SPACES.get('x86-64')!);
    const json = stateJson(map, map.stateAt({ seq: 0 }));
    expect(json.windows.map(({ name, start }) => [name, start])).toEqual([
      ['vmalloc', '0xffffc90000000000'],
      ['modules', '0xffffffffc0000000'],
    ]);
  });
});
