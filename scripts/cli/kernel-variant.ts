/** Kernels as the command line names them; what cannot be read is refused with the option's name. */
import { type KernelVariant, readKernelVariant } from '../../loader/scenario/index.ts';
import { InputError } from './input-error.ts';

export { type KernelVariant, underVariant } from '../../loader/scenario/index.ts';

/** Throws an InputError that names the option. */
export function parseKernelVariants(text: string, option: string): KernelVariant[] {
  return text.split(',').map((part) => parseKernelVariant(part.trim(), option));
}

export function parseKernelVariant(text: string, option: string): KernelVariant {
  const read = readKernelVariant(text);
  if (read.ok) return read.variant;
  throw new InputError({ file: option, expected: 'a kernel', ...read.problem });
}
