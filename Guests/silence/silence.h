# What the silent guests have in common. Each begins like somebody's first kernel, and makes one mistake.
    .equ UART, 0x10000000
    .equ PLIC, 0x0c000000
    .equ CLINT, 0x02000000
    .equ VIRTIO, 0x10001000
    .equ RAM, 0x80000000

# All addresses for all modes.
.macro OPEN_PMP
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
.endm

# Exceptions and interrupts end in a loop, as a panic does.
.macro PANIC_ON_TRAP
    la t0, panic
    csrw mtvec, t0
    csrw stvec, t0
.endm

# Goes on in supervisor mode at the next instruction.
.macro TO_SUPERVISOR
    li t0, 0x1800
    csrc mstatus, t0
    li t0, 0x800
    csrs mstatus, t0
    la t0, 77f
    csrw mepc, t0
    mret
77:
.endm

# Sv39: the GiB at 0x80000000 onto itself by one large page whose flags are \flags; devices by another.
.macro MAP flags
    la t0, root
    li t1, (RAM >> 12 << 10) | \flags
    sd t1, 16(t0)
    li t1, 0xcf
    sd t1, 0(t0)
.endm

.macro SET_SATP
    la t0, root
    srli t0, t0, 12
    li t1, 8 << 60
    or t0, t0, t1
    csrw satp, t0
    sfence.vma
.endm

.macro TABLES
    .balign 4096
root:
    .fill 4096
second:
    .fill 4096
.endm

.macro PANIC
    .balign 4
panic:
    j panic
.endm

# The UART's interrupt, which its empty transmitter raises at once.
.macro UART_INTERRUPT
    li t0, UART
    li t1, 2
    sb t1, 1(t0)
.endm

    .text
    .globl _start
_start:
