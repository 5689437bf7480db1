import type { DecodeOptions, DecodeResult } from './decode-result.ts';

export function decodeXz(_bytes: Uint8Array, _opts: DecodeOptions = {}): DecodeResult {
  throw new Error('decodeXz: not written yet');
}
