# COM1, polled.
console_init:
  mov $COM1 + 1, %edx
  xor %eax, %eax
  out %al, %dx                        # no UART interrupts
  mov $COM1 + 3, %edx
  mov $0x80, %eax
  out %al, %dx                        # divisor latch
  mov $COM1, %edx
  mov $1, %eax
  out %al, %dx                        # 115200 baud
  inc %edx
  xor %eax, %eax
  out %al, %dx
  mov $COM1 + 3, %edx
  mov $3, %eax
  out %al, %dx                        # 8 bits, no parity
  ret

# Prints the byte in %al.
putc:
  push %edx
  push %eax
  mov $COM1 + 5, %edx
putc_wait:
  in %dx, %al
  test $0x20, %al
  jz putc_wait
  pop %eax
  mov $COM1, %edx
  out %al, %dx
  pop %edx
  ret

# Prints the NUL-terminated string at %esi.
print:
  lodsb
  test %al, %al
  jz print_end
  call putc
  jmp print
print_end:
  ret

# Prints %ecx bytes at %esi.
print_bytes:
  jecxz print_end
  lodsb
  call putc
  dec %ecx
  jmp print_bytes

# Prints %eax as a signed decimal number.
print_signed:
  test %eax, %eax
  jns print_unsigned
  push %eax
  mov $0x2d, %eax                     # '-'
  call putc
  pop %eax
  neg %eax
# Prints %eax as an unsigned decimal number.
print_unsigned:
  push %ebx
  push %ecx
  push %edx
  mov $10, %ebx
  xor %ecx, %ecx
digit:
  xor %edx, %edx
  div %ebx
  push %edx
  inc %ecx
  test %eax, %eax
  jnz digit
digit_out:
  pop %eax
  add $0x30, %eax
  call putc
  dec %ecx
  jnz digit_out
  pop %edx
  pop %ecx
  pop %ebx
  ret

newline:
  mov $10, %eax
  jmp putc

# Prints "storm: ", the string at %esi and a newline, and stops for good.
die:
  push %esi
  mov $LOAD + (text_storm - image), %esi
  call print
  pop %esi
  call print
  call newline
stop:
  cli
  hlt
  jmp stop
