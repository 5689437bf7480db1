// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { makeSpace, OWNER } from './fixture.ts';

const PAGE = 4096;

/** The first lines of a real 4-CPU boot of Linux 6.12, and single lines seen later. */
const REAL_BOOT = [
  '0xf77fe000-0xf7800000    8192 acpi_os_map_iomem+0x229/0x240 phys=0x7ffe1000 ioremap',
  '0xf7800000-0xf7803000   12288 acpi_os_map_iomem+0x229/0x240 phys=0x7ffe0000 ioremap',
  '0xf7803000-0xf7805000    8192 bpf_prog_alloc_no_stats+0x23/0x150 pages=1 vmalloc',
  '0xf7805000-0xf7808000   12288 bpf_jit_binary_alloc+0x47/0xa0 pages=2 vmalloc',
  '0xf7808000-0xf780a000    8192 acpi_os_map_iomem+0x229/0x240 phys=0xfed00000 ioremap',
  '0xf780a000-0xf780e000   16384 n_tty_open+0xe/0x78 pages=3 vmalloc',
  '0xf788f000-0xf7893000   16384 w+0x23c/0x89c [vmt] vmap',
  '0xf78b4000-0xf78b7000   12288 proc_reg_write+0x74/0xa0 pages=2 vmalloc',
  '0xf78bc000-0xf78c0000   16384 w+0x421/0x89c [vmt] pages=3 vmalloc user',
  '0xf7900000-0xf7a00000 1048576 vm_map_ram',
  '0xf9001000-0xf94c7000 5005312 proc_reg_write+0x74/0xa0 pages=1221 vmalloc vpages',
  '0xfef7a000-0xfeffe000  540672 pcpu_get_vm_areas+0x0/0xdec vmalloc',
  '0xf7893000-0xf7897000   16384 unpurged vm_area',
].map((line) => `${line}\n`);

describe('vmallocinfo', () => {
  it('prints a line for each kind of area as the kernel does', () => {
    const { space } = makeSpace();
    const lines = (): string[] => space.vmallocinfo().split('\n').slice(0, -1);
    space.ioremap({ caller: 'acpi_os_map_iomem', purpose: 'ioremap', phys: 0x7ffe1000, bytes: 1 });
    space.vmalloc({ caller: 'n_tty_open', purpose: 'boot', bytes: 3 * PAGE });
    space.vmap({ caller: 'w', purpose: 'vmap', pages: 3 });
    space.vmalloc({ caller: 'w', purpose: 'other', bytes: 3 * PAGE, user: true });
    const big = space.vmalloc({ caller: 'proc_reg_write', purpose: 'other', bytes: 1221 * PAGE })!;
    space.vmMapRam(1, OWNER);
    space.pcpuGetVmAreas([{ offset: 0, size: 540_672 }]);
    space.vmalloc({ caller: '', purpose: 'other', bytes: 1 });
    expect(lines()).toEqual([
      '0xf77fe000-0xf7800000    8192 acpi_os_map_iomem phys=0x7ffe1000 ioremap',
      '0xf7800000-0xf7804000   16384 n_tty_open pages=3 vmalloc',
      '0xf7804000-0xf7808000   16384 w vmap',
      '0xf7808000-0xf780c000   16384 w pages=3 vmalloc user',
      '0xf780c000-0xf7cd2000 5005312 proc_reg_write pages=1221 vmalloc vpages',
      '0xf7cd2000-0xf7cd5000   12288 proc_reg_write pages=2 vmalloc',
      '0xf7cd5000-0xf7cd7000    8192 pages=1 vmalloc',
      '0xf7d00000-0xf7e00000 1048576 vm_map_ram',
      '0xfef7a000-0xfeffe000  540672 pcpu_get_vm_areas vmalloc',
    ]);
    space.vfree(big.addr);
    expect(lines().slice(-2)).toEqual([
      '0xf780c000-0xf7cd2000 5005312 unpurged vm_area',
      '0xf7cd2000-0xf7cd5000   12288 unpurged vm_area',
    ]);
  });

  it('lists parked areas after the busy ones, one line each, by address', () => {
    const { space } = makeSpace();
    const areas = [1, 2, 3].map((n) => space.vmalloc({ ...OWNER, bytes: n * PAGE })!);
    space.vfree(areas[1]!.addr);
    space.vfree(areas[0]!.addr);
    expect(space.vmallocinfo()).toBe(
      '0xf7803000-0xf7807000   16384 tester pages=3 vmalloc\n' +
        '0xf77fe000-0xf7800000    8192 unpurged vm_area\n' +
        '0xf7800000-0xf7803000   12288 unpurged vm_area\n',
    );
  });

  it('is empty when nothing is allocated', () => {
    expect(makeSpace().space.vmallocinfo()).toBe('');
  });
});

