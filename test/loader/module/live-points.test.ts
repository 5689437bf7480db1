// SPDX-License-Identifier: MIT
/**
 * What a live Linux 6.12 (i386) was seen to do: return values and counter deltas of single calls.
 * The modules are made here with the file sizes that were observed.
 */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { moduleFile, run, statsRows } from './rig.ts';

/** Four small parts and the symbol table: five areas of one page, as the live test_module had. */
const TEST_MODULE = moduleFile({
  name: 'test_module',
  fileSize: 3424,
  sizes: { text: 64, data: 0, rodata: 64, initText: 32, initRodata: 0 },
});
const EXT4 = moduleFile({ name: 'ext4', fileSize: 860_272, undefinedSymbols: ['crc16'] });
const DUMMY = moduleFile({
  name: 'dummy',
  fileSize: 6900,
  params: [{ name: 'numdummies', type: 'int' }],
});
const DUP_A = moduleFile({ name: 'dup_a', exports: [{ name: 'shared_symbol', gpl: false }] });
const DUP_B = moduleFile({
  name: 'dup_b',
  fileSize: 7360,
  exports: [{ name: 'shared_symbol', gpl: false }],
});
const RANDOM = {
  path: 'random.bin',
  bytes: Uint8Array.from({ length: 4096 }, (_, i) => (i * 193 + 7) & 0xff),
};
const SHORT = { path: 'short.bin', bytes: new Uint8Array(40).fill(1) };
/** All that the kernel proper exports here. */
const kernel = { base: 'v6.12', exports: ['param_ops_int'] };

/** File offset of a section's header. */
function sectionHeader(bytes: Uint8Array, name: string): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const table = view.getUint32(32, true);
  const names = view.getUint32(table + 40 * view.getUint16(50, true) + 16, true);
  for (let at = table; ; at += 40) {
    const start = names + view.getUint32(at, true);
    const text = String.fromCharCode(...bytes.subarray(start, start + name.length + 1));
    if (text === `${name}\0`) return at;
  }
}

describe('finit_module of a small module', () => {
  it('succeeds: modcount 1, total 20480, text 8192', () => {
    const { result, rets } = run([TEST_MODULE], {
      kernel,
      steps: [{ finit_module: 'test_module.ko' }],
    });
    expect(rets).toEqual([0]);
    expect(statsRows(result)).toMatchObject({
      'Mods ever loaded': '1',
      'Total module size': '20480',
      'Total mod text size': '8192',
    });
  });

  it('again fails with -17 and counts one becoming failure of 3424 bytes with a row', () => {
    const { result, rets } = run([TEST_MODULE], {
      kernel,
      steps: [{ finit_module: 'test_module.ko' }, { finit_module: 'test_module.ko' }],
    });
    expect(rets).toEqual([0, -17]);
    expect(statsRows(result)).toMatchObject({
      'Mods failed on becoming': '1',
      'Failed becoming bytes': '3424',
    });
    expect(result.duplicates).toEqual([
      { name: 'test_module', count: 1, becoming: true, load: false },
    ]);
  });

  it('three times prints the stats text that was recorded, to the byte', () => {
    const { result } = run([TEST_MODULE], {
      kernel,
      steps: [
        { finit_module: 'test_module.ko' },
        { finit_module: 'test_module.ko' },
        { finit_module: 'test_module.ko' },
      ],
    });
    const rows: [string, number][] = [
      ['         Mods ever loaded', 1],
      ['     Mods failed on kread', 0],
      ['Mods failed on decompress', 0],
      ['  Mods failed on becoming', 2],
      ['      Mods failed on load', 0],
      ['        Total module size', 20480],
      ['      Total mod text size', 8192],
      ['       Failed kread bytes', 0],
      ['  Failed decompress bytes', 0],
      ['    Failed becoming bytes', 6848],
      ['        Failed kmod bytes', 0],
      [' Virtual mem wasted bytes', 6848],
      ['         Average mod size', 20480],
      ['    Average mod text size', 8192],
      ['  Avg fail becoming bytes', 3424],
    ];
    const expected =
      rows.map(([label, value]) => `${label}\t${value}\n`).join('') +
      'Duplicate failed modules:\n' +
      '              Module-name\t How-many-times\t                   Reason\n' +
      '              test_module\t              2\t                 Becoming\n';
    expect(result.files['/sys/kernel/debug/modules/stats']).toBe(expected);
  });

  it('by init_module a second time fails the same way', () => {
    const { result, rets } = run([TEST_MODULE], {
      kernel,
      steps: [{ finit_module: 'test_module.ko' }, { init_module: 'test_module.ko' }],
    });
    expect(rets).toEqual([0, -17]);
    expect(result.counters).toMatchObject({ failed_becoming: 1, invalid_becoming_bytes: 3424 });
  });

  it('takes five areas while it loads and three afterwards', () => {
    const { events, kernel: sim } = run([TEST_MODULE], {
      kernel,
      steps: [{ finit_module: 'test_module.ko' }],
    });
    const areas = events.filter((e) => e.kind === 'vm_area' && e.purpose !== 'file');
    expect(areas.map((e) => e.kind === 'vm_area' && e.size)).toEqual(new Array(5).fill(8192));
    expect(sim.space.usedBytes()).toBe(3 * 8192);
  });
});

