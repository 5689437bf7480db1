// SPDX-License-Identifier: MIT
// What a bundle with a planted bug gives: the verifier, beside recordings and beside a guest.

export { recordedCommand } from '../recorded/recorded-command.ts';
export { verifyCommand } from '../verify-command.ts';
