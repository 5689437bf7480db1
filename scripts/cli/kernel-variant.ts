import { KERNEL_PRESETS } from '../../loader/presets/index.ts';
import {
  CompileError,
  firstProblem,
  type KernelChoice,
  kernelPreset,
  kernelSchema,
  unknownName,
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
];

/** Throws an InputError that names the option. */
export function parseKernelVariants(text: string, option: string): KernelVariant[] {
  return text.split(',').map((part) => parseKernelVariant(part.trim(), option));
}

export function parseKernelVariant(text: string, option: string): KernelVariant {
  const [base = '', ...changes] = text.split('+');
  try {
    kernelPreset(base, option);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    throw new InputError({ file: option, expected: 'a kernel', found: error.message });
  }
  const choice: Record<string, unknown> & { base: string } = { base };
  const features = KERNEL_PRESETS['v6.12'].features as unknown as Record<string, unknown>;
  for (const change of changes) {
    const at = change.indexOf('=');
    const name = at < 0 ? change : change.slice(0, at);
    if (!Object.hasOwn(features, name)) {
      const found = unknownName('feature', name, Object.keys(features));
      throw new InputError({ file: option, place: text, expected: 'a feature', found });
    }
    const value = at < 0 ? 'true' : change.slice(at + 1);
    choice[name] = value === 'true' ? true : value === 'false' ? false : value;
  }
  const parsed = kernelSchema.safeParse(choice);
  if (!parsed.success) {
    throw new InputError({ file: option, ...firstProblem(parsed.error, choice) });
  }
  return { name: text, choice };
}

/** A scenario's kernel under other rules: who it is stays, every feature is the variant's. */
export function underVariant(given: KernelChoice, variant: KernelVariant): KernelChoice {
  const kept = typeof given === 'string' ? {} : given;
  const identity = Object.entries(kept).filter(
    ([key, value]) => IDENTITY.includes(key) && value !== undefined,
  );
  return kernelSchema.parse({ ...Object.fromEntries(identity), ...variant.choice });
}
