// SPDX-License-Identifier: MIT
/**
 * What a kernel's configuration says of the loader: the text of `boot/config-RELEASE`,
 * `build/.config` or `/proc/config.gz`. The symbols are those of kernel/module/Kconfig,
 * arch/Kconfig and lib/Kconfig.debug, Linux 6.12.
 */
import {
  compareKernelVersions,
  type KernelFeatures,
  type KernelVersion,
  kernelVersionOf,
} from '../presets/index.ts';

/** A configuration, or the line that is none. */
export type KernelConfigResult =
  | { readonly ok: true; readonly config: KernelConfig }
  | {
      readonly ok: false;
      readonly line: number;
      readonly expected: string;
      readonly found: string;
    };

export interface KernelConfig {
  /** `x86` of `# Linux/x86 6.12.117 Kernel Configuration`, where the text has that line. */
  readonly arch: string | undefined;
  /** `6.12.117` of the same line. */
  readonly release: string | undefined;
  /** `y`, `m`, a number or a string; symbols that are not set are left out. */
  readonly symbols: ReadonlyMap<string, string>;
}

/** Features that a configuration decides, and the symbols behind each. */
export interface ConfiguredFeatures {
  readonly features: Readonly<Partial<KernelFeatures>>;
  /** Features that this configuration cannot tell, because its kernel had no such symbol. */
  readonly assumed: readonly (keyof KernelFeatures)[];
}

/** MODULE_STATS and MODULE_DEBUG_AUTOLOAD_DUPS are of v6.4. */
const SINCE_DEBUG: KernelVersion = [6, 4, 0];

/** Reads the text. Lines are `CONFIG_X=…`, comments, or empty. */
export function parseKernelConfig(text: string): KernelConfigResult {
  const symbols = new Map<string, string>();
  let arch: string | undefined;
  let release: string | undefined;
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trimEnd();
    const set = /^CONFIG_(\w+)=(.*)$/.exec(line);
    if (set) {
      symbols.set(set[1]!, set[2]!.replace(/^"(.*)"$/, '$1'));
      continue;
    }
    const title = /^# Linux\/(\S+) (\d\S*) Kernel Configuration$/.exec(line);
    if (title) {
      arch = title[1];
      release = title[2];
    }
    if (line === '' || line.startsWith('#')) continue;
    const found = line.length > 60 ? `${line.slice(0, 57)}…` : line;
    return { ok: false, line: i + 1, expected: 'CONFIG_NAME=value or a comment', found };
  }
  if (symbols.size === 0) {
    return { ok: false, line: 1, expected: 'a kernel configuration', found: 'no CONFIG_ line' };
  }
  return { ok: true, config: { arch, release, symbols } };
}

/**
 * The features that the configuration decides. How a kernel of that release behaves otherwise is
 * its preset's.
 */
export function featuresOfConfig(
  { symbols, release, arch }: KernelConfig,
  preset: KernelFeatures,
): ConfiguredFeatures {
  const on = (name: string): boolean => symbols.get(name) === 'y';
  const version = release === undefined ? undefined : kernelVersionOf(release);
  const knowsDebug = version === undefined || compareKernelVersions(version, SINCE_DEBUG) >= 0;
  const features: Partial<KernelFeatures> = {
    compression: compressionOf(on),
    kallsyms: on('KALLSYMS'),
    kallsyms_all: on('KALLSYMS_ALL'),
    module_unload: on('MODULE_UNLOAD'),
    module_force_load: on('MODULE_FORCE_LOAD'),
    module_force_unload: on('MODULE_FORCE_UNLOAD'),
    strict_module_rwx: on('STRICT_MODULE_RWX'),
    constructors: on('CONSTRUCTORS'),
    livepatch: on('LIVEPATCH'),
    dynamic_debug: on('DYNAMIC_DEBUG'),
    smp: on('SMP'),
    module_sig: !on('MODULE_SIG') ? 'off' : on('MODULE_SIG_FORCE') ? 'enforce' : 'permissive',
    // Page tables of x86 know NX with 64 bits or PAE (arch/x86/mm/init_64.c); ARM's always do.
    nx: arch === undefined ? preset.nx : on('X86_64') || on('X86_PAE') || !on('X86'),
    ...(knowsDebug
      ? {
          stats: on('MODULE_STATS'),
          dups: on('MODULE_DEBUG_AUTOLOAD_DUPS')
            ? preset.dups === 'off'
              ? 'refcounted'
              : preset.dups
            : 'off',
        }
      : {}),
  };
  return { features, assumed: knowsDebug ? [] : ['stats', 'dups'] };
}

/** MODULE_DECOMPRESS unpacks in the kernel what MODULE_COMPRESS_* names (v5.17 and later). */
function compressionOf(on: (name: string) => boolean): KernelFeatures['compression'] {
  if (!on('MODULE_DECOMPRESS')) return 'none';
  if (on('MODULE_COMPRESS_GZIP')) return 'gzip';
  if (on('MODULE_COMPRESS_XZ')) return 'xz';
  return on('MODULE_COMPRESS_ZSTD') ? 'zstd' : 'none';
}
