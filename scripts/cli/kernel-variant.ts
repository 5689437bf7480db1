// SPDX-License-Identifier: MIT
import {
  CompileError,
  type KernelChoice,
  kernelSchema,
  namedKernel,
} from '../../loader/scenario/index.ts';
import { InputError } from './input-error.ts';

/** A kernel as named on the command line: `v6.4`, or `v6.4+early_check=false+dups=off`. */
export interface KernelVariant {
  readonly name: string;
  readonly choice: Readonly<Record<string, unknown>> & { readonly base: string };
}

/** Keys of a scenario's kernel that say what the modules were built for, not how it behaves. */
const IDENTITY = [
  'release',
  'vermagic',
  'struct_module_size',
  'exports',
  'blacklist',
  'compression',
  'config',
];

/** Throws an InputError that names the option. */
export function parseKernelVariants(text: string, option: string): KernelVariant[] {
  return text.split(',').map((part) => parseKernelVariant(part.trim(), option));
}

export function parseKernelVariant(text: string, option: string): KernelVariant {
  try {
    const { base, switches } = namedKernel(text, option);
    return { name: text, choice: { ...switches, base } };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    throw new InputError({ file: option, expected: 'a kernel', found: error.message });
  }
}

/** A scenario's kernel under other rules: who it is stays, every feature is the variant's. */
export function underVariant(given: KernelChoice, variant: KernelVariant): KernelChoice {
  const kept = typeof given === 'string' ? {} : given;
  const identity = Object.entries(kept).filter(
    ([key, value]) => IDENTITY.includes(key) && value !== undefined,
  );
  return kernelSchema.parse({ ...Object.fromEntries(identity), ...variant.choice });
}
