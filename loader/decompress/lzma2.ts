// SPDX-License-Identifier: MIT
/** LZMA2: the chunks of a block (the control bytes are described in the xz file format, 5.3.1). */

import type { Bytes } from '../base/index.ts';
import type { ImageBuffer } from './image-buffer.ts';
import { LzmaDecoder, RANGE_CODER_BYTES, SYMBOL_INPUT } from './lzma.ts';
import { XZ_DATA_ERROR, XZ_OK, XZ_STREAM_END } from './xz-status.ts';

const CONTROL_END = 0x00;
const CONTROL_COPY_RESET = 0x01;
const CONTROL_COPY = 0x02;
const CONTROL_LZMA = 0x80;
const CONTROL_LZMA_RESET_STATE = 0xa0;
const CONTROL_LZMA_NEW_PROPERTIES = 0xc0;
const CONTROL_LZMA_RESET_ALL = 0xe0;

type Mode = 'control' | 'copy' | 'lzma';

export class Lzma2Decoder {
  readonly #input: Uint8Array;
  readonly #inputEnd: number;
  readonly #lzma = new LzmaDecoder();
  #sink: ImageBuffer;
  /** Where the dictionary was last reset in the sink, and its size. */
  #base = 0;
  #dictSize: Bytes = 0;
  #needDictReset = true;
  #needProperties = true;
  #mode: Mode = 'control';
  /** Next input byte, but for a chunk of LZMA, where the symbol decoder keeps it. */
  #inAt = 0;
  #chunkEnd = 0;
  /** Output bytes missing from the current chunk. */
  #left: Bytes = 0;

  /** liblzma refuses a range coder that does not begin with a zero byte; the kernel passes it over. */
  readonly #zeroFirst: boolean;

  /** `input` must be readable for `SYMBOL_INPUT` bytes after `inputEnd`. */
  constructor(input: Uint8Array, inputEnd: number, sink: ImageBuffer, zeroFirst = false) {
    this.#zeroFirst = zeroFirst;
    this.#input = input;
    this.#inputEnd = inputEnd;
    this.#sink = sink;
  }

  /** Begins a block whose data start at `inAt`; output is appended to `sink`. */
  startBlock(inAt: number, dictSize: Bytes, sink: ImageBuffer): void {
    this.#inAt = inAt;
    this.#dictSize = dictSize;
    this.#sink = sink;
    this.#needDictReset = true;
    this.#mode = 'control';
  }

