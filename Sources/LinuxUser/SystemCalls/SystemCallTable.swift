import CHost

/// Every system call of Linux 6.12 on 64-bit RISC-V.
package enum SystemCalls {
  package static let table: [SystemCall] = [
    SystemCall(
      0, "io_setup", "", .refused("not there yet: requests hold addresses; programs fall back to threads")),
    SystemCall(
      1, "io_destroy", "", .refused("not there yet: requests hold addresses; programs fall back to threads")),
    SystemCall(
      2, "io_submit", "", .refused("not there yet: requests hold addresses; programs fall back to threads")),
    SystemCall(
      3, "io_cancel", "", .refused("not there yet: requests hold addresses; programs fall back to threads")),
    SystemCall(
      4, "io_getevents", "", .refused("not there yet: requests hold addresses; programs fall back to threads")
    ),
    SystemCall(5, "setxattr", "Pspux", .passed(host: SYS_setxattr, .again)),
    SystemCall(6, "lsetxattr", "Pspux", .passed(host: SYS_lsetxattr, .again)),
    SystemCall(7, "fsetxattr", "fspux", .passed(host: SYS_fsetxattr, .again)),
    SystemCall(8, "getxattr", "Pspu", .passed(host: SYS_getxattr, .again)),
    SystemCall(9, "lgetxattr", "Pspu", .passed(host: SYS_lgetxattr, .again)),
    SystemCall(10, "fgetxattr", "fspu", .passed(host: SYS_fgetxattr, .again)),
    SystemCall(11, "listxattr", "Ppu", .passed(host: SYS_listxattr, .again)),
    SystemCall(12, "llistxattr", "Ppu", .passed(host: SYS_llistxattr, .again)),
    SystemCall(13, "flistxattr", "fpu", .passed(host: SYS_flistxattr, .again)),
    SystemCall(14, "removexattr", "Ps", .passed(host: SYS_removexattr, .again)),
    SystemCall(15, "lremovexattr", "Ps", .passed(host: SYS_lremovexattr, .again)),
    SystemCall(16, "fremovexattr", "fs", .passed(host: SYS_fremovexattr, .again)),
    SystemCall(17, "getcwd", "pu", .passed(host: SYS_getcwd, .again)),
    SystemCall(18, "lookup_dcookie", "", .refused("Linux 6.12 has it no more, or only as a slow emulation")),
    SystemCall(19, "eventfd2", "ux", .passed(host: SYS_eventfd2, .again)),
    SystemCall(20, "epoll_create1", "x", .passed(host: SYS_epoll_create1, .again)),
    SystemCall(21, "epoll_ctl", "fdfp", .converted(epollControl)),
    SystemCall(22, "epoll_pwait", "fpddpu", .converted(epollWait)),
    SystemCall(23, "dup", "f", .passed(host: SYS_dup, .again)),
    SystemCall(24, "dup3", "ffx", .passed(host: SYS_dup3, .again)),
    SystemCall(25, "fcntl", "fdx", .converted(fileControl)),
    SystemCall(26, "inotify_init1", "x", .passed(host: SYS_inotify_init1, .again)),
    SystemCall(27, "inotify_add_watch", "fPx", .passed(host: SYS_inotify_add_watch, .again)),
    SystemCall(28, "inotify_rm_watch", "fd", .passed(host: SYS_inotify_rm_watch, .again)),
    SystemCall(29, "ioctl", "fxp", .converted(deviceControl)),
    SystemCall(30, "ioprio_set", "ddx", .passed(host: SYS_ioprio_set, .again)),
    SystemCall(31, "ioprio_get", "dd", .passed(host: SYS_ioprio_get, .again)),
    SystemCall(32, "flock", "fx", .passed(host: SYS_flock, .again)),
    SystemCall(33, "mknodat", "fPox", .passed(host: SYS_mknodat, .again)),
    SystemCall(34, "mkdirat", "fPo", .passed(host: SYS_mkdirat, .again)),
    SystemCall(35, "unlinkat", "fPx", .passed(host: SYS_unlinkat, .again)),
    SystemCall(36, "symlinkat", "sfP", .passed(host: SYS_symlinkat, .again)),
    SystemCall(37, "linkat", "fPfPx", .passed(host: SYS_linkat, .again)),
    SystemCall(39, "umount2", "Px", .passed(host: SYS_umount2, .again)),
    SystemCall(40, "mount", "sPsxp", .passed(host: SYS_mount, .again)),
    SystemCall(41, "pivot_root", "PP", .passed(host: SYS_pivot_root, .again)),
    SystemCall(42, "nfsservctl", "", .refused("Linux 6.12 has it no more, or only as a slow emulation")),
    SystemCall(43, "statfs", "Pp", .passed(host: SYS_statfs, .again)),
    SystemCall(44, "fstatfs", "fp", .passed(host: SYS_fstatfs, .again)),
    SystemCall(45, "truncate", "Pd", .passed(host: SYS_truncate, .again)),
    SystemCall(46, "ftruncate", "fd", .passed(host: SYS_ftruncate, .again)),
    SystemCall(47, "fallocate", "fxdd", .passed(host: SYS_fallocate, .again)),
    SystemCall(48, "faccessat", "fPo", .passed(host: SYS_faccessat, .again)),
    SystemCall(49, "chdir", "P", .passed(host: SYS_chdir, .again)),
    SystemCall(50, "fchdir", "f", .passed(host: SYS_fchdir, .again)),
    SystemCall(51, "chroot", "P", .passed(host: SYS_chroot, .again)),
    SystemCall(52, "fchmod", "fo", .passed(host: SYS_fchmod, .again)),
    SystemCall(53, "fchmodat", "fPo", .passed(host: SYS_fchmodat, .again)),
    SystemCall(54, "fchownat", "fPddx", .passed(host: SYS_fchownat, .again)),
    SystemCall(55, "fchown", "fdd", .passed(host: SYS_fchown, .again)),
    SystemCall(56, "openat", "fPOo", .converted(openAt)),
    SystemCall(57, "close", "f", .passed(host: SYS_close, .again)),
    SystemCall(58, "vhangup", "", .passed(host: SYS_vhangup, .again)),
    SystemCall(59, "pipe2", "px", .passed(host: SYS_pipe2, .again)),
    SystemCall(60, "quotactl", "xsdp", .passed(host: SYS_quotactl, .again)),
    SystemCall(61, "getdents64", "fpu", .passed(host: SYS_getdents64, .again)),
    SystemCall(62, "lseek", "fdd", .passed(host: SYS_lseek, .again)),
    SystemCall(63, "read", "fpu", .passed(host: SYS_read, .again)),
    SystemCall(64, "write", "fpu", .passed(host: SYS_write, .again)),
    SystemCall(65, "readv", "fpu", .converted(readVector)),
    SystemCall(66, "writev", "fpu", .converted(writeVector)),
    SystemCall(67, "pread64", "fpud", .passed(host: SYS_pread64, .again)),
    SystemCall(68, "pwrite64", "fpud", .passed(host: SYS_pwrite64, .again)),
    SystemCall(69, "preadv", "fpud", .converted(readVectorAt)),
    SystemCall(70, "pwritev", "fpud", .converted(writeVectorAt)),
    SystemCall(71, "sendfile", "ffpu", .passed(host: SYS_sendfile, .again)),
    SystemCall(72, "pselect6", "dppppp", .converted(select)),
    SystemCall(73, "ppoll", "pupp", .converted(poll)),
    SystemCall(74, "signalfd4", "fpux", .passed(host: SYS_signalfd4, .again)),
    SystemCall(75, "vmsplice", "fpux", .converted(spliceVector)),
    SystemCall(76, "splice", "fpfpux", .passed(host: SYS_splice, .again)),
    SystemCall(77, "tee", "ffux", .passed(host: SYS_tee, .again)),
    SystemCall(78, "readlinkat", "fPpu", .converted(readLinkAt)),
    SystemCall(79, "newfstatat", "fPpx", .converted(statusAt)),
    SystemCall(80, "fstat", "fp", .converted(status)),
    SystemCall(81, "sync", "", .passed(host: SYS_sync, .again)),
    SystemCall(82, "fsync", "f", .passed(host: SYS_fsync, .again)),
    SystemCall(83, "fdatasync", "f", .passed(host: SYS_fdatasync, .again)),
    SystemCall(84, "sync_file_range", "fddx", .passed(host: SYS_sync_file_range, .again)),
    SystemCall(85, "timerfd_create", "dx", .passed(host: SYS_timerfd_create, .again)),
    SystemCall(86, "timerfd_settime", "fxpp", .passed(host: SYS_timerfd_settime, .again)),
    SystemCall(87, "timerfd_gettime", "fp", .passed(host: SYS_timerfd_gettime, .again)),
    SystemCall(88, "utimensat", "fPpx", .passed(host: SYS_utimensat, .again)),
    SystemCall(89, "acct", "P", .passed(host: SYS_acct, .again)),
    SystemCall(90, "capget", "pp", .passed(host: SYS_capget, .again)),
    SystemCall(91, "capset", "pp", .passed(host: SYS_capset, .again)),
    SystemCall(92, "personality", "x", .emulated(personality)),
    SystemCall(93, "exit", "d", .emulated(exitThread)),
    SystemCall(94, "exit_group", "d", .emulated(exitProcess)),
    SystemCall(95, "waitid", "ddpxp", .passed(host: SYS_waitid, .again)),
    SystemCall(96, "set_tid_address", "p", .emulated(setThreadAddress)),
    SystemCall(97, "unshare", "x", .passed(host: SYS_unshare, .again)),
    SystemCall(98, "futex", "pxdppd", .converted(futex)),
    SystemCall(99, "set_robust_list", "pu", .emulated(setRobustList)),
    SystemCall(100, "get_robust_list", "dpp", .emulated(getRobustList)),
    SystemCall(101, "nanosleep", "pp", .passed(host: SYS_nanosleep, .never)),
    SystemCall(102, "getitimer", "dp", .passed(host: SYS_getitimer, .again)),
    SystemCall(103, "setitimer", "dpp", .passed(host: SYS_setitimer, .again)),
    SystemCall(104, "kexec_load", "", .refused("code for the host's kernel is not RISC-V's")),
    SystemCall(105, "init_module", "", .refused("code for the host's kernel is not RISC-V's")),
    SystemCall(106, "delete_module", "", .refused("code for the host's kernel is not RISC-V's")),
    SystemCall(107, "timer_create", "dpp", .passed(host: SYS_timer_create, .again)),
    SystemCall(108, "timer_gettime", "dp", .passed(host: SYS_timer_gettime, .again)),
    SystemCall(109, "timer_getoverrun", "d", .passed(host: SYS_timer_getoverrun, .again)),
    SystemCall(110, "timer_settime", "dxpp", .passed(host: SYS_timer_settime, .again)),
    SystemCall(111, "timer_delete", "d", .passed(host: SYS_timer_delete, .again)),
    SystemCall(112, "clock_settime", "dp", .passed(host: SYS_clock_settime, .again)),
    SystemCall(113, "clock_gettime", "dp", .converted(clockTime)),
    SystemCall(114, "clock_getres", "dp", .passed(host: SYS_clock_getres, .again)),
    SystemCall(115, "clock_nanosleep", "dxpp", .passed(host: SYS_clock_nanosleep, .never)),
    SystemCall(116, "syslog", "dpd", .passed(host: SYS_syslog, .again)),
    SystemCall(117, "ptrace", "", .refused("not there yet: a debugger would see the host's registers")),
    SystemCall(118, "sched_setparam", "dp", .passed(host: SYS_sched_setparam, .again)),
    SystemCall(119, "sched_setscheduler", "ddp", .passed(host: SYS_sched_setscheduler, .again)),
    SystemCall(120, "sched_getscheduler", "d", .passed(host: SYS_sched_getscheduler, .again)),
    SystemCall(121, "sched_getparam", "dp", .passed(host: SYS_sched_getparam, .again)),
    SystemCall(122, "sched_setaffinity", "dup", .passed(host: SYS_sched_setaffinity, .again)),
    SystemCall(123, "sched_getaffinity", "dup", .passed(host: SYS_sched_getaffinity, .again)),
    SystemCall(124, "sched_yield", "", .passed(host: SYS_sched_yield, .again)),
    SystemCall(125, "sched_get_priority_max", "d", .passed(host: SYS_sched_get_priority_max, .again)),
    SystemCall(126, "sched_get_priority_min", "d", .passed(host: SYS_sched_get_priority_min, .again)),
    SystemCall(127, "sched_rr_get_interval", "dp", .passed(host: SYS_sched_rr_get_interval, .again)),
    SystemCall(128, "restart_syscall", "", .refused("only Linux itself calls it")),
    SystemCall(129, "kill", "dg", .passed(host: SYS_kill, .again)),
    SystemCall(130, "tkill", "dg", .passed(host: SYS_tkill, .again)),
    SystemCall(131, "tgkill", "ddg", .passed(host: SYS_tgkill, .again)),
    SystemCall(132, "sigaltstack", "pp", .emulated(alternateStack)),
    SystemCall(133, "rt_sigsuspend", "pu", .passed(host: SYS_rt_sigsuspend, .never)),
    SystemCall(134, "rt_sigaction", "gppu", .emulated(signalAction)),
    SystemCall(135, "rt_sigprocmask", "dppu", .emulated(signalMask)),
    SystemCall(136, "rt_sigpending", "pu", .passed(host: SYS_rt_sigpending, .again)),
    SystemCall(137, "rt_sigtimedwait", "pppu", .passed(host: SYS_rt_sigtimedwait, .never)),
    SystemCall(138, "rt_sigqueueinfo", "dgp", .passed(host: SYS_rt_sigqueueinfo, .again)),
    SystemCall(139, "rt_sigreturn", "", .emulated(signalReturn)),
    SystemCall(140, "setpriority", "ddd", .passed(host: SYS_setpriority, .again)),
    SystemCall(141, "getpriority", "dd", .passed(host: SYS_getpriority, .again)),
    SystemCall(142, "reboot", "xxxp", .passed(host: SYS_reboot, .again)),
    SystemCall(143, "setregid", "dd", .passed(host: SYS_setregid, .again)),
    SystemCall(144, "setgid", "d", .passed(host: SYS_setgid, .again)),
    SystemCall(145, "setreuid", "dd", .passed(host: SYS_setreuid, .again)),
    SystemCall(146, "setuid", "d", .passed(host: SYS_setuid, .again)),
    SystemCall(147, "setresuid", "ddd", .passed(host: SYS_setresuid, .again)),
    SystemCall(148, "getresuid", "ppp", .passed(host: SYS_getresuid, .again)),
    SystemCall(149, "setresgid", "ddd", .passed(host: SYS_setresgid, .again)),
    SystemCall(150, "getresgid", "ppp", .passed(host: SYS_getresgid, .again)),
    SystemCall(151, "setfsuid", "d", .passed(host: SYS_setfsuid, .again)),
    SystemCall(152, "setfsgid", "d", .passed(host: SYS_setfsgid, .again)),
    SystemCall(153, "times", "p", .passed(host: SYS_times, .again)),
    SystemCall(154, "setpgid", "dd", .passed(host: SYS_setpgid, .again)),
    SystemCall(155, "getpgid", "d", .passed(host: SYS_getpgid, .again)),
    SystemCall(156, "getsid", "d", .passed(host: SYS_getsid, .again)),
    SystemCall(157, "setsid", "", .passed(host: SYS_setsid, .again)),
    SystemCall(158, "getgroups", "dp", .passed(host: SYS_getgroups, .again)),
    SystemCall(159, "setgroups", "dp", .passed(host: SYS_setgroups, .again)),
    SystemCall(160, "uname", "p", .converted(systemName)),
    SystemCall(161, "sethostname", "su", .passed(host: SYS_sethostname, .again)),
    SystemCall(162, "setdomainname", "su", .passed(host: SYS_setdomainname, .again)),
    SystemCall(163, "getrlimit", "dp", .emulated(getLimit)),
    SystemCall(164, "setrlimit", "dp", .emulated(setLimit)),
    SystemCall(165, "getrusage", "dp", .passed(host: SYS_getrusage, .again)),
    SystemCall(166, "umask", "o", .passed(host: SYS_umask, .again)),
    SystemCall(167, "prctl", "dxxxx", .emulated(processControl)),
    SystemCall(168, "getcpu", "ppp", .passed(host: SYS_getcpu, .again)),
    SystemCall(169, "gettimeofday", "pp", .converted(timeOfDay)),
    SystemCall(170, "settimeofday", "pp", .passed(host: SYS_settimeofday, .again)),
    SystemCall(171, "adjtimex", "p", .passed(host: SYS_adjtimex, .again)),
    SystemCall(172, "getpid", "", .passed(host: SYS_getpid, .again)),
    SystemCall(173, "getppid", "", .passed(host: SYS_getppid, .again)),
    SystemCall(174, "getuid", "", .passed(host: SYS_getuid, .again)),
    SystemCall(175, "geteuid", "", .passed(host: SYS_geteuid, .again)),
    SystemCall(176, "getgid", "", .passed(host: SYS_getgid, .again)),
    SystemCall(177, "getegid", "", .passed(host: SYS_getegid, .again)),
    SystemCall(178, "gettid", "", .passed(host: SYS_gettid, .again)),
    SystemCall(179, "sysinfo", "p", .passed(host: SYS_sysinfo, .again)),
    SystemCall(180, "mq_open", "sxop", .passed(host: SYS_mq_open, .again)),
    SystemCall(181, "mq_unlink", "s", .passed(host: SYS_mq_unlink, .again)),
    SystemCall(182, "mq_timedsend", "fpuup", .passed(host: SYS_mq_timedsend, .again)),
    SystemCall(183, "mq_timedreceive", "fpupp", .passed(host: SYS_mq_timedreceive, .again)),
    SystemCall(184, "mq_notify", "fp", .passed(host: SYS_mq_notify, .again)),
    SystemCall(185, "mq_getsetattr", "fpp", .passed(host: SYS_mq_getsetattr, .again)),
    SystemCall(186, "msgget", "xx", .passed(host: SYS_msgget, .again)),
    SystemCall(187, "msgctl", "dxp", .passed(host: SYS_msgctl, .again)),
    SystemCall(188, "msgrcv", "dpudx", .passed(host: SYS_msgrcv, .never)),
    SystemCall(189, "msgsnd", "dpux", .passed(host: SYS_msgsnd, .never)),
    SystemCall(190, "semget", "xdx", .passed(host: SYS_semget, .again)),
    SystemCall(
      191, "semctl", "",
      .refused("not there yet: System V's shared memory has to be placed in the program's addresses")),
    SystemCall(192, "semtimedop", "dpup", .passed(host: SYS_semtimedop, .never)),
    SystemCall(193, "semop", "dpu", .passed(host: SYS_semop, .never)),
    SystemCall(194, "shmget", "xux", .passed(host: SYS_shmget, .again)),
    SystemCall(
      195, "shmctl", "",
      .refused("not there yet: System V's shared memory has to be placed in the program's addresses")),
    SystemCall(
      196, "shmat", "",
      .refused("not there yet: System V's shared memory has to be placed in the program's addresses")),
    SystemCall(
      197, "shmdt", "",
      .refused("not there yet: System V's shared memory has to be placed in the program's addresses")),
    SystemCall(198, "socket", "ddd", .passed(host: SYS_socket, .again)),
    SystemCall(199, "socketpair", "dddp", .passed(host: SYS_socketpair, .again)),
    SystemCall(200, "bind", "fpu", .passed(host: SYS_bind, .again)),
    SystemCall(201, "listen", "fd", .passed(host: SYS_listen, .again)),
    SystemCall(202, "accept", "fpp", .passed(host: SYS_accept, .again)),
    SystemCall(203, "connect", "fpu", .passed(host: SYS_connect, .again)),
    SystemCall(204, "getsockname", "fpp", .passed(host: SYS_getsockname, .again)),
    SystemCall(205, "getpeername", "fpp", .passed(host: SYS_getpeername, .again)),
    SystemCall(206, "sendto", "fpuxpu", .passed(host: SYS_sendto, .again)),
    SystemCall(207, "recvfrom", "fpuxpp", .converted(receiveFrom)),
    SystemCall(208, "setsockopt", "fddpu", .passed(host: SYS_setsockopt, .again)),
    SystemCall(209, "getsockopt", "fddpp", .passed(host: SYS_getsockopt, .again)),
    SystemCall(210, "shutdown", "fd", .passed(host: SYS_shutdown, .again)),
    SystemCall(211, "sendmsg", "fpx", .converted(sendMessage)),
    SystemCall(212, "recvmsg", "fpx", .converted(receiveMessage)),
    SystemCall(213, "readahead", "fdu", .passed(host: SYS_readahead, .again)),
    SystemCall(214, "brk", "x", .emulated(setBreak)),
    SystemCall(215, "munmap", "xu", .emulated(unmap)),
    SystemCall(216, "mremap", "xuuxx", .emulated(remap)),
    SystemCall(217, "add_key", "sspud", .passed(host: SYS_add_key, .again)),
    SystemCall(218, "request_key", "sssd", .passed(host: SYS_request_key, .again)),
    SystemCall(219, "keyctl", "", .refused("not there yet: its operations hold addresses")),
    SystemCall(220, "clone", "xxppp", .emulated(clone)),
    SystemCall(221, "execve", "Ppp", .emulated(execute)),
    SystemCall(222, "mmap", "xuMxfd", .emulated(map)),
    SystemCall(223, "fadvise64", "fddd", .passed(host: SYS_fadvise64, .again)),
    SystemCall(224, "swapon", "Px", .passed(host: SYS_swapon, .again)),
    SystemCall(225, "swapoff", "P", .passed(host: SYS_swapoff, .again)),
    SystemCall(226, "mprotect", "xuM", .emulated(protect)),
    SystemCall(227, "msync", "pux", .passed(host: SYS_msync, .again)),
    SystemCall(228, "mlock", "pu", .passed(host: SYS_mlock, .again)),
    SystemCall(229, "munlock", "pu", .passed(host: SYS_munlock, .again)),
    SystemCall(230, "mlockall", "", .refused("it would lock the emulator's tables; mlock is there")),
    SystemCall(231, "munlockall", "", .passed(host: SYS_munlockall, .again)),
    SystemCall(232, "mincore", "pup", .passed(host: SYS_mincore, .again)),
    SystemCall(233, "madvise", "xud", .emulated(advise)),
    SystemCall(
      234, "remap_file_pages", "", .refused("Linux 6.12 has it no more, or only as a slow emulation")),
    SystemCall(235, "mbind", "puxpux", .passed(host: SYS_mbind, .again)),
    SystemCall(236, "get_mempolicy", "ppupx", .passed(host: SYS_get_mempolicy, .again)),
    SystemCall(237, "set_mempolicy", "xpu", .passed(host: SYS_set_mempolicy, .again)),
    SystemCall(238, "migrate_pages", "dupp", .passed(host: SYS_migrate_pages, .again)),
    SystemCall(239, "move_pages", "", .refused("not there yet: they take lists of addresses")),
    SystemCall(240, "rt_tgsigqueueinfo", "ddgp", .passed(host: SYS_rt_tgsigqueueinfo, .again)),
    SystemCall(241, "perf_event_open", "", .refused("it would count the host's instructions")),
    SystemCall(242, "accept4", "fppx", .passed(host: SYS_accept4, .again)),
    SystemCall(243, "recvmmsg", "fpuxp", .converted(receiveMessages)),
    SystemCall(258, "riscv_hwprobe", "pupux", .emulated(hardwareProbe)),
    SystemCall(259, "riscv_flush_icache", "xxx", .emulated(flushInstructions)),
    SystemCall(260, "wait4", "dpxp", .passed(host: SYS_wait4, .again)),
    SystemCall(261, "prlimit64", "ddpp", .emulated(processLimit)),
    SystemCall(262, "fanotify_init", "xx", .passed(host: SYS_fanotify_init, .again)),
    SystemCall(263, "fanotify_mark", "fxxfP", .passed(host: SYS_fanotify_mark, .again)),
    SystemCall(264, "name_to_handle_at", "fPppx", .passed(host: SYS_name_to_handle_at, .again)),
    SystemCall(265, "open_by_handle_at", "fpx", .passed(host: SYS_open_by_handle_at, .again)),
    SystemCall(266, "clock_adjtime", "dp", .passed(host: SYS_clock_adjtime, .again)),
    SystemCall(267, "syncfs", "f", .passed(host: SYS_syncfs, .again)),
    SystemCall(268, "setns", "fx", .passed(host: SYS_setns, .again)),
    SystemCall(269, "sendmmsg", "fpux", .converted(sendMessages)),
    SystemCall(270, "process_vm_readv", "", .refused("not there yet: they take lists of addresses")),
    SystemCall(271, "process_vm_writev", "", .refused("not there yet: they take lists of addresses")),
    SystemCall(272, "kcmp", "dddxx", .passed(host: SYS_kcmp, .again)),
    SystemCall(273, "finit_module", "", .refused("code for the host's kernel is not RISC-V's")),
    SystemCall(274, "sched_setattr", "dpx", .passed(host: SYS_sched_setattr, .again)),
    SystemCall(275, "sched_getattr", "dpux", .passed(host: SYS_sched_getattr, .again)),
    SystemCall(276, "renameat2", "fPfPx", .passed(host: SYS_renameat2, .again)),
    SystemCall(277, "seccomp", "", .refused("a filter would see the host's system calls")),
    SystemCall(278, "getrandom", "pux", .passed(host: SYS_getrandom, .again)),
    SystemCall(279, "memfd_create", "sx", .passed(host: SYS_memfd_create, .again)),
    SystemCall(280, "bpf", "", .refused("code for the host's kernel is not RISC-V's")),
    SystemCall(281, "execveat", "fPppx", .emulated(executeAt)),
    SystemCall(282, "userfaultfd", "", .refused("not there: they concern the host's own mappings")),
    SystemCall(283, "membarrier", "xxd", .passed(host: SYS_membarrier, .again)),
    SystemCall(284, "mlock2", "pux", .passed(host: SYS_mlock2, .again)),
    SystemCall(285, "copy_file_range", "fpfpux", .passed(host: SYS_copy_file_range, .again)),
    SystemCall(286, "preadv2", "fpudux", .converted(readVectorAt2)),
    SystemCall(287, "pwritev2", "fpudux", .converted(writeVectorAt2)),
    SystemCall(288, "pkey_mprotect", "", .refused("RISC-V has no protection keys")),
    SystemCall(289, "pkey_alloc", "", .refused("RISC-V has no protection keys")),
    SystemCall(290, "pkey_free", "", .refused("RISC-V has no protection keys")),
    SystemCall(291, "statx", "fPxxp", .converted(extendedStatus)),
    SystemCall(
      292, "io_pgetevents", "",
      .refused("not there yet: requests hold addresses; programs fall back to threads")),
    SystemCall(
      293, "rseq", "",
      .declined("not there: it would have to know when the host moves threads; the C library does without")),
    SystemCall(294, "kexec_file_load", "", .refused("code for the host's kernel is not RISC-V's")),
    SystemCall(424, "pidfd_send_signal", "fgpx", .passed(host: SYS_pidfd_send_signal, .again)),
    SystemCall(
      425, "io_uring_setup", "",
      .refused("not there yet: its rings hold addresses; programs fall back to epoll")),
    SystemCall(
      426, "io_uring_enter", "",
      .refused("not there yet: its rings hold addresses; programs fall back to epoll")),
    SystemCall(
      427, "io_uring_register", "",
      .refused("not there yet: its rings hold addresses; programs fall back to epoll")),
    SystemCall(428, "open_tree", "fPx", .passed(host: SYS_open_tree, .again)),
    SystemCall(429, "move_mount", "fPfPx", .passed(host: SYS_move_mount, .again)),
    SystemCall(430, "fsopen", "sx", .passed(host: SYS_fsopen, .again)),
    SystemCall(431, "fsconfig", "fxspd", .passed(host: SYS_fsconfig, .again)),
    SystemCall(432, "fsmount", "fxx", .passed(host: SYS_fsmount, .again)),
    SystemCall(433, "fspick", "fPx", .passed(host: SYS_fspick, .again)),
    SystemCall(434, "pidfd_open", "dx", .passed(host: SYS_pidfd_open, .again)),
    SystemCall(435, "clone3", "pu", .emulated(clone3)),
    SystemCall(436, "close_range", "uux", .passed(host: SYS_close_range, .again)),
    SystemCall(437, "openat2", "fPpu", .converted(openAt2)),
    SystemCall(438, "pidfd_getfd", "ffx", .passed(host: SYS_pidfd_getfd, .again)),
    SystemCall(439, "faccessat2", "fPox", .passed(host: SYS_faccessat2, .again)),
    SystemCall(440, "process_madvise", "", .refused("not there yet: they take lists of addresses")),
    SystemCall(441, "epoll_pwait2", "fpdppu", .converted(epollWait2)),
    SystemCall(442, "mount_setattr", "fPxpu", .passed(host: SYS_mount_setattr, .again)),
    SystemCall(443, "quotactl_fd", "fxdp", .passed(host: SYS_quotactl_fd, .again)),
    SystemCall(444, "landlock_create_ruleset", "pux", .passed(host: SYS_landlock_create_ruleset, .again)),
    SystemCall(445, "landlock_add_rule", "fxpx", .passed(host: SYS_landlock_add_rule, .again)),
    SystemCall(446, "landlock_restrict_self", "fx", .passed(host: SYS_landlock_restrict_self, .again)),
    SystemCall(447, "memfd_secret", "", .refused("not there: they concern the host's own mappings")),
    SystemCall(448, "process_mrelease", "fx", .passed(host: SYS_process_mrelease, .again)),
    SystemCall(449, "futex_waitv", "", .refused("not there yet: they take lists of addresses")),
    SystemCall(450, "set_mempolicy_home_node", "puux", .passed(host: SYS_set_mempolicy_home_node, .again)),
    SystemCall(451, "cachestat", "fppx", .passed(host: 451, .again)),
    SystemCall(452, "fchmodat2", "fPox", .passed(host: 452, .again)),
    SystemCall(453, "map_shadow_stack", "", .refused("not there: they concern the host's own mappings")),
    SystemCall(454, "futex_wake", "pxdx", .passed(host: 454, .again)),
    SystemCall(455, "futex_wait", "pxxxpd", .passed(host: 455, .again)),
    SystemCall(456, "futex_requeue", "", .refused("not there yet: they take lists of addresses")),
    SystemCall(457, "statmount", "ppux", .passed(host: 457, .again)),
    SystemCall(458, "listmount", "ppux", .passed(host: 458, .again)),
    SystemCall(459, "lsm_get_self_attr", "xppx", .passed(host: 459, .again)),
    SystemCall(460, "lsm_set_self_attr", "xpux", .passed(host: 460, .again)),
    SystemCall(461, "lsm_list_modules", "ppx", .passed(host: 461, .again)),
    SystemCall(462, "mseal", "", .refused("not there yet")),
  ]

  package static let returnFromSignal: UInt64 = 139

  /// By number.
  private static let byNumber: [SystemCall?] = {
    var calls = [SystemCall?](repeating: nil, count: (table.map(\.number).max() ?? 0) + 1)
    for call in table { calls[call.number] = call }
    return calls
  }()

  package static func call(_ number: UInt64) -> SystemCall? {
    number < UInt64(byNumber.count) ? byNumber[Int(number)] : nil
  }

  /// A row of those that the host does, as far as doing them needs it.
  struct Passed {
    /// The host's number; -1 where something else is to be done.
    var host: Int32 = -1
    /// Arguments that are addresses, by bit, and those among them that are paths.
    var addresses: UInt8 = 0
    var paths: UInt8 = 0
    var mayRestart = false
  }

  /// Without rows that count references: by number.
  nonisolated(unsafe) private static let passedByNumber: UnsafePointer<Passed> = {
    let rows = UnsafeMutablePointer<Passed>.allocate(capacity: byNumber.count)
    rows.initialize(repeating: Passed(), count: byNumber.count)
    for case .some(let call) in byNumber {
      guard case .passed(let host, let restart) = call.treatment else { continue }
      var row = Passed(host: host, mayRestart: restart == .again)
      for (i, argument) in call.arguments.enumerated() {
        if argument.isAddress { row.addresses |= 1 << i }
        if argument == .path { row.paths |= 1 << i }
      }
      rows[call.number] = row
    }
    return UnsafePointer(rows)
  }()
  private static let passedCount = UInt64(byNumber.count)

  static func passed(_ number: UInt64) -> Passed {
    number < passedCount ? passedByNumber[Int(number)] : Passed()
  }

  /// Calls that are done here and give EINTR whatever a handler's flags say (signal(7)).
  private static let neverAgain: Set<String> = ["epoll_pwait", "epoll_pwait2", "pselect6", "ppoll"]

  /// Whether SA_RESTART lets a call that was interrupted go on.
  static func mayRestart(_ call: SystemCall, _ arguments: SystemCall.Arguments) -> Bool {
    switch call.treatment {
    case .passed(_, let restart): return restart == .again
    default:
      // A wait with a limit is not begun again, or it would never end.
      if call.name == "futex" { return arguments[3] == 0 || !Futex.takesTimeout(arguments.int(1)) }
      return !neverAgain.contains(call.name)
    }
  }
}
