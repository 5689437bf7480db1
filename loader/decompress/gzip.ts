import type { DecodeOptions, DecodeResult } from './decode-result.ts';

export function decodeGzip(_bytes: Uint8Array, _opts: DecodeOptions = {}): DecodeResult {
  throw new Error('decodeGzip: not written yet');
}