describe('a module whose symbols are missing', () => {
  it('fails with -2 as a load failure of twice its size, without a row', () => {
    const { result, rets } = run([EXT4], { kernel, steps: [{ finit_module: 'ext4.ko' }] });
    expect(rets).toEqual([-2]);
    expect(result.results[0]!.log).toEqual(['ext4: Unknown symbol crc16 (err -2)']);
    expect(result.counters).toMatchObject({ failed_load_modules: 1, invalid_mod_bytes: 1_720_544 });
    expect(result.duplicates).toEqual([]);
  });
});

describe('files that are no modules', () => {
  it('fail with -8 and count their length as becoming', () => {
    const { result, rets } = run([SHORT, RANDOM], {
      kernel,
      steps: [{ finit_module: 'short.bin' }, { finit_module: 'random.bin' }],
    });
    expect(rets).toEqual([-8, -8]);
    expect(result.counters).toMatchObject({ failed_becoming: 2, invalid_becoming_bytes: 4136 });
    expect(result.results.map((r) => r.log)).toEqual([
      ['Invalid ELF header len 40'],
      ['Invalid ELF header magic: != \x7fELF'],
    ]);
  });

  it('that are compressed need flag 4', () => {
    const gz = { path: 'dummy.ko.gz', bytes: new Uint8Array(gzipSync(DUMMY.bytes)) };
    const { result, rets } = run([DUMMY, gz], {
      kernel: { ...kernel, compression: 'gzip' },
      steps: [
        { finit_module: 'dummy.ko' },
        { finit_module: 'dummy.ko.gz' },
        { finit_module: 'dummy.ko.gz', flags: 4 },
      ],
    });
    expect(rets).toEqual([0, -8, -17]);
    const c = gz.bytes.length;
    expect(result.counters).toMatchObject({
      failed_becoming: 2,
      invalid_becoming_bytes: c + (6900 + c),
    });
  });

  it('that do not decode fail with -22 and count their compressed length', () => {
    const bad = [1, 2, 3, 4].map((i) => ({
      path: `bad${i}.ko.xz`,
      bytes: Uint8Array.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, i, i, i, i]),
    }));
    const { result, rets } = run(bad, {
      kernel,
      steps: bad.map(({ path }) => ({ finit_module: path, flags: 'MODULE_INIT_COMPRESSED_FILE' })),
    });
    expect(rets).toEqual([-22, -22, -22, -22]);
    expect(result.counters).toMatchObject({ failed_decompress: 4, invalid_decompress_bytes: 40 });
  });
});

