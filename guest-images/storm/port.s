# The module port: rings and commands.

# Finds the port, sizes the rings and the context table by its number of contexts, enables it.
port_init:
  mov $PORT + REGISTER_MAGIC, %edx
  in %dx, %eax
  mov $LOAD + (text_no_port - image), %esi
  cmp $PORT_MAGIC, %eax
  jne die
  mov $PORT + REGISTER_VERSION, %edx
  in %dx, %eax
  mov $LOAD + (text_version - image), %esi
  cmp $PROTOCOL_VERSION, %eax
  jne die
  mov $PORT + REGISTER_CONTEXTS, %edx
  in %dx, %eax
  mov %eax, V_CONTEXTS
  xor %ecx, %ecx                      # ring order: smallest that holds one request per context
  dec %eax
  jle port_order
  bsr %eax, %ecx
  inc %ecx
port_order:
  mov $LOAD + (text_contexts - image), %esi
  cmp $MAX_RING_ORDER, %ecx
  ja die
  mov $1, %eax
  shl %cl, %eax
  lea -1(%eax), %ebx
  mov %ebx, V_MASK
  mov $HEAP, %edi
  mov %edi, V_REQUESTS
  mov %eax, %ebx
  shl $6, %ebx                        # REQUEST_SIZE is 64
  add %ebx, %edi
  mov %edi, V_COMPLETIONS
  shl $5, %eax
  add %eax, %edi
  mov %edi, V_TABLE
  mov V_CONTEXTS, %ebx
  shl $7, %ebx                        # CTX_SIZE is 128
  add %edi, %ebx                      # end of the table
  mov $PORT + REGISTER_MEMORY, %edx
  in %dx, %eax
  mov $LOAD + (text_memory - image), %esi
  cmp %eax, %ebx
  ja die

  push %ecx
  mov %ebx, %ecx
  mov $HEAP, %edi
  sub %edi, %ecx
  shr $2, %ecx
  xor %eax, %eax
  rep stosl
  pop %eax
  mov $PORT + REGISTER_RING_ORDER, %edx
  out %eax, %dx
  mov V_REQUESTS, %eax
  mov $PORT + REGISTER_REQUEST_RING, %edx
  out %eax, %dx
  mov V_COMPLETIONS, %eax
  mov $PORT + REGISTER_COMPLETION_RING, %edx
  out %eax, %dx
  mov $CONTROL_ENABLE, %eax
  mov $PORT + REGISTER_CONTROL, %edx
  out %eax, %dx
  in %dx, %eax
  mov $LOAD + (text_enable - image), %esi
  cmp $CONTROL_ENABLE, %eax
  jne die

  mov $LOAD + (text_storm - image), %esi
  call print
  mov V_CONTEXTS, %eax
  call print_unsigned
  mov $LOAD + (text_cpus - image), %esi
  call print
  mov V_MASK, %eax
  inc %eax
  call print_unsigned
  jmp newline

# Carries out command %eax, whose other fields are in BLOCK; its status in %eax.
command:
  mov %eax, BLOCK + BLOCK_COMMAND
  movl $CODE_STOPPED, BLOCK + BLOCK_STATUS
  mov $BLOCK, %eax
  mov $PORT + REGISTER_COMMAND, %edx
  out %eax, %dx
  mov BLOCK + BLOCK_STATUS, %eax
  ret

# The free slot of the request ring, in %edi.
slot:
  mov V_TAIL, %edi
  and V_MASK, %edi
  shl $6, %edi
  add V_REQUESTS, %edi
  ret

# Hands the slot to the port.
ring:
  incl V_TAIL
  mov V_TAIL, %eax
  mov $PORT + REGISTER_REQUEST_TAIL, %edx
  out %eax, %dx
  ret
