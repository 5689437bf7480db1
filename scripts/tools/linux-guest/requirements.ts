// SPDX-License-Identifier: MIT
// What a machine needs to build the Linux guest, checked before anything starts.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian's package of a series' source, and the file in it. */
export const kernelPackage = (series: string): string => `linux-source-${series}`;
export const kernelTarball = (series: string): string => `/usr/src/${kernelPackage(series)}.tar.xz`;
export const BIOS_FILE = '/usr/share/seabios/bios.bin';

/** Something that is not there, with the Debian packages that bring it. */
export interface Missing {
  readonly what: string;
  readonly packages: readonly string[];
}

/** Program and the Debian package it is in. */
const TOOLS: readonly (readonly [string, string])[] = [
  ['gcc', 'gcc'],
  ['ld', 'binutils'],
  ['make', 'make'],
  ['flex', 'flex'],
  ['bison', 'bison'],
  ['bc', 'bc'],
  ['tar', 'tar'],
  ['xz', 'xz-utils'],
  ['gzip', 'gzip'],
];

export function findMissing(series: string, tarball: string, bios: string): Missing[] {
  const missing: Missing[] = [];
  for (const [tool, name] of TOOLS)
    if (!isOnPath(tool)) missing.push({ what: `no ${tool} program`, packages: [name] });
  if (isOnPath('gcc') && !compilesFor32Bit())
    missing.push({
      what: 'gcc cannot compile for 32-bit x86 (gcc -m32)',
      packages: process.arch === 'x64' ? ['gcc'] : ['gcc-i686-linux-gnu'],
    });
  if (!existsSync(tarball))
    missing.push({ what: `no kernel source ${tarball}`, packages: [kernelPackage(series)] });
  if (!existsSync(bios)) missing.push({ what: `no BIOS image ${bios}`, packages: ['seabios'] });
  return missing;
}

/** One line each, then what to run. */
export function describeMissing(missing: readonly Missing[]): string {
  const packages = [...new Set(missing.flatMap((m) => m.packages))];
  return [
    ...missing.map((m) => `missing: ${m.what} (package ${m.packages.join(', ')})`),
    `on Debian 12 or newer: apt-get install ${packages.join(' ')}`,
  ].join('\n');
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .some((directory) => directory !== '' && existsSync(join(directory, program)));
}

function compilesFor32Bit(): boolean {
  const { status } = spawnSync(
    'gcc',
    ['-m32', '-ffreestanding', '-c', '-x', 'c', '-', '-o', '/dev/null'],
    { input: 'int one(void) { return 1; }\n', stdio: ['pipe', 'ignore', 'ignore'] },
  );
  return status === 0;
}
