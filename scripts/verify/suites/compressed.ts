// SPDX-License-Identifier: MIT
// Compressed modules, whole, damaged and cut, as the system's gzip, xz and zstd write them.

import { spawnSync } from 'node:child_process';
import type { LinuxVariant } from '../../../emulator/linux/guest-cache.ts';
import { Random } from '../../../loader/engine/index.ts';
import { READS, type Step, type Suite, scenarioOf } from '../suite.ts';

const COMPRESSED = 4;
const READ_EVERY = 40;
const PAGE = 4096;

/** Command lines by algorithm; each writes to standard output what it reads. */
const COMMANDS: Readonly<Record<LinuxVariant, readonly (readonly string[])[]>> = {
  gzip: [['-1n'], ['-6n'], ['-9n'], ['-9', '-N']],
  xz: [
    ['--check=crc32', '--lzma2=dict=1MiB'],
    ['--check=none', '-0'],
    ['--check=crc64', '-6'],
    ['--check=sha256', '-3'],
    ['--check=crc32', '--lzma2=dict=4KiB'],
    ['--check=crc32', '--lzma2=dict=64KiB,lc=0,lp=2,pb=1'],
    ['--check=crc32', '--lzma2=dict=8MiB'],
    ['--check=crc32', '--lzma2=dict=96MiB'],
    ['--check=crc32', '--x86', '--lzma2=dict=1MiB'],
    ['--check=crc32', '--delta=dist=4', '--lzma2=dict=1MiB'],
    ['--check=crc32', '--block-size=2KiB', '-0'],
    ['--check=crc32', '--block-size=4KiB', '--lzma2=dict=64KiB'],
    ['--format=lzma', '-3'],
  ],
  zstd: [
    ['-1', '--no-check'],
    ['-3', '--check'],
    ['-19', '--no-content-size'],
    ['-19', '--long=27'],
    ['--ultra', '-22', '--no-check'],
    ['--zstd=wlog=10', '--no-content-size'],
    ['--zstd=wlog=17', '--no-content-size'],
    ['--zstd=wlog=23', '--no-content-size'],
    ['--ultra', '--long=31', '--zstd=wlog=31', '--no-content-size'],
  ],
};
const SUFFIX: Readonly<Record<LinuxVariant, string>> = { gzip: 'gz', xz: 'xz', zstd: 'zst' };
const VARIANTS: readonly LinuxVariant[] = ['xz', 'gzip', 'zstd'];

