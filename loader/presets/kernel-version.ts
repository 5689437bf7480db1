// SPDX-License-Identifier: MIT
/** Which preset's rules hold for a release that has no preset. */
import { KERNEL_PRESETS, type KernelPreset } from './kernels.ts';

/** `[6, 12, 117]` of `6.12.117+deb12-amd64`, `v6.12.117` or `6.12.117-rc1`. */
export type KernelVersion = readonly [number, number, number];

export interface StandIn {
  readonly preset: KernelPreset;
  /** Why this one: a sentence, for people. */
  readonly why: string;
}

/** The first two or three numbers of a release; undefined when it begins otherwise. */
export function kernelVersionOf(release: string): KernelVersion | undefined {
  const found = /^v?(\d{1,3})\.(\d{1,4})(?:\.(\d{1,5}))?(?![\d.])/.exec(release);
  return found === null ? undefined : [Number(found[1]), Number(found[2]), Number(found[3] ?? 0)];
}

/** Below 0 when `a` is the older one. */
export function compareKernelVersions(a: KernelVersion, b: KernelVersion): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/**
 * The newest preset that is not newer than `release`; the oldest one for a kernel before them all.
 * Release candidates are taken by their own name only. Undefined when `release` names no version.
 */
export function standInPreset(release: string): StandIn | undefined {
  const wanted = kernelVersionOf(release);
  if (wanted === undefined) return undefined;
  const presets = (Object.values(KERNEL_PRESETS) as KernelPreset[])
    .flatMap((preset) => {
      const version = preset.release.includes('-rc') ? undefined : kernelVersionOf(preset.release);
      return version === undefined ? [] : [{ preset, version }];
    })
    .sort((a, b) => compareKernelVersions(a.version, b.version));
  const below = presets.filter(({ version }) => compareKernelVersions(version, wanted) <= 0);
  const oldest = presets[0]!.preset;
  const chosen = below.at(-1)?.preset;
  if (chosen === undefined) {
    return {
      preset: oldest,
      why: `${release} is older than every preset; ${oldest.name} is the oldest`,
    };
  }
  return {
    preset: chosen,
    why: `${chosen.name} is the newest preset that is not newer than ${release}`,
  };
}
