/** A kernel as people name it in one word: `v6.4`, or `v6.4+early_check=false+dups=off`. */
import { KERNEL_PRESETS } from '../presets/index.ts';
import { CompileError } from './compile.ts';
import { firstProblem, type InputProblem } from './input-problem.ts';
import { kernelPreset, unknownName } from './machine.ts';
import { type KernelChoice, kernelSchema } from './schema.ts';

export interface KernelVariant {
  readonly name: string;
  readonly choice: Readonly<Record<string, unknown>> & { readonly base: string };
}

export type VariantResult =
  | { readonly ok: true; readonly variant: KernelVariant }
  | { readonly ok: false; readonly problem: Partial<InputProblem> & Pick<InputProblem, 'found'> };

/** Keys of a scenario's kernel that say what the modules were built for, not how it behaves. */
const IDENTITY = [
  'release',
  'vermagic',
  'struct_module_size',
  'exports',
  'blacklist',
  'compression',
];

/** Reads `BASE[+FEATURE=VALUE…]`; a feature without a value is switched on. */
export function readKernelVariant(text: string): VariantResult {
  const [base = '', ...changes] = text.split('+');
  try {
    kernelPreset(base, 'kernel');
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return { ok: false, problem: { expected: 'a kernel', found: error.message } };
  }
  const choice: Record<string, unknown> & { base: string } = { base };
  const features = KERNEL_PRESETS['v6.12'].features as unknown as Record<string, unknown>;
  for (const change of changes) {
    const at = change.indexOf('=');
    const name = at < 0 ? change : change.slice(0, at);
    if (!Object.hasOwn(features, name)) {
      const found = unknownName('feature', name, Object.keys(features));
      return { ok: false, problem: { place: text, expected: 'a feature', found } };
    }
    const value = at < 0 ? 'true' : change.slice(at + 1);
    choice[name] = value === 'true' ? true : value === 'false' ? false : value;
  }
  const parsed = kernelSchema.safeParse(choice);
  if (!parsed.success) return { ok: false, problem: firstProblem(parsed.error, choice) };
  return { ok: true, variant: { name: text, choice } };
}

/** A scenario's kernel under other rules: who it is stays, every feature is the variant's. */
export function underVariant(given: KernelChoice, { choice }: KernelVariant): KernelChoice {
  const kept = typeof given === 'string' ? {} : given;
  const identity = Object.entries(kept).filter(
    ([key, value]) => IDENTITY.includes(key) && value !== undefined,
  );
  return kernelSchema.parse({ ...Object.fromEntries(identity), ...choice });
}
