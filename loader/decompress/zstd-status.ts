// SPDX-License-Identifier: MIT
/** zstd error numbers (include/linux/zstd_errors.h, Linux 6.12) that decoding a module can give. */
export const ZSTD_STATUS = {
  windowTooLarge: 16,
  corruptionDetected: 20,
  checksumWrong: 22,
  dictionaryCorrupted: 30,
  dictionaryWrong: 32,
  dstSizeTooSmall: 70,
  srcSizeWrong: 72,
} as const;

/** Decoding steps give a count of bytes, or one of the numbers above with a minus sign. */
export const CORRUPTED = -ZSTD_STATUS.corruptionDetected;
export const NO_ROOM = -ZSTD_STATUS.dstSizeTooSmall;
export const BAD_SIZE = -ZSTD_STATUS.srcSizeWrong;

/** Most bytes that a block may hold or give (RFC 8878, section 3.1.1.2.4). */
export const MAX_BLOCK = 128 * 1024;
