# Prints the letters a to z, for ever.
  .globl _start
_start:
  li a0, 0x10000000
  li a3, 'z'
1:
  li a2, 'a'
2:
  lbu a1, 5(a0) # line status: bit 5, transmitter holding register empty
  andi a1, a1, 0x20
  beqz a1, 2b
  sb a2, (a0)
  addi a2, a2, 1
  bleu a2, a3, 2b
  j 1b
