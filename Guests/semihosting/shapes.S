# What is a semihosting call and what is a breakpoint: shapes of the sequence, by number. Each says "seen" if it was
# served; the handler says "trapped" if not, and goes on behind it. Outside of the cases instructions are aligned to
# four bytes or not as it happens.
        .option norvc
        .globl _start
_start: la t0, handler
        csrw mtvec, t0
        li s0, 0
        # 0: the ebreak is compressed
        li a0, 4
        la a1, text
        .option rvc
        .balign 4
        .option norvc
        slli x0,x0,0x1f
        .option rvc
        c.ebreak
        .option norvc
        srai x0,x0,7
        # 1: another instruction before it
        li s0,1
        li a0,4
        slli x0,x0,0x1e
        ebreak
        srai x0,x0,7
        # 2: another one behind it
        li s0,2
        li a0,4
        slli x0,x0,0x1f
        ebreak
        srai x0,x0,6
        # 3: the one before it is jumped over
        li s0,3
        li a0,4
        la a1,text3
        j 3f
        slli x0,x0,0x1f
3:      ebreak
        srai x0,x0,7
        # 4: two bytes off
        li s0,4
        li a0,4
        la a1,text4
        .option rvc
        .option rvc
        .balign 4
        .option norvc
        .option rvc
        c.nop
        .option norvc
        slli x0,x0,0x1f
        ebreak
        srai x0,x0,7
        # 5: from the ebreak on in the next page. 6: from the last instruction on. 7: the ebreak lies across.
        # 8: the last instruction lies across, but begins in the page
        li s0,5
        la a1,text5
        la t2,back5
        j cross5
back5:  li s0,6
        la a1,text6
        la t2,back6
        j cross6
back6:  li s0,7
        la a1,text7
        la t2,back7
        j cross7
back7:  li s0,8
        la a1,text8
        la t2,back8
        li a0,4
        j cross8
back8:  
        li a0,0x20
        la a1,block
        slli x0,x0,0x1f
        ebreak
        srai x0,x0,7
        j .
        .option rvc
        .balign 4
        .option norvc
handler:
        mv s1,a0
        mv s2,a1
        li a0,4
        la a1,trapped
        addi t0,s0,'0'
        sb t0,(a1)
        .option rvc
        .balign 4
        .option norvc
        slli x0,x0,0x1f
        ebreak
        srai x0,x0,7
        csrr t0,mepc
        addi t0,t0,4
        csrw mepc,t0
        mv a0,s1
        mv a1,s2
        bne s0,zero,1f
        csrr t0,mepc
        addi t0,t0,-2
        csrw mepc,t0
1:      mret
        .option rvc
        .balign 4096
        .option norvc
        .space 4092
cross5: slli x0,x0,0x1f
        ebreak
        srai x0,x0,7
        jr t2
        .option rvc
        .balign 4096
        .option norvc
        .space 4088
cross6: slli x0,x0,0x1f
        ebreak
        srai x0,x0,7
        jr t2
        .option rvc
        .balign 4096
        .option norvc
        .space 4090
        .option rvc
cross7: .option norvc
        slli x0,x0,0x1f
        ebreak
        srai x0,x0,7
        jr t2
        .option rvc
        .balign 4096
        .option norvc
        .space 4086
cross8: slli x0,x0,0x1f
        ebreak
        srai x0,x0,7
        jr t2
        .data
        .balign 8
block:  .dword 0x20026, 0
trapped: .asciz "? trapped\n"
text:   .asciz "text0 seen\n"
text3:  .asciz "text3 seen\n"
text4:  .asciz "text4 seen\n"
text5:  .asciz "5 (next page) seen\n"
text6:  .asciz "6 (srai in next) seen\n"
text7:  .asciz "7 (ebreak straddles) seen\n"
text8:  .asciz "8 (srai straddles) seen\n"
