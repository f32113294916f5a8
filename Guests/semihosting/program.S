# A Linux program's beginning, and the call.
        .option norvc
        .section .text.start, "ax"
        .globl  _start
_start:
        la      sp, stack_top
        j       main

        # long semihost(long operation, long parameter): the sequence of the RISC-V semihosting specification,
        # uncompressed, in one page.
        .balign 16
        .globl  semihost
semihost:
        slli    x0, x0, 0x1f
        ebreak
        srai    x0, x0, 7
        ret

        .bss
        .balign 16
        .space  16384
stack_top:
