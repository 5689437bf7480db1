// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import { LOG_LEVEL } from '../engine/index.ts';
import type { ModuleContext } from './context.ts';
import { type LoadInfo, MODULE_INIT_FLAGS } from './load-info.ts';
import { signerName } from './signer.ts';

const MARKER = '~Module signature appended~\n';
/** sizeof(struct module_signature), include/linux/module_signature.h */
const SIGNATURE_BLOCK = 12;
const PKEY_ID_PKCS7 = 2;

/**
 * Looks for an appended signature and takes it off `info.len` (module_sig_check,
 * kernel/module/signing.c, Linux 6.12). Returns 0 or a negative errno.
 *
 * Model: no signature is verified. A well-formed one counts as good when its signer is among the
 * trusted keys; where none are named, as the feature `module_sig_key` says.
 */
export function moduleSigCheck(ctx: ModuleContext, info: LoadInfo, subject: string): number {
  const { module_sig } = ctx.features;
  if (module_sig === 'off') return 0;
  const mangled =
    (info.flags &
      (MODULE_INIT_FLAGS.MODULE_INIT_IGNORE_MODVERSIONS |
        MODULE_INIT_FLAGS.MODULE_INIT_IGNORE_VERMAGIC)) !==
    0;
  const found = !mangled && info.len > MARKER.length && endsWithMarker(info.bytes, info.len);
  let reason = 'unsigned module';
  if (found) {
    info.len -= MARKER.length;
    const refused = stripSignature(ctx, info, subject);
    if (refused === ERRNO.ENOPKG) reason = 'module with unsupported crypto';
    else if (refused !== 0) return -refused;
    else if (trusted(ctx, info)) {
      info.sigOk = true;
      return 0;
    } else reason = 'module with unavailable key';
  }
  if (module_sig === 'enforce') {
    ctx.log.print(LOG_LEVEL.NOTICE, `Loading of ${reason} is rejected`);
    return -ERRNO.EKEYREJECTED;
  }
  return 0;
}

/** Whether the kernel has the key; `info.len` is the module's length without its signature. */
function trusted(ctx: ModuleContext, info: LoadInfo): boolean {
  const { trustedKeys } = ctx.identity;
  if (trustedKeys === undefined) return ctx.features.module_sig_key;
  const signer = signerName(info.bytes.subarray(info.len));
  return signer !== undefined && trustedKeys.includes(signer);
}

function endsWithMarker(bytes: Uint8Array, len: number): boolean {
  const start = len - MARKER.length;
  for (let i = 0; i < MARKER.length; i += 1) {
    if (bytes[start + i] !== MARKER.charCodeAt(i)) return false;
  }
  return true;
}

/** mod_verify_sig() and mod_check_sig(): a positive errno, or 0 with the signature taken off. */
function stripSignature(ctx: ModuleContext, info: LoadInfo, subject: string): number {
  if (info.len <= SIGNATURE_BLOCK) return ERRNO.EBADMSG;
  const at = info.len - SIGNATURE_BLOCK;
  const block = info.bytes.subarray(at, info.len);
  const sigLen = ((block[8]! << 24) | (block[9]! << 16) | (block[10]! << 8) | block[11]!) >>> 0;
  if (sigLen >= at) return ERRNO.EBADMSG;
  if (block[2] !== PKEY_ID_PKCS7) {
    ctx.log.print(LOG_LEVEL.ERR, `${subject}: not signed with expected PKCS#7 message`);
    return ERRNO.ENOPKG;
  }
  if ([0, 1, 3, 4, 5, 6, 7].some((i) => block[i] !== 0)) {
    ctx.log.print(
      LOG_LEVEL.ERR,
      `${subject}: PKCS#7 signature info has unexpected non-zero params`,
    );
    return ERRNO.EBADMSG;
  }
  info.len -= SIGNATURE_BLOCK + sigLen;
  return 0;
}