/** What the system's tool makes of `bytes`. Throws when there is no such tool. */
function compress(tool: LinuxVariant, args: readonly string[], bytes: Uint8Array): Uint8Array {
  const { status, stdout, error, stderr } = spawnSync(tool, [...args, '-c'], {
    input: bytes,
    maxBuffer: 1 << 28,
  });
  if (error) throw new Error(`the compressed suite needs ${tool}: ${error.message}`);
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${stderr.toString().trim()}`);
  return new Uint8Array(stdout);
}

export const compressed: Suite = {
  name: 'compressed',
  summary: 'compressed modules, whole, damaged and cut',
  variants: ['xz', 'gzip', 'zstd'],
  seeds: [1, 2],
  async cases(modules, seed, variant) {
    const random = new Random(seed);
    const files = new Map(modules);
    const steps: Step[] = [];
    let count = 0;
    const add = (name: string, what: string, bytes: Uint8Array, flags = COMPRESSED): void => {
      const path = `compressed/${name}-${what}.ko.${SUFFIX[variant]}`;
      files.set(path, bytes);
      steps.push({ finit_module: path, flags }, { delete_module: name });
      count += 1;
      if (count % READ_EVERY === 0) for (const read of READS) steps.push({ read });
    };
    const commands = COMMANDS[variant];
    for (const [i, args] of commands.entries()) {
      for (const base of ['crc4', 'dummy', 'tun']) {
        add(base, `v${i}`, compress(variant, args, modules.get(`${base}.ko`)!));
      }
    }
    add('ext4', 'large', compress(variant, commands[0]!, modules.get('ext4.ko')!));
    // Images that end at and around the end of a page.
    const image = modules.get('crc4.ko')!;
    for (const pages of [1, 2, 3, 8]) {
      for (const size of [pages * PAGE - 1, pages * PAGE, pages * PAGE + 1]) {
        const padded = new Uint8Array(size);
        padded.set(image.subarray(0, size));
        if (size > image.length) random.below(2) === 0 && fill(padded, image.length, random);
        add(
          'crc4',
          `size-${size}`,
          compress(variant, commands[random.below(commands.length)]!, padded),
        );
      }
    }
    add('crc4', 'empty', compress(variant, commands[0]!, new Uint8Array()));
    const whole = compress(variant, commands[0]!, image);
    add('crc4', 'no-flag', whole, 0);
    add('crc4', 'plain', image);
    add('crc4', 'twice', Buffer.concat([whole, whole]));
    add('crc4', 'tail', Buffer.concat([whole, Buffer.alloc(4)]));
    add('crc4', 'tail-odd', Buffer.concat([whole, Buffer.from('xyz')]));
    for (const other of VARIANTS) {
      if (other !== variant) add('crc4', other, compress(other, COMMANDS[other][0]!, image));
    }
    if (variant === 'gzip')
      for (const [what, bytes] of gzipHeaders(whole)) add('crc4', what, bytes);
    if (variant === 'zstd') {
      const skippable = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4);
      add('crc4', 'skippable', Buffer.concat([skippable, whole]));
    }
    // Cut at and damaged in every part of the small streams.
    for (const args of [commands[0]!, commands[1]!]) {
      const stream = compress(variant, args, modules.get('dummy.ko')!);
      const cuts = [0, 1, 2, 5, 6, 9, 10, 12, 17, 18, 24, 30];
      for (const from of [1, 4, 8, 12, 16, 20, 28]) cuts.push(stream.length - from);
      for (let i = 0; i < 10; i++) cuts.push(random.below(stream.length));
      for (const end of new Set(cuts)) {
        add('dummy', `${args[0]}-cut-${end}`, stream.slice(0, end));
      }
      const places = Array.from({ length: 30 }, (_, i) => i);
      for (let i = 0; i < 30; i++) places.push(random.below(stream.length));
      for (let i = 1; i <= 24; i++) places.push(stream.length - i);
      for (const at of new Set(places)) {
        const copy = stream.slice();
        copy[at] = copy[at]! ^ (1 << random.below(8));
        add('dummy', `${args[0]}-bit-${at}`, copy);
      }
    }
    for (const read of READS) steps.push({ read });
    return [{ scenario: scenarioOf(`compressed ${variant} ${seed}`, steps, { seed }), files }];
  },
};

function fill(bytes: Uint8Array, from: number, random: Random): void {
  for (let i = from; i < bytes.length; i++) bytes[i] = random.below(256);
}

/** Optional fields of RFC 1952 that the kernel does or does not pass over. */
function gzipHeaders(whole: Uint8Array): [string, Uint8Array][] {
  const deflated = whole.subarray(10);
  const withFlags = (flags: number, ...fields: Uint8Array[]): Uint8Array => {
    const head = whole.slice(0, 10);
    head[3] = flags;
    return Buffer.concat([head, ...fields, deflated]);
  };
  const name = Buffer.from('crc4.ko\0');
  const comment = Buffer.from('a comment\0');
  const extra = Uint8Array.of(4, 0, 1, 2, 3, 4);
  return [
    ['name', withFlags(0x08, name)],
    ['name-endless', Buffer.concat([whole.slice(0, 3), Uint8Array.of(8), Buffer.alloc(400, 0x41)])],
    ['comment', withFlags(0x10, comment)],
    ['extra', withFlags(0x04, extra)],
    ['header-crc', withFlags(0x02, Uint8Array.of(0, 0))],
    ['all-fields', withFlags(0x1e, extra, name, comment, Uint8Array.of(0, 0))],
    ['reserved-flag', withFlags(0x80)],
    ['method-7', Buffer.concat([whole.slice(0, 2), Uint8Array.of(7), whole.slice(3)])],
  ];
}
