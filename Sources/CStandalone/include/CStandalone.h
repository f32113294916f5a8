// What a statically linked Swift program needs to start where nothing is mounted. Linked into apus-riscv64 alone.
#pragma once

/// main's argument strings, the program's own name first, then NULL. (Swift's `CommandLine` reads /proc.)
char *_Nullable *_Nonnull standalone_arguments(void);
