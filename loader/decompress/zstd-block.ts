// SPDX-License-Identifier: MIT
/** Compressed blocks of a zstd frame (RFC 8878, section 3.1.1.3). */

import type { Bytes } from '../base/index.ts';
import { SequenceExecutor } from './zstd-executor.ts';
import type { ZstdHistory } from './zstd-history.ts';
import { ZstdLiterals } from './zstd-literals.ts';
import { SequenceReader } from './zstd-sequence-reader.ts';
import { SequenceTables } from './zstd-sequence-tables.ts';
import type { ZstdSource } from './zstd-source.ts';
import { BAD_SIZE, CORRUPTED, MAX_BLOCK } from './zstd-status.ts';

/** Sequences read before the first of them is carried out, where matches reach far back. */
const READ_AHEAD = 8;
const FAR_WINDOW = 2 ** 24;
const FAR_EXTRA_BITS = 22;
/** States of the offset table, out of 256, that make matches count as far. */
const FAR_STATES = { 32: 20, 64: 7 } as const;
/** Window above which an offset may have more bits than a 32-bit register surely holds. */
const LONG_OFFSET_WINDOW = 2 ** 25;

export class ZstdBlockDecoder {
  readonly #source: ZstdSource;
  readonly #wordBits: 32 | 64;
  readonly #windowSize: Bytes;
  readonly #literals: ZstdLiterals;
  readonly #tables: SequenceTables;
  /** The last three offsets. */
  readonly #repeats = Float64Array.of(1, 4, 8);

  constructor(source: ZstdSource, windowSize: Bytes, wordBits: 32 | 64) {
    this.#source = source;
    this.#wordBits = wordBits;
    this.#windowSize = windowSize;
    this.#literals = new ZstdLiterals(source, wordBits);
    this.#tables = new SequenceTables(source);
  }

  /**
   * Decodes the block `[start, start + size)` to the end of the image, which may grow by `room`
   * bytes; gives the bytes written or an error.
   */
  decode(start: number, size: Bytes, history: ZstdHistory, room: Bytes): number {
    if (size >= MAX_BLOCK) return BAD_SIZE;
    history.startBlock();
    const literalsSize = this.#literals.read(start, size, room);
    if (literalsSize < 0) return literalsSize;
    const tables = this.#tables;
    const left = size - literalsSize;
    const tablesSize = tables.read(start + literalsSize, left);
    if (tablesSize < 0) return tablesSize;

    const before = history.at;
    const executor = new SequenceExecutor(history, this.#literals, room, this.#wordBits);
    if (tables.count > 0) {
      const status = this.#sequences(
        start + literalsSize + tablesSize,
        left - tablesSize,
        executor,
      );
      if (status < 0) return status;
    }
    const status = executor.finish();
    return status < 0 ? status : history.at - before;
  }

  #sequences(start: number, size: Bytes, executor: SequenceExecutor): number {
    const tables = this.#tables;
    const repeats = this.#repeats.slice();
    tables.repeatable = true;
    const reader = SequenceReader.open(
      this.#source,
      start,
      size,
      tables,
      repeats,
      this.#wordBits,
      this.#windowSize > LONG_OFFSET_WINDOW,
    );
    if (!reader) return CORRUPTED;
    const status = this.#readsAhead()
      ? runAhead(reader, executor, tables.count)
      : runInOrder(reader, executor, tables.count);
    this.#repeats.set(repeats);
    return status;
  }

  /** ZSTD_getLongOffsetsShare and its use in ZSTD_decompressBlock_internal, Linux 6.12. */
  #readsAhead(): boolean {
    if (this.#windowSize <= FAR_WINDOW || this.#tables.count <= READ_AHEAD) return false;
    const { log, step } = this.#tables.offsets;
    let far = 0;
    for (const entry of step) if (entry >>> 24 > FAR_EXTRA_BITS) far++;
    return far << (8 - log) >= FAR_STATES[this.#wordBits];
  }
}

function runInOrder(reader: SequenceReader, executor: SequenceExecutor, count: number): number {
  for (let left = count; left > 0; left--) {
    reader.next();
    const status = executor.execute(reader.literalLength, reader.matchLength, reader.offset);
    if (status < 0) return status;
    if (left > 1) reader.reloadOverdrawn();
  }
  return reader.atEnd() ? 0 : CORRUPTED;
}

/** As `runInOrder`, but a stream that is overdrawn is refused and one that goes on is not. */
function runAhead(reader: SequenceReader, executor: SequenceExecutor, count: number): number {
  const ahead: { literalLength: number; matchLength: number; offset: number }[] = [];
  const executeFirst = (): number => {
    const { literalLength, matchLength, offset } = ahead.shift()!;
    return executor.execute(literalLength, matchLength, offset);
  };
  for (let read = 0; read < count; read++) {
    if (reader.reloadOverdrawn()) return CORRUPTED;
    reader.next();
    const { literalLength, matchLength, offset } = reader;
    if (ahead.length === READ_AHEAD) {
      const status = executeFirst();
      if (status < 0) return status;
    }
    ahead.push({ literalLength, matchLength, offset });
  }
  while (ahead.length > 0) {
    const status = executeFirst();
    if (status < 0) return status;
  }
  return 0;
}
