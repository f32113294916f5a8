# The front door: `make help` lists what there is. Everything else is in Scripts/.

# The configuration to build: release or debug.
CONFIG ?= release
# Where `make install` puts things; DESTDIR is put before it, for packagers.
PREFIX ?= /usr/local
DESTDIR ?=
# 1: also link the programs under QEMU's names.
QEMU_NAMES ?=
# 1: also have this system run RISC-V programs by apus-riscv64 (binfmt_misc).
BINFMT ?=
# Options of the benchmarks, e.g. BENCH="--quick --only linux".
BENCH ?=
# Where Debian's packages are kept that tests and demo fetch.
APUS_CACHE ?= $(if $(XDG_CACHE_HOME),$(XDG_CACHE_HOME),$(HOME)/.cache)/apus
export APUS_CACHE

SWIFT_BUILD = swift build -c $(CONFIG)
step = @printf '\n==> %s\n' '$(1)'

.DEFAULT_GOAL := build
.NOTPARALLEL:
.PHONY: help demo build test lint format bench install uninstall clean dependencies test-dependencies

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 18
	@printf '\nVariables: CONFIG=%s PREFIX=%s DESTDIR=%s QEMU_NAMES=%s\n' '$(CONFIG)' '$(PREFIX)' '$(DESTDIR)' '$(QEMU_NAMES)'

demo: ## install what is missing, build, fetch Linux and boot it to a shell
	@Scripts/demo

build: dependencies ## build the programs
	$(call step,building ($(CONFIG)))
	$(SWIFT_BUILD) --product apus-system-riscv64
	$(SWIFT_BUILD) --product apus-system-riscv32
	$(SWIFT_BUILD) --product apus-riscv64

test: test-dependencies lint ## install what is missing, check the format, build, run every test
	$(call step,building the program and its tests (release; minutes from scratch))
	Scripts/test --build-only
	$(call step,fetching the guests that the tests boot)
	Scripts/fetch-linux
	Scripts/fetch-firmware
	$(call step,running the tests)
	Scripts/test

lint: ## check format and shell scripts
	$(call step,checking the format)
	Scripts/lint

format: ## format every Swift file
	Scripts/format

bench: ## measure Apus and this machine's QEMU against the bars; BENCH="--quick" and the like
	$(call step,building and measuring (docs/benchmarks.md explains the figures))
	Benchmarks/run $(BENCH)

install: dependencies ## install below PREFIX; QEMU_NAMES=1 also links QEMU's names, BINFMT=1 has RISC-V programs run
	Scripts/install "$(DESTDIR)" "$(PREFIX)" $(if $(filter 1 yes on,$(QEMU_NAMES)),--qemu-names) $(if $(filter 1 yes on,$(BINFMT)),--binfmt)

uninstall: ## remove what `make install` with the same variables installed
	Scripts/install --remove "$(DESTDIR)" "$(PREFIX)"

clean: ## remove everything that was built (not the package cache)
	rm -rf .build

dependencies:
	$(call step,checking that what the build needs is installed)
	Scripts/install-dependencies run

test-dependencies:
	$(call step,checking that what the tests need is installed)
	Scripts/install-dependencies test
