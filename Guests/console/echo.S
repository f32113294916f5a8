# Says "ready" on the serial port, then sends back whatever comes.
  .globl _start
_start:
  li a0, 0x10000000
  la a1, greeting
1:
  lbu a2, (a1)
  beqz a2, 2f
  sb a2, (a0)
  addi a1, a1, 1
  j 1b
2:
  lbu a2, 5(a0) # line status: bit 0, data ready
  andi a2, a2, 1
  beqz a2, 2b
  lbu a2, (a0)
  sb a2, (a0)
  j 2b
greeting:
  .asciz "ready\n"
