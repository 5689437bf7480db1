# IDT, PIC and the port's interrupt.

# Every vector gets a stub `call trap`; the return address tells which it was. The port's own
# vector goes to `irq`.
interrupts_init:
  xor %ecx, %ecx
stub:
  lea STUBS(,%ecx,8), %edi
  movb $0xe8, (%edi)                  # call rel32
  mov $LOAD + (trap - image) - 5, %eax
  sub %edi, %eax
  mov %eax, 1(%edi)
  call set_gate
  inc %ecx
  cmp $256, %ecx
  jb stub
  mov $PORT + REGISTER_IRQ_LINE, %edx
  in %dx, %eax
  and $15, %eax
  mov %eax, V_LINE
  lea IRQ_VECTOR(%eax), %ecx
  mov $LOAD + (irq - image), %edi
  call set_gate
  mov $LOAD + (idt_pointer - image), %eax
  lidt (%eax)

  mov $0x11, %eax                     # ICW1: edge triggered, cascade, ICW4 follows
  out %al, $0x20
  out %al, $0xa0
  mov $IRQ_VECTOR, %eax               # ICW2: vectors
  out %al, $0x21
  mov $IRQ_VECTOR + 8, %eax
  out %al, $0xa1
  mov $4, %eax                        # ICW3: slave on line 2
  out %al, $0x21
  mov $2, %eax
  out %al, $0xa1
  mov $1, %eax                        # ICW4: 8086 mode
  out %al, $0x21
  out %al, $0xa1
  mov V_LINE, %ecx                    # mask all but the port's line and the cascade
  mov $0xfffe, %eax
  rol %cl, %ax
  and $0xfffb, %eax
  out %al, $0x21
  shr $8, %eax
  out %al, $0xa1
  ret

# Points vector %ecx at %edi, as an interrupt gate.
set_gate:
  mov %edi, %eax
  and $0xffff, %eax
  or $CODE_SELECTOR * 0x10000, %eax
  mov %eax, IDT(,%ecx,8)
  mov %edi, %eax
  and $0xffff0000, %eax
  or $0x8e00, %eax
  mov %eax, IDT + 4(,%ecx,8)
  ret

idt_pointer:
  .word 0x7ff
  .long IDT

# A processor exception, or an interrupt nobody asked for: says which and where, and stops.
trap:
  pop %ebx
  sub $STUBS + 5, %ebx
  shr $3, %ebx
  pop %ebp                            # eip, or the error code of the vectors that have one
  cmp $31, %ebx
  ja trap_print
  mov $0x27d00, %eax
  bt %ebx, %eax
  jnc trap_print
  pop %ebp
trap_print:
  mov $LOAD + (text_trap - image), %esi
  call print
  mov %ebx, %eax
  call print_unsigned
  mov $LOAD + (text_at - image), %esi
  call print
  mov %ebp, %eax
  call print_unsigned
  call newline
  jmp stop

# The port's interrupt: acknowledges it, then takes every completion in order.
irq:
  pusha
  cld
  mov $PORT + REGISTER_IRQ_STATUS, %edx
  in %dx, %eax
  out %eax, %dx
  or %eax, V_SEEN
irq_ask:
  mov $PORT + REGISTER_COMPLETION_HEAD, %edx
  in %dx, %eax
  mov %eax, V_WRITTEN
  cmp V_HEAD, %eax
  je irq_end
irq_next:
  mov V_HEAD, %esi
  and V_MASK, %esi
  shl $5, %esi                        # COMPLETION_SIZE is 32
  add V_COMPLETIONS, %esi
  mov COMPLETION_CONTEXT(%esi), %ebx
  mov COMPLETION_TAG(%esi), %eax
  mov %eax, C_TAG
  mov COMPLETION_RETURN(%esi), %eax
  mov %eax, C_RETURN
  mov COMPLETION_STATUS(%esi), %eax
  mov %eax, C_STATUS
  mov COMPLETION_LENGTH(%esi), %eax
  mov %eax, C_LENGTH
  mov COMPLETION_TOTAL(%esi), %eax
  mov %eax, C_TOTAL
  incl V_HEAD
  mov V_HEAD, %eax
  mov $PORT + REGISTER_COMPLETION_HEAD, %edx
  out %eax, %dx
  call completed
  mov V_HEAD, %eax
  cmp V_WRITTEN, %eax
  jne irq_next
  jmp irq_ask
irq_end:
  mov $0x20, %eax                     # end of interrupt, at the slave too when it is involved
  cmpl $8, V_LINE
  jb irq_master
  out %al, $0xa0
irq_master:
  out %al, $0x20
  popa
  iret
