# Says where it runs, 0 or 1 in that bank of flash, R in RAM, and in which mode, M or S; then powers off.
  .globl _start
_start:
  la t0, supervisor
  csrw stvec, t0
  li a0, 0x10000000         # UART
  auipc t0, 0
  srli t0, t0, 24
  li t1, '0'
  li t2, 0x20
  beq t0, t2, 1f
  li t1, '1'
  li t2, 0x22
  beq t0, t2, 1f
  li t1, 'R'
1:
  sb t1, 0(a0)
  csrr zero, mhartid        # firmware passes the trap of a supervisor on to it
  li t1, 'M'
  j 2f
  .align 2
supervisor:
  li t1, 'S'
2:
  sb t1, 0(a0)
  li t0, 0x100000           # the finisher
  li t1, 0x5555
  sw t1, 0(t0)
3:
  j 3b
