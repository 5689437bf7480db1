import { PUBLISHED_TABLES } from '../cli/published-tables.ts';
import { type Constants, duplicatesOf, replayGuest } from './april-guests.ts';

/** Modules every CPU asks for whose init time decides their duplicates, as first asked for. */
const MODULES = [
  'crc32c_intel',
  'cryptd',
  'sha512_generic',
  'sha512_ssse3',
  'ghash_clmulni_intel',
  'crct10dif_pclmul',
] as const;

/**
 * Fits what each module's init takes for each CPU on the duplicates of the 255-CPU table: run,
 * change those that are more than 3 % off, run again.
 */
export function fitInitTimes(start: Constants, rounds: number): Constants {
  const wanted = PUBLISHED_TABLES['published-255'].duplicates;
  let constants = start;
  for (let round = 0; round < rounds; round += 1) {
    const result = replayGuest('published-255', constants, 1);
    const init: Record<string, { duration_us?: number; cpu_us: number }> = { ...constants.init };
    let off = 0;
    for (const name of MODULES) {
      const have = duplicatesOf(result, name);
      const target = wanted[name];
      if (Math.abs(have - target) <= Math.max(1, 0.03 * target)) continue;
      off += 1;
      const factor = Math.min(3, Math.max(1 / 3, ((target + 1) / (have + 1)) ** 0.8));
      const time = init[name]!;
      init[name] = { ...time, cpu_us: Number((time.cpu_us * factor).toPrecision(3)) };
    }
    if (off === 0) break;
    constants = { ...constants, init };
  }
  return constants;
}
