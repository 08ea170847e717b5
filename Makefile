# hpo: programs for hyperparameter optimisation over a directory of files.
#
# For GNU make.  Everything made lies under build/.  A new source, test, manual
# or lint is found by its place: adding a file edits nothing here.  PREFIX,
# DESTDIR, CC, CFLAGS, CPPFLAGS, LDFLAGS and LDLIBS are respected; WERROR=1
# makes warnings errors, V=1 shows the commands, BUILD=dir builds elsewhere.

VERSION := $(shell cat VERSION)
PREFIX ?= /usr/local
BUILD ?= build
CFLAGS ?= -O2 -g -fstack-protector-strong -D_FORTIFY_SOURCE=2
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wwrite-strings \
	-Wpointer-arith -Wcast-qual -Wformat=2 -Wundef -Wvla -Wconversion \
	-Wsign-conversion -Wdouble-promotion -Wfloat-equal -Wnull-dereference \
	-Wimplicit-fallthrough $(if $(WERROR),-Werror)
LUA ?= lua5.4
LUA_CFLAGS := $(shell pkg-config --cflags $(LUA) 2>/dev/null || \
	echo -I/usr/include/$(LUA))
# Of libarchive the programs use one format and three filters, yet as a shared
# library it brings libxml2 and ICU along, which costs 1.5 ms at every start:
# it is linked statically where it can be, and pruned to what is used.
static = $(foreach l,$1,$(or $(wildcard $(shell $(CC) \
	-print-file-name=lib$l.a)),-l$l))
ARCHIVE := $(call static,archive lzma zstd)
LIBS = -linih -ljansson $(LDLIBS) -l$(LUA) $(ARCHIVE) -lz -lm

# No contraction: a proposal is the same on every host.
compile = $(CC) -std=c11 -D_XOPEN_SOURCE=700 -Ilib $(LUA_CFLAGS) $(CPPFLAGS) \
	$(WARN) $1 -ffp-contract=off
COMPILE = $(call compile,$(CFLAGS))
LINK = $(CC) $(CFLAGS) $(LDFLAGS) -Wl,--as-needed -Wl,--gc-sections
OWN = $(if $(filter lib/base/opt.c,$<),-DHPO_VERSION='"$(VERSION)"') \
	$(if $(filter tests/fault/%,$<),-fPIC -fno-sanitize=all)

