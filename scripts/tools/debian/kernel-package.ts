// SPDX-License-Identifier: MIT
/** Which of Debian's kernel packages to take. */

export const DEBIAN_ARCHES = ['i386', 'amd64', 'armhf', 'arm64'] as const;
export type DebianArch = (typeof DEBIAN_ARCHES)[number];

/** Package names are `linux-image-VERSION-FLAVOUR`; these flavours are the plain ones. */
const FLAVOUR: Record<DebianArch, string> = {
  i386: '686',
  amd64: 'amd64',
  armhf: 'armmp',
  arm64: 'arm64',
};
/** What is taken unless asked otherwise: the last series for i386; 6.12 for the others. */
export const DEFAULT_VERSION: Record<DebianArch, string> = {
  i386: '6.1',
  amd64: '6.12',
  armhf: '6.12',
  arm64: '6.12',
};

/** `linux-image-6.1.0-50-686` → `6.1.0-50`; undefined for other flavours and meta packages. */
export function kernelVersion(name: string, arch: DebianArch): string | undefined {
  const match = name.match(/^linux-image-(\d+\.\d+\.\d+[\w.+~]*(?:-\d+)?)-(\w+)$/);
  return match?.[2] === FLAVOUR[arch] ? match[1] : undefined;
}

/** Names of the plain kernel packages of that version or series, newest first. */
export function chooseKernels(
  names: readonly string[],
  arch: DebianArch,
  version: string,
): string[] {
  return names
    .map((name) => ({ name, version: kernelVersion(name, arch) }))
    .filter((kernel) => kernel.version !== undefined && isOfSeries(kernel.version, version))
    .sort((a, b) => compareVersions(b.version!, a.version!))
    .map(({ name }) => name);
}

/** `6.1` takes 6.1.0-50, not 6.12.1; a whole version takes itself. */
export function isOfSeries(version: string, series: string): boolean {
  return (
    version === series ||
    (version.startsWith(series) && /^[.+~-]/.test(version.slice(series.length)))
  );
}

/** Numbers by value, the rest by code. */
export function compareVersions(a: string, b: string): number {
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    const order = compareParts(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function compareParts(a: string, b: string): number {
  if (/^\d/.test(a) && /^\d/.test(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}
