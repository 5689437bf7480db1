/** What the run panel puts over a scenario; also what a shared link carries. */
import * as z from 'zod';
import { CompileError, namedKernel } from '../../loader/scenario/index.ts';
import { SHADINGS } from '../../loader/view/index.ts';

/** Characters of a kernel's name with all that is switched. */
export const MAX_KERNEL = 300;

export const COMPRESSIONS = ['none', 'gzip', 'xz', 'zstd'] as const;

/** A named address space, or MiB as `vmalloc=` on a kernel command line gives them. */
const vmallocSchema = z.union([z.string().min(1).max(60), z.number().int().min(1).max(1000)]);

export const runSettingsSchema = z.object({
  /** A release, or one with features switched: `v6.12+early_check=false`. */
  kernel: z.string().min(1).max(MAX_KERNEL).optional(),
  cpus: z.number().int().min(1).max(8192).optional(),
  vmalloc: vmallocSchema.optional(),
  compression: z.enum(COMPRESSIONS).optional(),
  seed: z.number().int().min(0).max(4_294_967_295).optional(),
  /** Whether a guest asks, in v86; otherwise the scenario is replayed. */
  guest: z.boolean(),
});

export type RunSettings = z.infer<typeof runSettingsSchema>;

export const shadingSchema = z.enum(SHADINGS);

/** The document with the settings over it; what is no scenario is left for the schema to refuse. */
export function applySettings(document: unknown, settings: RunSettings): unknown {
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return document;
  const scenario: Record<string, unknown> = { ...document };
  const { kernel, cpus, vmalloc, compression, seed } = settings;
  if (kernel !== undefined || compression !== undefined) {
    scenario.kernel = {
      ...kernelUnder(scenario.kernel, kernel),
      ...(compression === undefined ? {} : { compression }),
    };
  }
  if (cpus !== undefined || vmalloc !== undefined) {
    scenario.machine = {
      ...(scenario.machine as object),
      ...(cpus === undefined ? {} : { cpus }),
      ...(vmalloc === undefined
        ? {}
        : { vmalloc: typeof vmalloc === 'number' ? { mib: vmalloc } : vmalloc }),
    };
  }
  if (seed !== undefined) scenario.seed = seed;
  return scenario;
}

/** The kernel of a document with another base, and with the features that one switches. */
function kernelUnder(given: unknown, kernel: string | undefined): object {
  const own =
    given !== null && typeof given === 'object'
      ? given
      : given === undefined
        ? {}
        : { base: given };
  if (kernel === undefined) return own;
  const named = switchedKernel(kernel);
  // What cannot be read is left for the schema to refuse.
  return { ...own, ...(named ?? { base: kernel }) };
}

/** The base and the features of `v6.12+dups=off`; undefined for what names no kernel. */
export function switchedKernel(text: string): object | undefined {
  try {
    const { base, switches } = namedKernel(text, 'kernel');
    return { ...switches, base };
  } catch (error) {
    if (error instanceof CompileError) return undefined;
    throw error;
  }
}
