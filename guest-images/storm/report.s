# The end: reads the stats through the port, prints them, says done.

# Has the first context that waits for nothing read the stats. %eax: 0 when all are stuck.
report_ask:
  xor %ebx, %ebx
  mov V_TABLE, %ebp
report_search:
  cmp V_CONTEXTS, %ebx
  jae report_none
  cmpl $0, CTX_WAITING(%ebp)
  je report_found
  inc %ebx
  add $CTX_SIZE, %ebp
  jmp report_search
report_none:
  xor %eax, %eax
  ret
report_found:
  mov %ebx, V_REPORT
  call slot
  push %edi
  xor %eax, %eax
  mov $REQUEST_SIZE / 4, %ecx
  rep stosl
  pop %edi
  movl $OPCODE_read, REQUEST_OPCODE(%edi)
  mov %ebx, REQUEST_CONTEXT(%edi)
  mov CTX_TAG(%ebp), %eax
  mov %eax, REQUEST_TAG(%edi)
  mov %eax, V_REPORT_TAG
  incl CTX_TAG(%ebp)
  movl $LOAD + (stats_path - image), REQUEST_SUBJECT_ADDRESS(%edi)
  movl $stats_path_end - stats_path, REQUEST_SUBJECT_LENGTH(%edi)
  movl $TEXT, REQUEST_BUFFER_ADDRESS(%edi)
  movl $TEXT_SIZE, REQUEST_BUFFER_LENGTH(%edi)
  call ring
  mov $1, %eax
  ret

# The stats have come: keeps the completion for the end.
report_came:
  mov $C_TAG, %esi
  mov $V_REPORT_DONE, %edi
  mov $5, %ecx
  rep movsl
  ret

finish:
  mov $LOAD + (text_storm - image), %esi
  call print
  mov V_COMPLETED, %eax
  call print_unsigned
  mov $LOAD + (text_requests - image), %esi
  call print
  mov V_FAILED, %eax
  call print_unsigned
  mov $LOAD + (text_failed - image), %esi
  call print
  mov V_FAILED, %eax
  sub $SHOWN_FAILURES, %eax
  jbe finish_shown
  push %eax
  mov $LOAD + (text_comma - image), %esi
  call print
  pop %eax
  call print_unsigned
  mov $LOAD + (text_hidden - image), %esi
  call print
finish_shown:
  call newline
  cmpl $0, V_STUCK
  je finish_stats
  mov $LOAD + (text_storm - image), %esi
  call print
  mov V_STUCK, %eax
  call print_unsigned
  mov $LOAD + (text_stuck - image), %esi
  call print
finish_stats:
  call report_print
  mov $LOAD + (text_done - image), %esi
  call print
  movl $0, BLOCK + BLOCK_LOW
  mov $COMMAND_DONE, %eax
  call command
  jmp stop

# Prints the stats between two marker lines, however long they are.
report_print:
  mov V_REPORT_DONE + (C_RETURN - C_TAG), %eax
  or V_REPORT_DONE + (C_STATUS - C_TAG), %eax
  js report_failed
  mov V_REPORT_DONE + (C_TOTAL - C_TAG), %ebp
  test %ebp, %ebp
  jz report_failed
  mov $LOAD + (text_begin - image), %esi
  call print
  mov $LOAD + (stats_path - image), %esi
  call print
  mov $LOAD + (text_comma - image), %esi
  call print
  mov %ebp, %eax
  call print_unsigned
  mov $LOAD + (text_bytes - image), %esi
  call print
  mov V_REPORT_DONE + (C_LENGTH - C_TAG), %ecx
report_part:
  add %ecx, V_PRINTED
  movzbl TEXT - 1(%ecx), %eax
  mov %eax, V_LAST
  mov $TEXT, %esi
  call print_bytes
  mov V_PRINTED, %eax
  cmp %ebp, %eax
  jae report_whole
  mov %eax, BLOCK + BLOCK_LOW
  mov V_REPORT, %eax
  mov %eax, BLOCK + BLOCK_CONTEXT
  movl $TEXT, BLOCK + BLOCK_ADDRESS
  movl $TEXT_SIZE, BLOCK + BLOCK_LENGTH
  mov $COMMAND_COPY, %eax
  call command
  mov $LOAD + (text_copy - image), %esi
  test %eax, %eax
  jnz die
  mov BLOCK + BLOCK_LOW, %ecx
  test %ecx, %ecx
  jz die
  jmp report_part
report_whole:
  cmpl $10, V_LAST
  je report_end
  call newline
report_end:
  mov $LOAD + (text_end - image), %esi
  jmp print
report_failed:
  mov $LOAD + (text_unread - image), %esi
  call print
  mov V_REPORT_DONE + (C_RETURN - C_TAG), %eax
  call print_signed
  jmp newline
