import type { DecodeOptions, DecodeResult } from './decode-result.ts';

export function decodeZstd(_bytes: Uint8Array, _opts: DecodeOptions = {}): DecodeResult {
  throw new Error('decodeZstd: not written yet');
}
