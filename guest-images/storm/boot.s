# Multiboot header and entry: a BIOS-less PC, 32-bit protected mode, interrupts off.
image:
  .long MULTIBOOT_MAGIC, MULTIBOOT_FLAGS, 0 - MULTIBOOT_MAGIC - MULTIBOOT_FLAGS
  .long LOAD, LOAD, LOAD + (image_end - image), HEAP, LOAD + (start - image)

gdt:
  .long 0, 0
  .long 0x0000ffff, 0x00cf9a00        # code, 4 GiB from 0
  .long 0x0000ffff, 0x00cf9200        # data, 4 GiB from 0
gdt_pointer:
  .word 23
  .long LOAD + (gdt - image)

start:
  cli
  cld
  mov $STACK_TOP, %esp
  mov $LOAD + (gdt_pointer - image), %eax
  lgdt (%eax)
  .byte 0xea                          # ljmp: the processor takes the new code segment
  .long LOAD + (flat - image)
  .word CODE_SELECTOR
flat:
  mov $DATA_SELECTOR, %eax
  mov %eax, %ds
  mov %eax, %es
  mov %eax, %fs
  mov %eax, %gs
  mov %eax, %ss
  xor %eax, %eax
  mov $VARS, %edi
  mov $(IDT - VARS) / 4, %ecx
  rep stosl
  call console_init
  call interrupts_init
  call port_init
  call contexts_start
  jmp run
