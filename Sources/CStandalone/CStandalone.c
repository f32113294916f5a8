// Swift's runtime looks for its own folder before main, to find the program that prints backtraces, and ends the
// process where /proc is not mounted: in a chroot or an initramfs, where this program is to work. The functions that look
// are defined here instead, before the linker finds the runtime's in its archive; they have found nothing. (A Swift
// definition could not have these C names and be there before Swift is.)
#include "CStandalone.h"

#include <stddef.h>

const char *swift_getRootPath(void);
const char *swift_getRuntimeLibraryPath(void);
const char *swift_copyAuxiliaryExecutablePath(const char *kind, const char *name);

const char *swift_getRootPath(void) { return NULL; }
const char *swift_getRuntimeLibraryPath(void) { return NULL; }
const char *swift_copyAuxiliaryExecutablePath(const char *kind, const char *name) { return NULL; }

static char **arguments;

__attribute__((constructor)) static void keep_arguments(int count, char **strings) { arguments = strings; }

char **standalone_arguments(void) { return arguments; }
