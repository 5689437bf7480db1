# Where things are. The image is loaded at LOAD; all else is memory the guest clears itself.
LOAD          = 0x100000
VARS          = 0x110000
IDT           = 0x111000            # 256 gates of 8 bytes
STUBS         = 0x112000            # 256 entries of 8 bytes, made at run time
STACK_TOP     = 0x118000
STRINGS       = 0x118000            # strings of the operation just fetched
STRINGS_SIZE  = 0x8000
TEXT          = 0x120000            # the stats text, one part at a time
TEXT_SIZE     = 0x10000
HEAP          = 0x130000            # rings, then the context table

# One command block, reused for every command.
BLOCK         = VARS
V_CONTEXTS    = VARS + 0x40
V_MASK        = VARS + 0x44         # ring entries - 1
V_REQUESTS    = VARS + 0x48         # request ring
V_COMPLETIONS = VARS + 0x4c         # completion ring
V_TABLE       = VARS + 0x50         # context table
V_TAIL        = VARS + 0x54         # requests put into the ring
V_HEAD        = VARS + 0x58         # completions taken
V_WRITTEN     = VARS + 0x5c         # completions the port had written when last asked
V_SEEN        = VARS + 0x60         # IRQ bits since the last IDLE
V_LINE        = VARS + 0x64
V_STUCK       = VARS + 0x68         # requests without a completion
V_COMPLETED   = VARS + 0x6c
V_FAILED      = VARS + 0x70
V_PHASE       = VARS + 0x74         # PHASE_*
V_PRINTED     = VARS + 0x78         # bytes of the stats text printed
V_LAST        = VARS + 0x7c         # last byte printed
V_REPORT      = VARS + 0x80         # context that reads the stats
V_REPORT_TAG  = VARS + 0x84
V_REPORT_DONE = VARS + 0x88         # its completion, as C_* below
C_TAG         = VARS + 0xc0         # the completion being handled
C_RETURN      = VARS + 0xc4
C_STATUS      = VARS + 0xc8
C_LENGTH      = VARS + 0xcc
C_TOTAL       = VARS + 0xd0

PHASE_PROGRAM = 0
PHASE_REPORT  = 1

# A context: one simulated CPU.
CTX_TAG       = 0                   # tag of its next request
CTX_WAITING   = 4
CTX_OPCODE    = 8                   # of the request it waits for, with the subject
CTX_LENGTH    = 12
CTX_SUBJECT   = 16
CTX_SUBJECT_MAX = 112
CTX_SIZE      = 128

SHOWN_FAILURES = 64

COM1          = 0x3f8
CODE_SELECTOR = 0x08
DATA_SELECTOR = 0x10
IRQ_VECTOR    = 0x20
