# The contexts: each asks for one thing at a time, as its program says.

# Starts every context, in order.
contexts_start:
  xor %ebx, %ebx
contexts_next:
  cmp V_CONTEXTS, %ebx
  jae contexts_started
  call step
  inc %ebx
  jmp contexts_next
contexts_started:
  ret

# Waits for completions until none can come, then has the stats read, then finishes.
run:
  movl $0, V_SEEN
  mov $COMMAND_IDLE, %eax
  call command
  mov $LOAD + (text_idle - image), %esi
  cmp $CODE_NO_MORE, %eax
  ja die
run_wait:
  sti
  hlt
  cli
  cmpl $0, V_SEEN
  je run_wait
  testl $IRQ_NOTHING, V_SEEN
  jz run
  cmpl $PHASE_PROGRAM, V_PHASE
  jne finish
  movl $PHASE_REPORT, V_PHASE
  call report_ask
  test %eax, %eax
  jnz run
  jmp finish

# Context %ebx: fetches its next operation straight into the ring and submits it.
step:
  mov %ebx, %ebp
  shl $7, %ebp                        # CTX_SIZE is 128
  add V_TABLE, %ebp
  call slot
  mov %ebx, BLOCK + BLOCK_CONTEXT
  mov %edi, BLOCK + BLOCK_ADDRESS
  movl $STRINGS, BLOCK + BLOCK_STRINGS
  movl $STRINGS_SIZE, BLOCK + BLOCK_LENGTH
  mov $COMMAND_FETCH, %eax
  call command
  cmp $CODE_NO_MORE, %eax
  je step_end
  ja step_refused
  mov CTX_TAG(%ebp), %eax
  mov %eax, REQUEST_TAG(%edi)
  incl CTX_TAG(%ebp)
  movl $1, CTX_WAITING(%ebp)
  incl V_STUCK
  mov REQUEST_OPCODE(%edi), %eax
  mov %eax, CTX_OPCODE(%ebp)
  mov REQUEST_SUBJECT_LENGTH(%edi), %ecx
  mov %ecx, CTX_LENGTH(%ebp)
  mov REQUEST_SUBJECT_ADDRESS(%edi), %esi
  lea CTX_SUBJECT(%ebp), %edi
  cmp $CTX_SUBJECT_MAX, %ecx
  jbe step_copy
  mov $CTX_SUBJECT_MAX, %ecx
step_copy:
  rep movsb
  jmp ring
step_refused:
  push %eax
  call print_cpu
  mov $LOAD + (text_fetch - image), %esi
  call print
  pop %eax
  call print_unsigned
  jmp newline
step_end:
  ret

# The completion in C_*, of context %ebx: counts it, prints a failure, goes on.
completed:
  cmp V_CONTEXTS, %ebx
  jae step_end
  cmpl $PHASE_REPORT, V_PHASE
  jne completed_request
  cmp V_REPORT, %ebx
  jne completed_request
  mov C_TAG, %eax
  cmp V_REPORT_TAG, %eax
  je report_came
completed_request:
  mov %ebx, %ebp
  shl $7, %ebp                        # CTX_SIZE is 128
  add V_TABLE, %ebp
  movl $0, CTX_WAITING(%ebp)
  decl V_STUCK
  incl V_COMPLETED
  cmpl $CODE_OK, C_STATUS
  jne failed
  cmpl $0, C_RETURN
  jge step
failed:
  incl V_FAILED
  cmpl $SHOWN_FAILURES, V_FAILED
  ja step
  call print_cpu
  mov CTX_OPCODE(%ebp), %esi
  shl $4, %esi                        # OPCODE_NAME_SIZE is 16
  add $LOAD + (opcode_names - image), %esi
  call print
  mov CTX_LENGTH(%ebp), %ecx
  jecxz failed_code
  mov $0x20, %eax                     # ' '
  call putc
  lea CTX_SUBJECT(%ebp), %esi
  cmp $CTX_SUBJECT_MAX, %ecx
  jbe failed_subject
  mov $CTX_SUBJECT_MAX, %ecx
  call print_bytes
  mov $LOAD + (text_dots - image), %esi
  call print
  jmp failed_code
failed_subject:
  call print_bytes
failed_code:
  mov $LOAD + (text_colon - image), %esi
  call print
  mov C_STATUS, %eax
  test %eax, %eax
  jnz failed_refused
  mov C_RETURN, %eax
  call print_signed
  call newline
  jmp step
failed_refused:
  mov $LOAD + (text_refused - image), %esi
  call print
  call print_unsigned
  call newline
  jmp step

# Prints "cpu N " for context %ebx.
print_cpu:
  mov $LOAD + (text_cpu - image), %esi
  call print
  mov %ebx, %eax
  call print_unsigned
  mov $0x20, %eax
  jmp putc
