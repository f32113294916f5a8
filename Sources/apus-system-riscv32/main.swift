import Glibc
import SystemEmulator

exit(Program.run(CommandLine.arguments, target: .riscv32))
