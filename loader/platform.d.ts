// SPDX-License-Identifier: MIT
/** The only globals beyond ECMAScript that the core uses; every host has them. */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes: Uint8Array): string;
}
