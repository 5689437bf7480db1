// SPDX-License-Identifier: MIT
/**
 * Kernels by name and by release. A release between two presets gets the older one, with the rules
 * that are known to have changed by then.
 */
import { KERNEL_PRESETS, type KernelFeatures, type KernelPreset } from './kernels.ts';

/** A rule between two presets whose release is known. */
interface RuleChange {
  /** Minor number of the 6.x release that brought it. */
  readonly since: number;
  readonly features: Partial<KernelFeatures>;
  readonly source: string;
}

/** From v6.5 to v6.12, as the docstrings of the features say. */
const CHANGES: readonly RuleChange[] = [
  { since: 6, features: { workspace: 'vmalloc' }, source: 'kernel/module/decompress.c, v6.6' },
  { since: 7, features: { workspace: 'kvmalloc' }, source: 'kernel/module/decompress.c, v6.7' },
  { since: 9, features: { lazy_areas: 'per_node' }, source: 'mm/vmalloc.c, v6.9' },
  { since: 9, features: { protect: 'each_area' }, source: 'kernel/module/strict_rwx.c, v6.9' },
  { since: 10, features: { module_memory_failure: 'quiet' }, source: 'mm/execmem.c, v6.10' },
  {
    since: 11,
    features: { idempotent: 'interruptible', va_failure_message: 'range' },
    source: '2124d84db293; mm/vmalloc.c, v6.11',
  },
];

export interface ResolvedKernel {
  readonly preset: KernelPreset;
  /** What to tell people when the name is not that of a preset. */
  readonly note?: string;
}

const NAME = /^v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+~].*)?$/;
/** `6.1.0-49-amd64`: the ABI number of a distribution stands where the point release should. */
const ABI_NAME = /^v?\d+\.\d+\.0-\d+-/;
const presets: Readonly<Record<string, KernelPreset>> = KERNEL_PRESETS;

/**
 * The kernel of a name such as `v6.8`, `6.8.12` or `v6.1-stable`; undefined for one that is no
 * kernel from 6.1 to 6.19.
 */
export function resolveKernel(name: string): ResolvedKernel | undefined {
  if (Object.hasOwn(presets, name)) return { preset: presets[name]! };
  const found = NAME.exec(name);
  if (found === null || Number(found[1]) !== 6) return undefined;
  if (/-rc\d/.test(name) && !found[3]) return undefined;
  const minor = Number(found[2]);
  if (minor === 1 && ABI_NAME.test(name)) {
    const preset = presets['v6.1-stable']!;
    const which = `${preset.release}; a name with an ABI number does not say which 6.1.y it is`;
    return { preset, note: `kernel ${name}: the rules of v6.1-stable (${which})` };
  }
  return resolveRelease(name, minor, found[3] === undefined ? 0 : Number(found[3]));
}

function resolveRelease(name: string, minor: number, point: number): ResolvedKernel | undefined {
  const as = (preset: keyof typeof KERNEL_PRESETS, why: string): ResolvedKernel => {
    const found: KernelPreset = presets[preset]!;
    if (found.release === `6.${minor}.${point}`) return { preset: found };
    return {
      preset: found,
      note: `kernel ${name}: the rules of ${preset} (${found.release})${why}`,
    };
  };
  if (minor === 1) {
    if (point === 0) return as('v6.1', '');
    return as('v6.1-stable', '; which 6.1.y brought which of its rules is not told apart');
  }
  if (minor === 2 || minor === 3) return as('v6.3', '');
  if (minor === 4) return as('v6.4', '');
  if (minor === 5) return as('v6.5', '');
  if (minor >= 6 && minor <= 11) return between(name, minor, point);
  if (minor === 12) return as('v6.12', '');
  if (minor >= 13 && minor <= 17) {
    const why = '; rules that changed from 6.13 to 6.18 are known for v6.19 only';
    return as('v6.12', why);
  }
  if (minor === 18 || minor === 19) return as('v6.19', '');
  return undefined;
}

/** v6.5 with what is known to have come by then. */
function between(name: string, minor: number, point: number): ResolvedKernel {
  const base: KernelPreset = presets['v6.5']!;
  let features: KernelFeatures = base.features;
  const changed: string[] = [];
  for (const change of CHANGES) {
    if (change.since > minor) continue;
    features = { ...features, ...change.features };
    for (const [key, value] of Object.entries(change.features)) changed.push(`${key}=${value}`);
  }
  const unique = [...new Map(changed.map((text) => [text.split('=')[0], text])).values()];
  const more =
    (minor === 6 || minor === 10) && point > 0
      ? '; stable releases of it have idempotent=interruptible from some point on'
      : '';
  return {
    preset: { name: base.name, release: `6.${minor}.${point}`, features },
    note: `kernel ${name}: the rules of v6.5 with ${unique.join(', ')}${more}`,
  };
}
