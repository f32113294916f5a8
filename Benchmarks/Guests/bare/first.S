# The shortest guest: one byte to the UART, then off. Its byte tells when the first instruction ran.
  .section .text.start
  .globl _start
_start:
  csrr t0, mhartid
  bnez t0, 1f
  li t0, 0x10000000
  li t1, 'A'
  sb t1, 0(t0)
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
1:
  j 1b
