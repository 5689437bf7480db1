// SPDX-License-Identifier: MIT
/** A guest that does what a mailbox says: 1–3 `in` of 8, 16, 32 bits, 4–6 `out`. */
import { assemble } from '../../../guest-images/storm/assemble.ts';

/** Verb (0 when done), port offset, value, interrupts taken. */
export const MAILBOX = 0x180000;

const LOAD = 0x100000;

/** The puppet for a port at `base` on interrupt line `line` (8 to 15). */
export function puppetImage(base: number, line: number): Uint8Array {
  const text = `
BOX = 0x180000
IDT = 0x181000
image:
  .long 0x1badb002, 0x10000, 0 - 0x1badb002 - 0x10000
  .long 0x100000, 0x100000, 0x100000 + (image_end - image), 0x200000, 0x100000 + (start - image)
gdt:
  .long 0, 0, 0x0000ffff, 0x00cf9a00, 0x0000ffff, 0x00cf9200
gdt_pointer:
  .word 23
  .long 0x100000 + (gdt - image)
idt_pointer:
  .word 0x7ff
  .long IDT
start:
  cli
  mov $0x190000, %esp
  mov $0x100000 + (gdt_pointer - image), %eax
  lgdt (%eax)
  mov $0x10, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %ss
  mov $0x100000 + (irq - image), %eax
  and $0xffff, %eax
  or $0x80000, %eax
  mov %eax, IDT + ${8 * (0x20 + line)}
  mov $0x100000 + (irq - image), %eax
  and $0xffff0000, %eax
  or $0x8e00, %eax
  mov %eax, IDT + ${8 * (0x20 + line) + 4}
  mov $0x100000 + (idt_pointer - image), %eax
  lidt (%eax)
  mov $0x11, %eax
  out %al, $0x20
  out %al, $0xa0
  mov $0x20, %eax
  out %al, $0x21
  mov $0x28, %eax
  out %al, $0xa1
  mov $4, %eax
  out %al, $0x21
  mov $2, %eax
  out %al, $0xa1
  mov $1, %eax
  out %al, $0x21
  out %al, $0xa1
  mov $0xfb, %eax
  out %al, $0x21
  mov $${0xff & ~(1 << (line - 8))}, %eax
  out %al, $0xa1
  sti
wait:
  mov BOX, %ebx
  test %ebx, %ebx
  jz wait
  mov BOX + 4, %edx
  add $${base}, %edx
  mov BOX + 8, %eax
  cmp $1, %ebx
  je in8
  cmp $2, %ebx
  je in16
  cmp $3, %ebx
  je in32
  cmp $4, %ebx
  je out8
  cmp $5, %ebx
  je out16
  out %eax, %dx
  jmp answer
in8:
  in %dx, %al
  movzbl %al, %eax
  jmp answer
in16:
  in %dx, %ax
  movzwl %ax, %eax
  jmp answer
in32:
  in %dx, %eax
  jmp answer
out8:
  out %al, %dx
  jmp answer
out16:
  out %ax, %dx
answer:
  mov %eax, BOX + 8
  movl $0, BOX
  jmp wait
irq:
  push %eax
  incl BOX + 12
  mov $0x20, %eax
  out %al, $0xa0
  out %al, $0x20
  pop %eax
  iret
image_end:
`;
  return assemble([{ name: 'puppet', text }], LOAD).bytes;
}
