// SPDX-License-Identifier: MIT
import { ERRNO } from '../base/index.ts';
import type { Coroutine } from '../engine/index.ts';

/** A file whose text is made when it is read. Reading and writing may take the task's time. */
export interface VirtualFile {
  /** The text, or a negative errno. */
  read(): Coroutine<string | number>;
  /** What write(2) returns: the length taken, or a negative errno. Absent: it cannot be written. */
  write?(text: string): Coroutine<number>;
}

/** What is behind a file that takes no time. */
export interface PlainText {
  read(): string | number;
  /** 0 or a negative errno. */
  write?(text: string): number;
}

/** The file of a text that is there at once. */
export function plainFile(content: PlainText): VirtualFile {
  const { write } = content;
  return {
    // biome-ignore lint/correctness/useYield: a coroutine that takes no time
    *read() {
      return content.read();
    },
    ...(write && {
      // biome-ignore lint/correctness/useYield: a coroutine that takes no time
      *write(text: string) {
        const err = write.call(content, text);
        return err === 0 ? text.length : err;
      },
    }),
  };
}

/** What reading gives outside any task; -EAGAIN where a task would have to wait. */
export function readNow(file: VirtualFile): string | number {
  return atOnce(file.read());
}

/** What writing gives outside any task; -EACCES for a file that cannot be written. */
export function writeNow(file: VirtualFile, text: string): number {
  return file.write ? atOnce(file.write(text)) : -ERRNO.EACCES;
}

function atOnce<T>(body: Coroutine<T>): T | number {
  const step = body.next();
  return step.done ? step.value : -ERRNO.EAGAIN;
}
