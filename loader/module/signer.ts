// SPDX-License-Identifier: MIT
/**
 * Who signed a module: the issuer's common name in the PKCS#7 message behind it, which modinfo(8)
 * shows as `signer` (sign-file leaves certificates out: the signer's is the only name there).
 */

/** Object identifier 2.5.4.3, commonName, as DER has it. */
const COMMON_NAME = [0x06, 0x03, 0x55, 0x04, 0x03] as const;
/** UTF8String, PrintableString, TeletexString, IA5String */
const STRING_TAGS: ReadonlySet<number> = new Set([0x0c, 0x13, 0x14, 0x16]);

/** The last common name in `message`; undefined when there is none. */
export function signerName(message: Uint8Array): string | undefined {
  let name: string | undefined;
  for (let at = 0; at + COMMON_NAME.length + 2 <= message.length; at += 1) {
    if (!COMMON_NAME.every((byte, i) => message[at + i] === byte)) continue;
    const tag = at + COMMON_NAME.length;
    const length = message[tag + 1]!;
    if (!STRING_TAGS.has(message[tag]!) || length > 127) continue;
    if (tag + 2 + length > message.length) continue;
    name = new TextDecoder().decode(message.subarray(tag + 2, tag + 2 + length));
  }
  return name;
}
