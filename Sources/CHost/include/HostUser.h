// What user mode needs of the host that Swift cannot express: system calls by number, signal handlers, which run
// anywhere and so may touch nothing of Swift's, memory that may fault, and processes that share memory.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

/// Signals that came and wait to be delivered to the guest, one of each kind. While one of the first kind is
/// recorded the host keeps all others blocked but for SIGSEGV and SIGBUS, so that none is lost.
enum { HOST_SIGNAL_ANY = 0, HOST_SIGNAL_SEGV = 1, HOST_SIGNAL_BUS = 2, HOST_SIGNAL_KINDS = 3 };
struct host_signals {
  /// Bits by kind.
  volatile uint32_t recorded;
  int32_t numbers[HOST_SIGNAL_KINDS];
  /// siginfo_t of each, as the host gave it.
  uint8_t information[HOST_SIGNAL_KINDS][128];
  /// Translated code of the thread, and where an access of it that faults goes on: rax is the instruction then, rdx
  /// the data's address.
  uintptr_t code_begin, code_end, fault_exit;
  /// Where the program's addresses lie. An access of the emulator itself there, for the program, may find that the file
  /// behind a page has ended: the page becomes an empty one, and the program's SIGBUS is recorded.
  uintptr_t window_begin, window_end;
};

/// Non-zero where user mode knows the host's processor.
int host_user_available(void);

/// Where signals of the calling thread are recorded.
void host_signals_use(struct host_signals *signals);

/// Sets the base of the calling thread's segment gs.
void host_segment_use(uintptr_t base);

/// The system call `number` of the host: its result or -errno.
long host_system_call(long number, const long arguments[6]);

/// The same, unless a signal of `signals` is recorded before it begins: then `HOST_NOT_STARTED`. There is no
/// moment between looking and beginning.
enum { HOST_NOT_STARTED = -512 };
long host_interruptible_call(struct host_signals *signals, long number, const long arguments[6]);

/// Copies `count` bytes where either side may fault; the number of bytes that were not copied.
size_t host_copy(void *to, const void *from, size_t count);

/// rt_sigaction(2): what the host does with a signal: 0 its default, 1 nothing, 2 record it. `flags` are SA_NOCLDSTOP and
/// SA_NOCLDWAIT. Returns 0 or -errno.
int host_signal_disposition(int number, int disposition, unsigned long flags);

/// rt_sigaction(2): 1 where the host ignores the signal, 0 where not, or -errno.
int host_signal_is_ignored(int number);

/// rt_sigprocmask(2) with SIG_SETMASK; SIGSEGV and SIGBUS stay unblocked. Not while some signal is recorded: whoever
/// delivers that sets the mask.
void host_signal_mask(uint64_t mask);

/// Blocks all signals but SIGSEGV and SIGBUS. A thread begins with it, too: the C library's pthread_create leaves
/// its own SIGCANCEL (32) open in every new thread, which a guest's timer thread waits for.
void host_signals_block(void);

/// The calling thread's mask.
uint64_t host_signal_current_mask(void);

/// Ends the process by a signal's default action.
void host_die_by(int number) __attribute__((noreturn));

/// vfork(2) for a caller that goes on in both processes: runs `body` in a new process that shares memory, on
/// `stack` (its upper end), and returns the process once it has executed another program or ended, or -errno.
/// `flags` of clone(2) besides CLONE_VM and CLONE_VFORK, the signal of its end among them; `descriptor` is for CLONE_PIDFD.
long host_vfork(int (*body)(void *), void *context, void *stack, int flags, int *descriptor);

/// fork(2). Returns a process, 0 in the child, or -errno.
long host_fork(void);

/// struct clone_args of clone3(2), as far as a copy of the process asks for it.
struct host_clone {
  uint64_t flags, descriptor, child_id, parent_id, exit_signal, stack, stack_size, tls, ids, id_count, cgroup;
};

/// fork(2) with what only clone3(2) can be asked for. The calling thread's C library keeps its locks: nobody else may be
/// in it. Returns as `host_fork`.
long host_fork_as(struct host_clone *request);

/// The entry of auxv(7) of this type.
unsigned long host_auxiliary(unsigned long type);

/// mremap(2): the new address, or -errno.
long host_remap(void *memory, size_t old_size, size_t new_size, int flags, void *target);