describe('failures after the layout', () => {
  it('an exported symbol that exists counts 14720 bytes for a file of 7360', () => {
    const { result, rets } = run([DUP_A, DUP_B], {
      kernel,
      steps: [{ finit_module: 'dup_a.ko' }, { finit_module: 'dup_b.ko' }],
    });
    expect(rets).toEqual([0, -8]);
    expect(result.results[1]!.log).toEqual([
      'dup_b: exports duplicate symbol shared_symbol (owned by dup_a)',
    ]);
    expect(result.counters).toMatchObject({ failed_load_modules: 1, invalid_mod_bytes: 14_720 });
  });

  it('a bad parameter counts 13800 bytes for a file of 6900', () => {
    const { result, rets } = run([DUMMY], {
      kernel,
      steps: [{ finit_module: 'dummy.ko', args: 'numdummies=abc' }],
    });
    expect(rets).toEqual([-22]);
    expect(result.results[0]!.log).toEqual(["dummy: `abc' invalid for parameter `numdummies'"]);
    expect(result.counters).toMatchObject({ failed_load_modules: 1, invalid_mod_bytes: 13_800 });
  });

  it('an init that fails counts nowhere', () => {
    const {
      result,
      rets,
      kernel: sim,
    } = run([TEST_MODULE], {
      kernel,
      modules: { dir: '.', init: { test_module: { ret: -5 } } },
      steps: [{ finit_module: 'test_module.ko' }],
    });
    expect(rets).toEqual([-5]);
    expect(Object.values(result.counters).every((value) => value === 0)).toBe(true);
    expect(sim.space.usedBytes()).toBe(0);
  });

  it('an init that returns a positive value counts as success and is told off', () => {
    const {
      kernel: sim,
      result,
      rets,
    } = run([TEST_MODULE], {
      kernel,
      modules: { dir: '.', init: { test_module: { ret: 5 } } },
      steps: [{ finit_module: 'test_module.ko' }],
    });
    expect(rets).toEqual([0]);
    expect(result.counters).toMatchObject({ modcount: 1 });
    expect(result.results[0]!.log).toEqual([
      "do_init_module: 'test_module'->init suspiciously returned 5, it should follow 0/-E convention\n" +
        'do_init_module: loading module anyway...',
    ]);
    expect(sim.log.kmsg()).toMatch(/convention\\x0ado_init_module: loading module/);
  });

  it('two parameters of one name fail with -17 in sysfs, unless one has no file there', () => {
    const paths = ['slash/name', 'hidden'];
    const files = paths.map((name, i) =>
      moduleFile({
        name,
        params: [
          { name: 'level', type: 'int', perm: 0o444 },
          { name: 'level', type: 'int', perm: i === 0 ? 0o600 : 0 },
        ],
      }),
    );
    const { result, rets } = run(files, {
      kernel,
      steps: paths.map((name) => ({ finit_module: `${name}.ko` })),
    });
    expect(rets).toEqual([-17, 0]);
    expect(result.results[0]!.log).toEqual([
      "sysfs: cannot create duplicate filename '/module/slash!name/parameters/level'",
    ]);
    expect(result.counters).toMatchObject({ failed_load_modules: 1, modcount: 1 });
  });

  it('an exit in a text of size 0 is none: the module is permanent', () => {
    const file = moduleFile({ name: 'empty', sizes: { text: 0, exitText: 1 } });
    const view = new DataView(file.bytes.buffer, file.bytes.byteOffset);
    view.setUint32(sectionHeader(file.bytes, '.exit.text') + 20, 0, true);
    const { result, rets } = run([file], {
      kernel,
      steps: [{ finit_module: 'empty.ko' }, { delete_module: 'empty' }],
    });
    expect(rets).toEqual([0, -16]);
    expect(result.files['/proc/modules']).toMatch(/^empty \d+ 0 \[permanent\], Live 0x/);
  });

  it('per-cpu data is refused when it is too large or oddly aligned, and its alignment cut', () => {
    const percpu = (name: string, size: number, align: number) => {
      const file = moduleFile({ name, sizes: { percpu: size } });
      const view = new DataView(file.bytes.buffer, file.bytes.byteOffset);
      const header = sectionHeader(file.bytes, '.data..percpu');
      view.setUint32(header + 32, align, true);
      return file;
    };
    const files = [
      percpu('largest', 32_768, 64),
      percpu('larger', 32_772, 64),
      percpu('odd', 100, 48),
      percpu('tiny', 100, 3),
      percpu('page', 100, 4096),
      percpu('pages', 100, 8192),
      percpu('most', 100, 0xffff_ffff),
    ];
    const { result, rets } = run(files, {
      kernel,
      steps: files.map(({ path }) => ({ finit_module: path })),
    });
    expect(rets).toEqual([0, -12, -12, 0, 0, 0, 0]);
    expect(result.results.flatMap(({ log }) => log)).toEqual([
      'larger: Could not allocate 32772 bytes percpu data',
      'odd: Could not allocate 100 bytes percpu data',
      'pages: per-cpu alignment 8192 > 4096',
      'most: per-cpu alignment -1 > 4096',
    ]);
    expect(result.counters).toMatchObject({ failed_load_modules: 2, modcount: 5 });
  });

  it('a blacklisted module fails with -1 as becoming', () => {
    const { result, rets } = run([DUMMY], {
      kernel: { ...kernel, blacklist: ['dummy'] },
      steps: [{ finit_module: 'dummy.ko' }],
    });
    expect(rets).toEqual([-1]);
    expect(result.results[0]!.log).toEqual(['Module dummy is blacklisted']);
    expect(result.counters).toMatchObject({ failed_becoming: 1, invalid_becoming_bytes: 6900 });
  });
});

describe('init_module with lengths and pointers that are wrong', () => {
  it('counts one kread failure each with the length the user passed, wrapping at 32 bits', () => {
    const { result, rets } = run([TEST_MODULE], {
      kernel,
      steps: [
        { init_module: 'test_module.ko', len: 10 },
        { init_module: 'test_module.ko', len: 100, fault: true },
        { init_module: 'test_module.ko', len: 5_000_000, fault: true },
        { init_module: 'test_module.ko', len: 2_147_483_647 },
        { init_module: 'test_module.ko', len: 0xffff_ffff },
      ],
    });
    expect(rets).toEqual([-8, -14, -14, -12, -12]);
    const sum = 10 + 100 + 5_000_000 + 2_147_483_647 + 0xffff_ffff;
    expect(result.counters).toMatchObject({
      failed_kreads: 5,
      invalid_kread_bytes: sum % 2 ** 32,
    });
    expect(result.counters_true.invalid_kread_bytes).toBe(sum);
  });
});

describe('descriptors and files finit_module cannot use', () => {
  it('are refused in the kernel order: flags before the descriptor, neither counted', () => {
    const { result, rets } = run([TEST_MODULE], {
      kernel,
      steps: [
        { finit_module: 'test_module.ko', flags: 8, open: 'bad' },
        { finit_module: 'test_module.ko', open: 'bad' },
        { finit_module: 'test_module.ko', open: 'write' },
      ],
    });
    expect(rets).toEqual([-22, -9, -9]);
    expect(result.counters).toMatchObject({ failed_kreads: 0 });
  });

  it('count one kread failure without bytes: directory, device, empty file, file being written', () => {
    const empty = { path: 'empty.ko', bytes: new Uint8Array() };
    const { result, rets } = run([TEST_MODULE, empty], {
      kernel,
      steps: [
        { finit_module: '/lib/modules' },
        { finit_module: '/dev/null' },
        { finit_module: 'empty.ko' },
        { open_write: 'test_module.ko' },
        { finit_module: 'test_module.ko' },
        { close_write: 'test_module.ko' },
        { finit_module: 'test_module.ko' },
      ],
    });
    expect(rets).toEqual([-22, -22, -22, -26, 0]);
    expect(result.counters).toMatchObject({ failed_kreads: 4, invalid_kread_bytes: 0 });
  });
});
