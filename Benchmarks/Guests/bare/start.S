# The first instructions of every bare-metal benchmark: hart 0 gets a stack and runs, others park
# until `start_others` is set. With -DSV39 the benchmark runs in S-mode behind an identity map of
# 4 KiB pages, else in M-mode.
  .option norvc
  .section .text.start
  .globl _start
_start:
  la t0, unexpected_trap
  csrw mtvec, t0
  li t0, 0x6000             # mstatus.FS
  csrs mstatus, t0
  csrw mie, zero
  csrw mcountinhibit, zero
  li t0, 7
  csrw mcounteren, t0
  csrw scounteren, t0
  li t0, -1                 # PMP: S-mode may reach everything
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  csrr a0, mhartid
  la sp, stack_top
  slli t0, a0, 16           # 64 KiB of stack for each hart; hart 0's is the highest and may grow
  sub sp, sp, t0
  bnez a0, park
#ifdef SV39
  call map_identity
  csrw satp, a0
  sfence.vma
  li t0, 0x1800
  csrc mstatus, t0
  li t0, 0x0800
  csrs mstatus, t0
  la t0, run
  csrw mepc, t0
  mret
#else
  j run
#endif

park:
  la t0, start_others
1:
  lw t1, 0(t0)
  beqz t1, 1b
  fence r, rw
  call other_hart
2:
  wfi
  j 2b

  .align 2
unexpected_trap:
  csrr a0, mcause
  csrr a1, mepc
  csrr a2, mtval
  la sp, stack_top
  call report_trap