  /**
   * Input taken so far. Near the end of the file the decoder sets the rest of a chunk aside, and
   * that counts as taken.
   */
  get inputTaken(): number {
    if (this.#mode !== 'lzma') return this.#inAt;
    const at = this.#lzma.inAt;
    if (this.#inputEnd - at >= SYMBOL_INPUT) return at;
    return Math.max(at, Math.min(this.#chunkEnd, this.#inputEnd));
  }

  /** Decodes until the sink holds `limit` bytes, the data end, or the input does. */
  run(limit: Bytes): number {
    for (;;) {
      if (this.#mode === 'control') {
        const status = this.#control();
        if (status !== null) return status;
      } else if (this.#mode === 'copy') {
        this.#copy(limit);
        if (this.#left > 0) return XZ_OK;
        this.#mode = 'control';
      } else {
        const status = this.#symbols(limit);
        if (status !== null) return status;
        this.#inAt = this.#lzma.inAt;
        this.#mode = 'control';
      }
    }
  }

  /** Reads the head of a chunk; null when the chunk has begun. A head cut short leaves its bytes taken. */
  #control(): number | null {
    if (this.#inAt >= this.#inputEnd) return XZ_OK;
    const control = this.#input[this.#inAt]!;
    if (control === CONTROL_END) {
      this.#inAt++;
      return XZ_STREAM_END;
    }
    if (control >= CONTROL_LZMA_RESET_ALL || control === CONTROL_COPY_RESET) {
      this.#needProperties = true;
      this.#needDictReset = false;
      this.#base = this.#sink.length;
    } else if (this.#needDictReset) {
      return XZ_DATA_ERROR;
    }
    if (control < CONTROL_LZMA) {
      if (control > CONTROL_COPY) return XZ_DATA_ERROR;
      if (!this.#available(3)) return this.#cutShort();
      this.#left = this.#bigEndian16(1) + 1;
      this.#inAt += 3;
      this.#mode = 'copy';
      return null;
    }
    if (control < CONTROL_LZMA_NEW_PROPERTIES && this.#needProperties) return XZ_DATA_ERROR;
    return this.#startSymbols(control);
  }

  #startSymbols(control: number): number | null {
    const lzma = this.#lzma;
    const newProperties = control >= CONTROL_LZMA_NEW_PROPERTIES;
    const head = newProperties ? 6 : 5;
    if (newProperties) this.#needProperties = false;
    else if (control >= CONTROL_LZMA_RESET_STATE) lzma.reset();
    if (!this.#available(5)) return this.#cutShort();
    if (newProperties) {
      if (!this.#available(6)) return this.#cutShort();
      if (!lzma.setProperties(this.#input[this.#inAt + 5]!)) return XZ_DATA_ERROR;
    }
    const compressed = this.#bigEndian16(3) + 1;
    // A chunk too small for the range coder is only noticed with a byte after its head.
    if (!newProperties && !this.#available(head + 1)) return this.#cutShort();
    if (compressed < RANGE_CODER_BYTES) return XZ_DATA_ERROR;
    if (!this.#available(head + RANGE_CODER_BYTES)) return this.#cutShort();

    const start = this.#inAt + head;
    if (this.#zeroFirst && this.#input[start] !== 0) return XZ_DATA_ERROR;
    this.#left = ((control & 0x1f) << 16) + this.#bigEndian16(1) + 1;
    this.#chunkEnd = start + compressed;
    lzma.start(this.#input, start);
    this.#mode = 'lzma';
    return null;
  }

  #available(bytes: number): boolean {
    return this.#inputEnd - this.#inAt >= bytes;
  }

  #cutShort(): number {
    this.#inAt = this.#inputEnd;
    return XZ_OK;
  }

  #bigEndian16(offset: number): number {
    return (this.#input[this.#inAt + offset]! << 8) | this.#input[this.#inAt + offset + 1]!;
  }

  #copy(limit: Bytes): void {
    const sink = this.#sink;
    const count = Math.min(this.#left, this.#inputEnd - this.#inAt, limit - sink.length);
    if (count <= 0) return;
    const out = sink.reserve(sink.length + count);
    out.set(this.#input.subarray(this.#inAt, this.#inAt + count), sink.length);
    sink.length += count;
    this.#inAt += count;
    this.#left -= count;
  }

  /** Decodes symbols of the chunk; null when it is complete. */
  #symbols(limit: Bytes): number | null {
    const sink = this.#sink;
    const lzma = this.#lzma;
    // The last bytes of a chunk that the file cuts short are never looked at.
    const cut = this.#chunkEnd > this.#inputEnd;
    const inLast = cut ? this.#inputEnd - SYMBOL_INPUT : this.#chunkEnd;
    const end = Math.min(limit, sink.length + this.#left);
    if (!cut || lzma.inAt <= inLast) {
      const out = sink.reserve(end);
      const at = lzma.decode(
        this.#input,
        inLast,
        out,
        sink.length,
        end,
        this.#base,
        this.#dictSize,
      );
      if (at < 0 || lzma.inAt > this.#chunkEnd) return XZ_DATA_ERROR;
      this.#left -= at - sink.length;
      sink.length = at;
    }
    if (this.#left > 0) return XZ_OK;
    const complete = lzma.inAt === this.#chunkEnd && lzma.pending === 0 && lzma.finished;
    return complete ? null : XZ_DATA_ERROR;
  }
}