describe('the Vmalloc rows of meminfo', () => {
  it('count the window and the pages of vmalloc areas, nothing else', () => {
    const { space } = makeSpace();
    space.vmalloc({ ...OWNER, bytes: 4 * PAGE });
    space.vmap({ ...OWNER, pages: 7 });
    space.ioremap({ ...OWNER, phys: 0, bytes: PAGE });
    space.pcpuGetVmAreas([{ offset: 0, size: PAGE }]);
    expect(space.meminfo()).toBe(
      'VmallocTotal:     122880 kB\nVmallocUsed:          16 kB\nVmallocChunk:          0 kB\n',
    );
    space.execmemAlloc({ ...OWNER, bytes: PAGE });
    expect(space.meminfo()).toContain('VmallocUsed:          20 kB\n');
  });

  it('round the x86-64 window down, which lacks its last byte', () => {
    expect(makeSpace('x86-64').space.meminfo()).toContain('VmallocTotal:   34359738367 kB\n');
  });
});

describe('starting from the vmallocinfo of a real box', () => {
  it('prints the same lines back', () => {
    const { space } = makeSpace();
    const result = space.seedFromVmallocinfo(REAL_BOOT.join(''));
    expect(result).toEqual({ ok: true, areas: 13, vmallocPages: 1232 });
    expect(space.vmallocinfo()).toBe(REAL_BOOT.join(''));
    expect(space.meminfo()).toContain('VmallocUsed:        4928 kB\n');
  });

  it('leaves exactly the gaps between the lines free', () => {
    const { space } = makeSpace();
    space.seedFromVmallocinfo(REAL_BOOT.join(''));
    const { total, used, lazy, free } = space.stats();
    expect(used + lazy + free).toBe(total);
    expect(lazy).toBe(16_384);
    // Up to f788f000 only f780e000 on is free; then what follows f7897000.
    const addrs = [0x81, 0x1d, 8].map(
      (pages) => space.vmalloc({ ...OWNER, bytes: (pages - 1) * PAGE })!.addr,
    );
    expect(addrs.map((a) => a.toString(16))).toEqual(['f780e000', 'f7897000', 'f78c0000']);
  });

  it('gives the parked lines back at the next purge', () => {
    const { space, take } = makeSpace();
    space.seedFromVmallocinfo(REAL_BOOT.join(''));
    take();
    space.vmUnmapAliases();
    expect(take()).toEqual(['purge f7893000 f7897000 1']);
  });

  it.each([
    ['some text', 'line 1: expected "0x<start>-0x<end> <bytes> …", found "some text"'],
    ['0x(ptrval)-0x(ptrval)    8192 foo vmalloc', 'line 1: addresses are hidden'],
    ['0x00000000-0x00000000    8192 foo vmalloc', 'line 1: addresses are zero'],
    ['0x5e3d1a21-0x9b00c4f7    8192 foo vmalloc', 'the line says 8192 (hashed addresses?)'],
    ['0xf7800000-0xf7802000    8191 foo', 'the range holds 8192 bytes, the line says 8191'],
    ['0xf7800800-0xf7801800    4096 foo', 'line 1: start and size must be multiples of 4096'],
    ['0xf7800000-0xf7800000       0 foo', 'line 1: start and size must be multiples of 4096'],
    ['0xc0000000-0xc0001000    4096 foo', 'lies outside the address space i386-highmem'],
    ['0xfefff000-0xff000000    4096 foo', 'lies outside the address space i386-highmem'],
    ['0xffffc90000000000-0xffffc90000002000    8192 foo', 'does not fit 32 bits'],
    [
      '0xf7800000-0xf7803000   12288 a vmalloc\n\n0xf7802000-0xf7804000    8192 b vmalloc',
      'line 3: overlaps the area of line 1',
    ],
  ])('refuses %j', (text, message) => {
    const { space } = makeSpace();
    const result = space.seedFromVmallocinfo(text);
    expect(result.ok).toBe(false);
    expect(result).toHaveProperty('message', expect.stringContaining(message));
    expect(space.vmallocinfo()).toBe('');
  });

  it('refuses a space that is in use', () => {
    const { space } = makeSpace();
    space.vmalloc({ ...OWNER, bytes: 1 });
    expect(space.seedFromVmallocinfo('')).toMatchObject({ ok: false });
  });
});
