// SPDX-License-Identifier: MIT
/** What the random cases draw: the kernel's get_random_u8(), get_random_u32_inclusive(). */

import { type Bytes, PAGE_SIZE, type PageCount } from '../../base/index.ts';
import type { Random } from '../../engine/index.ts';

export interface Draws {
  /** 1 to 100, of random_size_alloc_test. */
  pages(): PageCount;
  /** 0 to 255, of random_size_align_alloc_test. */
  byte(): number;
  /** Of pcpu_alloc_test: 1 to 1,024 bytes, at 2 to 2,048. */
  percpu(): PercpuDraw;
}

export interface PercpuDraw {
  readonly size: Bytes;
  readonly align: Bytes;
}

export class RandomDraws implements Draws {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  pages(): PageCount {
    return 1 + this.#random.below(100);
  }

  byte(): number {
    return this.#random.below(256);
  }

  percpu(): PercpuDraw {
    const size = 1 + this.#random.below(PAGE_SIZE / 4);
    return { size, align: 2 ** (1 + this.#random.below(11)) };
  }
}
