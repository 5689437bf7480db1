// SPDX-License-Identifier: MIT
/** Small guests for tests: a header, flat segments, the port's constants, and a body. */
import { assemble } from '../../guest-images/storm/assemble.ts';
import { portConstants } from '../../guest-images/storm/constants.ts';

const LOAD = 0x100000;

/**
 * A guest that runs `body` with the port at `PORT`, rings of two entries at RINGS and RINGS + 256
 * already enabled when `enabled`, a stack, and `putc`, which prints %al.
 */
export function smallGuest(body: string, enabled = true): Uint8Array {
  const enable = `
  mov $RINGS, %eax
  mov $PORT + REGISTER_REQUEST_RING, %edx
  out %eax, %dx
  mov $RINGS + 256, %eax
  mov $PORT + REGISTER_COMPLETION_RING, %edx
  out %eax, %dx
  mov $1, %eax
  mov $PORT + REGISTER_RING_ORDER, %edx
  out %eax, %dx
  mov $PORT + REGISTER_CONTROL, %edx
  out %eax, %dx
`;
  const text = `
RINGS = 0x120000
BLOCK = 0x121000
image:
  .long 0x1badb002, 0x10000, 0 - 0x1badb002 - 0x10000
  .long 0x100000, 0x100000, 0x100000 + (image_end - image), 0x130000, 0x100000 + (start - image)
gdt:
  .long 0, 0, 0x0000ffff, 0x00cf9a00, 0x0000ffff, 0x00cf9200
gdt_pointer:
  .word 23
  .long 0x100000 + (gdt - image)
no_idt:
  .word 0
  .long 0
putc:
  push %edx
  mov $0x3f8, %edx
  out %al, %dx
  pop %edx
  ret
start:
  mov $0x130000, %esp
  mov $0x100000 + (gdt_pointer - image), %eax
  lgdt (%eax)
  mov $0x10, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
${enabled ? enable : ''}
${body}
stop:
  cli
  hlt
image_end:
`;
  return assemble([portConstants(), { name: 'guest', text }], LOAD).bytes;
}