LIB_SRC := $(wildcard lib/*/*.c)
TOOL_SRC := $(wildcard tools/hpo-*.c)
UNIT_SRC := $(wildcard tests/unit/t_*.c)
BENCH_SRC := $(wildcard tests/bench/*.c)
E2E_SRC := $(wildcard tests/e2e/*.c) tests/fault/inject.c
SHIM_SRC := $(filter-out $(E2E_SRC),$(wildcard tests/fault/*.c))
MODEL_SRC := $(wildcard tests/model/*.c)
FUZZ_SRC := $(wildcard tests/fuzz/f_*.c)
SOURCES := $(LIB_SRC) $(TOOL_SRC) $(UNIT_SRC) $(BENCH_SRC) $(SHIM_SRC) \
	$(E2E_SRC) $(MODEL_SRC) $(FUZZ_SRC) tests/fuzz/replay.c
HEADERS := $(wildcard lib/*/*.h tests/*/*.h)
MAN := $(wildcard man/*.[157])
BATS := $(wildcard tests/*.bats tests/*/*.bats)
LINT := $(wildcard tests/lint/*.sh)

LIB := $(BUILD)/libhpo.a
NAMES := $(TOOL_SRC:tools/%.c=%)
TOOLS := $(NAMES:%=$(BUILD)/bin/%)
UNIT := $(UNIT_SRC:tests/%.c=$(BUILD)/%)
BENCH := $(BENCH_SRC:tests/%.c=$(BUILD)/%)
SHIMS := $(SHIM_SRC:tests/%.c=$(BUILD)/%.so)
E2E := $(E2E_SRC:tests/%.c=$(BUILD)/%)
MODEL := $(BUILD)/model/model
FUZZ := $(FUZZ_SRC:tests/fuzz/f_%.c=$(BUILD)/fuzz/%)
FUZZ_LIB := $(patsubst %.c,$(BUILD)/fuzz/obj/%.o,\
	$(filter lib/base/% lib/form/% lib/queue/name.c,$(LIB_SRC)))
# `make fuzz` puts the fuzzer in the place of the program that replays.
FUZZ_MAIN = $(BUILD)/fuzz/obj/tests/fuzz/replay.o
FUZZ_FLAGS = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
SHARE := $(BUILD)/share/hpo \
	$(foreach s,1 5 7,$(patsubst man/%,$(BUILD)/share/man/man$s/%,\
	$(filter %.$s,$(MAN)))) \
	$(NAMES:%=$(BUILD)/share/bash-completion/completions/%) \
	$(NAMES:%=$(BUILD)/share/zsh/site-functions/_%)

Q = $(if $(V),,@)
SAY = $(if $(V),@:,@printf '%7s %s\n')
# In parallel, unless the caller said how.
SUB = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$$(nproc))
RUN = HPO_TEST_BIN='$(or $(HPO_TEST_BIN),$(abspath $(BUILD))/bin)' tests/lib/run
PACK = tar -cz --sort=name --owner=0 --group=0 --numeric-owner --mode=u+w,go=rX
BIN_NAME := hpo-$(VERSION)-linux-$(shell uname -m)

all: $(TOOLS) $(SHARE) ## build the programs into build/bin (the default)
tests: all $(UNIT) $(SHIMS) $(E2E) $(MODEL) fuzzers
everything: tests $(BENCH)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-zA-Z-]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' \
	    $(firstword $(MAKEFILE_LIST))

# --- building ---------------------------------------------------------------

# Objects are made again when the commands change, the library when a source
# comes or goes.
$(BUILD)/commands $(BUILD)/members: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ',,$($(@F)))' | cmp -s - $@ || \
	    echo '$(subst ',,$($(@F)))' >$@
commands = $(VERSION) $(COMPILE) $(LINK) $(LIBS)
members = $(LIB_SRC)

$(BUILD)/obj/%.o: %.c $(BUILD)/commands
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(COMPILE) $(OWN) -MMD -MP -c -o $@ $<

$(LIB): $(LIB_SRC:%.c=$(BUILD)/obj/%.o) $(BUILD)/members
	$(SAY) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(TOOLS): $(BUILD)/bin/%: $(BUILD)/obj/tools/%.o
$(UNIT) $(BENCH) $(E2E): $(BUILD)/%: $(BUILD)/obj/tests/%.o
$(TOOLS) $(UNIT) $(BENCH) $(E2E): $(LIB)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIB) $(LIBS)

$(MODEL): $(MODEL_SRC:%.c=$(BUILD)/obj/%.o)
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(LINK) -o $@ $^

$(SHIMS): $(BUILD)/%.so: $(BUILD)/obj/tests/%.o
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) -shared $(CFLAGS) -fno-sanitize=all -o $@ $< -ldl

# Where there are no sanitizers, there are no fuzz targets.
fuzzers:
	@mkdir -p $(BUILD)/fuzz
	+@echo 'int main(void) { return 0; }' | $(CC) $(FUZZ_FLAGS) -x c \
	    -o $(BUILD)/fuzz/probe - 2>/dev/null || exit 0; $(SUB) $(FUZZ)

$(BUILD)/fuzz/obj/%.o: %.c $(BUILD)/commands
	@mkdir -p $(@D)
	$(SAY) FUZZ $<
	$(Q)$(call compile,$(FUZZ_FLAGS)) $(OWN) -MMD -MP -c -o $@ $<

$(FUZZ): $(BUILD)/fuzz/%: $(BUILD)/fuzz/obj/tests/fuzz/f_%.o
$(FUZZ): $(FUZZ_MAIN) $(FUZZ_LIB)
	$(SAY) LINK $@
	$(Q)$(CC) $(FUZZ_FLAGS) $(FUZZ_LINK) -Wl,--as-needed -Wl,--gc-sections \
	    -o $@ $(filter %.o,$^) $(LIBS)

# build/ has the layout of an installation.
$(BUILD)/share/hpo:
	@mkdir -p $(@D) && ln -sfn '$(CURDIR)/share' $@

$(foreach s,1 5 7,$(eval $(BUILD)/share/man/man$s/%: man/% ; \
	@install -D -m 644 $$< $$@))

GENERATE := share/completions/generate
$(BUILD)/share/bash-completion/completions/%: $(BUILD)/bin/% $(GENERATE)
	@mkdir -p $(@D) && $(GENERATE) bash $< >$@
$(BUILD)/share/zsh/site-functions/_%: $(BUILD)/bin/% $(GENERATE)
	@mkdir -p $(@D) && $(GENERATE) zsh $< >$@

man: all ## make build/html of the manuals; build/share/man is for man -M
	@mkdir -p $(BUILD)/html
	@for f in $(MAN); do mandoc -T html -O man=%N.%S.html $$f \
	    >$(BUILD)/html/$${f#man/}.html || exit; done

README: ## make the first screen of README.md from hpo(7)
	@mkdir -p build && tests/lib/readme man/hpo.7 README.md >build/README.md
	@cmp -s build/README.md README.md || cp build/README.md README.md

# --- trying -----------------------------------------------------------------

deps: ## install what is missing to build, run, check and lint
	@tests/lib/deps

demo: ## tune a neural network on this machine, show what was found
	@tests/lib/deps build run
	+@$(SUB) all
	@mkdir -p build/demo && cp -R share/examples/mlp build/demo
	@$(MAKE) --no-print-directory -C build/demo/mlp
	build/bin/hpo-dispatch --local build/demo/mlp
	build/bin/hpo-report build/demo/mlp

check: ## run the tests that take a minute or two
check-all: ## run all tests: also those tagged slow, fault, slurm
check check-all:
	@tests/lib/deps build run check
	+@$(SUB) tests
	@rm -f $(BUILD)/matrix
	@HPO_MATRIX='$(abspath $(BUILD))/matrix' \
	    $(RUN) $(if $(filter %-all,$@),-a) -o $(BUILD)/test $(UNIT) $(BATS)

matrix: ## put what the last check-all injected into hpo-queue(7) and README.md
	@for f in man/hpo-queue.7 README.md; do \
	    tests/lib/matrix $(BUILD)/matrix $$f >$(BUILD)/matrix.new || exit; \
	    cmp -s $(BUILD)/matrix.new $$f || cp $(BUILD)/matrix.new $$f; done

lint: ## check the rules of the house, each a program in tests/lint
	@tests/lib/deps build lint
	+@$(SUB) everything
	@$(RUN) -o build/lint $(LINT)

fmt: ## lay out the C sources
	$(or $(shell command -v clang-format-14),clang-format) -i $(SOURCES) $(HEADERS)

tidy: $(SOURCES:%=$(BUILD)/tidy/%.ok)
$(BUILD)/tidy/%.ok: % .clang-tidy $(HEADERS)
	@mkdir -p $(@D)
	@clang-tidy --quiet $< -- $(filter-out -W%,$(COMPILE:$(CC)%=%)) $(OWN) \
	    2>$@.tmp || { grep -v 'warnings generated' $@.tmp; exit 1; }
	@mv $@.tmp $@

san: ## make check with the address and undefined behaviour sanitizers
valgrind: ## make check under valgrind
cov: ## make check, and say which share of the lines it ran
san valgrind cov:
	+@tests/lib/variant $@ $(SUB) BUILD=build/$@ WARN=-w check

fuzz: ## look for what breaks a parser, FUZZ_SECONDS long or until ^C
	@tests/lib/deps build fuzz
	+@$(SUB) BUILD=build/libfuzzer CC=clang FUZZ_MAIN= \
	    FUZZ_FLAGS='$(FUZZ_FLAGS) -fsanitize=fuzzer-no-link' \
	    FUZZ_LINK=-fsanitize=fuzzer fuzzers
	@tests/fuzz/go build/libfuzzer/fuzz $(FUZZ_SECONDS)

bench: everything static ## measure
	@BUILD=$(BUILD) HPO_STATIC_BIN='$(abspath build/static/bin)' \
	    tests/bench/run

# --- giving away ------------------------------------------------------------

static: ## build programs that need no library into build/static/bin
	+@$(SUB) BUILD=build/static LDFLAGS='-static $(LDFLAGS)' all
	@for f in build/static/bin/*; do ! readelf -lW $$f | grep INTERP || exit; done

install: all ## install programs, manuals, completions and examples
uninstall: all ## remove them
install uninstall:
	@tests/lib/install $(if $(filter u%,$@),-u) $(BUILD) '$(DESTDIR)$(PREFIX)'

dist: ## pack the sources into build/hpo-VERSION.tar.gz
	@mkdir -p build
	@tests/lib/files | $(PACK) --transform='s|^|hpo-$(VERSION)/|' -T - \
	    -f build/hpo-$(VERSION).tar.gz

dist-bin: static ## pack those into build/hpo-VERSION-linux-ARCH.tar.gz
	@rm -rf build/dist-bin
	@tests/lib/install build/static build/dist-bin/$(BIN_NAME)
	@strip build/dist-bin/$(BIN_NAME)/bin/*
	@cp README.md LICENSE build/dist-bin/$(BIN_NAME)
	@$(PACK) -C build/dist-bin -f build/$(BIN_NAME).tar.gz $(BIN_NAME)

distcheck: dist ## unpack the sources; build, check, install, uninstall
	@tests/lib/distcheck build/hpo-$(VERSION).tar.gz

clean: ## remove build/
	rm -rf build

-include $(SOURCES:%.c=$(BUILD)/obj/%.d)
-include $(FUZZ_LIB:%.o=%.d) $(FUZZ_SRC:%.c=$(BUILD)/fuzz/obj/%.d)
.PHONY: all tests everything help man matrix README deps demo check check-all \
	lint fmt tidy fuzzers fuzz san valgrind cov bench static install \
	uninstall dist dist-bin distcheck clean FORCE
.SECONDARY:
.DELETE_ON_ERROR:
