# SPDX-License-Identifier: MIT
# ggen: one Makefile, no recursion into folders. `make help` lists the targets.

#  0: without the peer-to-peer network, in a build directory of its own.
P2P     ?= 1
B       ?= $(if $(filter 0,$(P2P)),build/nop2p,build)
CC      ?= gcc
CXX     ?= g++
VERSION := 0.1.0
RELEASED := 2026-11-20

# ---- what the project needs on a fresh Debian 12 -------------------------------------------------
PACKAGES := build-essential pkg-config protobuf-c-compiler libprotobuf-c-dev libczmq-dev \
    libzmq3-dev libsodium-dev libssl-dev libarchive-dev libsqlite3-dev libsolv-dev libjansson-dev \
    libsmartcols-dev libtomlplusplus-dev libcmocka-dev libunistring-dev zlib1g-dev libzstd-dev libmicrohttpd-dev \
    libcurl4-openssl-dev \
    protobuf-compiler python3 python3-zmq python3-protobuf git binutils minisign
PACKAGES_san      := clang libclang-rt-14-dev
PACKAGES_style    := clang binutils
PACKAGES_coverage := gcovr
#  Percent of the lines of actors, messages and runtime that tests have to run (coverage-check).
COVERED_MIN := 85
PACKAGES_report   := gnuplot-nox

# ---- flags ----------------------------------------------------------------------------------------
WARN     := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
OPT      ?= -O2 -g
MODE     ?=
CPPFLAGS := -D_GNU_SOURCE -DGGEN_VERSION='"$(VERSION)"' -DGGEN_RELEASED='"$(RELEASED)"' -I. -Imessages -I$(B)/gen -I$(B)/pb \
    $(if $(MODE),-DGGEN_INSTRUMENTED)
CFLAGS   := -std=c11 $(OPT) $(WARN) -fstack-protector-strong $(MODE)
CXXFLAGS := -std=c++17 $(OPT) -Wall -Wextra -Werror $(MODE)
LDFLAGS  := $(MODE) -Wl,--as-needed
# Linked; archive and sqlite3 are heavy, and loaded on first use by runtime/host/dl.c.
LIBS     := -lczmq -lzmq -lsodium -lcrypto -lprotobuf-c -ljansson -lsmartcols -lsolv -lunistring -lz -lzstd \
    -lstdc++ -ldl -lpthread -lm
#  To load all these, and the thirty that they load, takes each command some 5 ms. Where their archives are
#  there, most are linked in (LINKED_IN= does without); libcrypto stays shared, as the one that is mended most.
#  It and libsolv are loaded when they are first called (runtime/host/late.h).
#  What libzmq and CZMQ want of Kerberos, NORM, PGM and systemd is never used (runtime/host/absent.c).
LINKED_IN ?= $(if $(MODE),,$(filter /%,$(foreach l,czmq zmq bsd sqlite3,$(shell $(CC) -print-file-name=lib$(l).a))))
LIBS_linked_in = -Wl,-Bstatic -lczmq -lzmq -lsodium -lprotobuf-c -ljansson -lunistring -luuid -lbsd -lmd -lz -lzstd \
    -Wl,-u,sqlite3_open_v2 -lsqlite3 -lstdc++ -Wl,-Bdynamic -static-libgcc -lsmartcols -ldl -lpthread -lm
#  Relocations in a tenth of the bytes, where the linker knows how.
PACKED = $(shell $(CC) -Wl,--help 2>/dev/null | sed -nE 's/.*-z (pack-relative-relocs).*/-Wl,-z,\1/p')
ABSENT = $(shell nm -u $(LINKED_IN) 2>/dev/null | sort -u | sed -nE \
    -e 's/^ *U (pgm_(init|shutdown))$$/\1=absent_ready/p;t' -e 's/^ *U ((gss_|GSS_C|Norm|NORM|pgm_|sd_).*)/\1=absent/p')
LIBS_pure := -lprotobuf-c -ljansson -lsolv -lsodium -lcrypto -lunistring -lz -lzstd -lm

# ---- sources --------------------------------------------------------------------------------------
PROTOS := $(wildcard messages/*.proto)
PB     := $(patsubst messages/%.proto,$(B)/pb/%.pb-c.c,$(PROTOS))
PBOBJ  := $(PB:.c=.o)
DL     := $(patsubst runtime/host/%.dl,%,$(wildcard runtime/host/*.dl))
GEN    := $(B)/gen/code.h $(B)/gen/vocabulary.c $(DL:%=$(B)/gen/%_dl.h)
#  What is of the network, or only for it; actors/network_absent.c stands in its place.
NETWORK := $(wildcard actors/swarm/*.c actors/dht/*.c actors/gossip/*.c actors/reputation/*.c \
    actors/transfer/*.c actors/bulk/*.c actors/network.c actors/registry/registry_p2p.c actors/registry/p2p_*.c \
    actors/registry/discovered.c actors/registry/outbox*.c)
LEFT_OUT := $(if $(filter 0,$(P2P)),$(NETWORK),actors/network_absent.c)
IO     := $(filter-out $(LEFT_OUT),$(wildcard actors/*/*_io.c))
PURE   := $(wildcard messages/*.c runtime/actor/*.c) \
    $(filter-out $(IO) $(LEFT_OUT),$(wildcard actors/*/*.c))
#  Only where libraries are linked in.
LATE   := $(wildcard runtime/host/late*.c)
HOST   := $(filter-out $(LEFT_OUT) $(LATE),$(wildcard runtime/host/*.c actors/*.c config/*.c)) $(IO)
CLI    := $(filter-out cli/main.c,$(wildcard cli/*.c))
comma  := ,
obj     = $(patsubst %,$(B)/obj/%.o,$(basename $(1)))
PUREOBJ := $(call obj,$(PURE)) $(PBOBJ) $(B)/gen/vocabulary.o
HOSTOBJ := $(call obj,$(HOST)) $(DL:%=$(B)/gen/%_dl.o) $(call obj,$(wildcard config/*.cc))
CLIOBJ  := $(call obj,$(CLI))
UNIT   := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/unit/*.c tests/contract/*.c))
SIM    := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/sim/*.c))
SIMLIB := $(call obj,$(wildcard tests/sim/lib/*.c))
SIMBIN := $(call obj,$(wildcard tests/sim/program/*.c))
HARNESS := $(call obj,$(wildcard tests/harness/*.c))
SHARED := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/shared/*.c))
FUZZ   := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/fuzz/*.c))
FUZZLIB := $(call obj,$(wildcard tests/fuzz/lib/*.c))
BENCH  := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/bench/*.c))
GGEN_SIM := $(B)/ggen-sim
GGEN_HARNESS := $(B)/ggen-harness $(B)/ggen-liar

ifeq ($(P2P),0)
#  Tests of what is left out.
of_network = $(foreach name,$(1),$(B)/tests/$(name))
UNIT := $(filter-out $(call of_network,unit/swarm_% unit/dht_% unit/gossip_% unit/reputation_% \
    unit/transfer_% unit/registry_p2p_% unit/link_test unit/identity_test unit/bulk_% unit/beacon_test unit/names_test \
    unit/peer_clocks_test \
    unit/idle_test contract/registry_contract),$(UNIT))
SIM  := $(filter-out $(call of_network,sim/script sim/swarm sim/transfer \
    sim/transfer_market),$(SIM))
FUZZ := $(filter-out $(call of_network,fuzz/bulk fuzz/dht fuzz/gossip fuzz/lan fuzz/registry_p2p fuzz/reputation \
    fuzz/swarm fuzz/transfer),$(FUZZ))
BENCH := $(filter-out $(call of_network,bench/net bench/hostile),$(BENCH))
GGEN_SIM :=
GGEN_HARNESS :=
else
$(call obj,cli/version.c): CPPFLAGS += -DGGEN_P2P
endif

CSRC   := $(filter %.c,$(PURE) $(HOST)) $(LATE) $(CLI) $(wildcard cli/main.c tests/*/*.c tests/*/*/*.c)

.PHONY: all deps demo harness cluster sim sim-soak sim-report check check-nop2p tests crash check-shared san fuzz fuzzers \
    tsan style syntax coverage coverage-check bench-bus bench-local bench-net \
    bench-hostile bench-memory help clean man completions install dist
.DELETE_ON_ERROR:
.SECONDARY:

all: $(B)/ggen                  ## build build/ggen
	@:

deps:                           ## install the Debian packages that are missing (apt, root or sudo)
	@./config/deps.sh $(PACKAGES)

demo: deps                      ## install what is missing, build, publish-search-install-verify in a temporary home
	@$(MAKE) --no-print-directory all
	@./tests/demo.sh $(B)/ggen

check: deps                     ## install what is missing, build, run every test, print one summary line
	@$(MAKE) --no-print-directory tests
	@python3 tests/run.py --build $(B) $(if $(ONLY),--only $(ONLY)) $(if $(MODE),--timeout 600)

tests: all $(UNIT) $(SIM) $(GGEN_SIM) $(GGEN_HARNESS) $(FUZZ) $(B)/tests/crash/shim.so

crash: all $(B)/tests/crash/shim.so ## every crash, fault and power-loss point of every operation (half an hour)
	@python3 tests/crash/crash.py --build $(B) $(if $(ONLY),--only "$(ONLY)") $(CRASH)

check-shared:                   ## conformance against the data in ../shared
	@if [ -d ../shared/data ]; then \
	    $(MAKE) --no-print-directory all $(SHARED) $(GGEN_HARNESS) && \
	    python3 tests/run.py --build $(B) --shared ../shared/data --timeout 600; \
	else \
	    echo "check-shared: ../shared/data is ABSENT: the conformance suites were NOT run"; \
	fi

check-nop2p:                    ## build without the peer-to-peer network and run the tests of what is left
	@$(MAKE) --no-print-directory P2P=0 B=build/nop2p check

san:                            ## every test under AddressSanitizer, UBSan and LeakSanitizer
	@./config/deps.sh $(PACKAGES) $(PACKAGES_san)
	@$(MAKE) --no-print-directory B=$(B)/san CC=clang CXX=clang++ OPT="-O1 -g" \
	    MODE="-fsanitize=address,undefined -fno-sanitize=vptr,function -fno-sanitize-recover=undefined -fno-omit-frame-pointer" check

NODES    ?=
SEED     ?= 1
MINUTES  ?=
SCENARIO ?= join
sim: $(B)/ggen-sim              ## run a scenario (SCENARIO=join SEED=1; NODES= and MINUTES= where the file says otherwise)
	@$(B)/ggen-sim --scenario $(SCENARIO) --seed $(SEED) $(if $(NODES),--nodes $(NODES)) $(if $(MINUTES),--minutes $(MINUTES))

HOURS ?= 1
sim-soak: $(B)/ggen-sim         ## fresh seeds of scenario small until one fails, which is made smaller (HOURS=1)
	@$(B)/ggen-sim --scenario small --seed $(if $(filter command line environment,$(origin SEED)),$(SEED),$$(date +%s)000) --hours $(HOURS) --shrink

JOBS ?= 2
sim-report: $(B)/ggen-sim       ## write the numbers of docs/SIMULATION.md: an hour of runs (ONLY=churn: one part, JOBS=2)
	@./config/deps.sh $(PACKAGES) $(PACKAGES_report)
	@python3 tests/sim/report --build $(B) --jobs $(JOBS) $(if $(ONLY),--only $(ONLY))

harness: all $(GGEN_HARNESS)  ## the quick scenarios of real nodes (SCENARIO=everyone NODES=16 SEED=1: one of them)
	@if [ "$(origin SCENARIO)" = file ]; then python3 tests/run.py --build $(B) --only cli/harness; \
	else $(B)/ggen-harness --scenario $(SCENARIO) --seed $(SEED) $(if $(NODES),--nodes $(NODES)) $(if $(MINUTES),--minutes $(MINUTES)); fi

cluster: all $(GGEN_HARNESS)  ## the long scenarios of real nodes: an hour (ONLY=churn MINUTES=20 PLOTS=docs/harness: one of them)
	@python3 tests/harness/cluster.py --build $(B) $(if $(ONLY),--only $(ONLY)) $(if $(MINUTES),--minutes $(MINUTES)) \
	    $(if $(PLOTS),--plots $(PLOTS)) \
	    $(if $(wildcard ../shared/data/ggen-packages),--packages ../shared/data/ggen-packages/packs)

SECS ?= 60
fuzz:                           ## each fuzz target for SECS=60 seconds with libFuzzer (ONLY=archive: one of them)
	@./config/deps.sh $(PACKAGES) $(PACKAGES_san)
	@$(MAKE) --no-print-directory B=$(B)/fuzz CC=clang CXX=clang++ OPT="-O1 -g" \
	    MODE="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=vptr,function -fno-sanitize-recover=undefined -fno-omit-frame-pointer" \
	    FUZZER=-fsanitize=fuzzer fuzzers
	@python3 tests/fuzz/run.py --build $(B)/fuzz --secs $(SECS) $(if $(ONLY),--only $(ONLY))

fuzzers: $(FUZZ)

tsan:                           ## the host's threads under ThreadSanitizer
	@./config/deps.sh $(PACKAGES) $(PACKAGES_san)
	@$(MAKE) --no-print-directory B=$(B)/tsan CC=clang CXX=clang++ OPT="-O1 -g" \
	    MODE="-fsanitize=thread" $(patsubst %,$(B)/tsan/tests/unit/%_test,bus bus_clients client frames job packet tap unpack_large verify_many watch) \
	    $(if $(filter 0,$(P2P)),,$(patsubst %,$(B)/tsan/tests/unit/%_test,bulk link proxy))
	@TSAN_OPTIONS=ignore_noninstrumented_modules=1 \
	    python3 tests/run.py --build $(B)/tsan --only unit/

style:                          ## layers, purity, both compilers without warnings; prints the longest files and functions
	@./config/deps.sh $(PACKAGES) $(PACKAGES_style)
	@$(MAKE) -s --no-print-directory $(PUREOBJ) syntax
	@python3 tests/style.py --build $(B) $(PUREOBJ)

syntax: | $(PB) $(GEN)          # every C file by clang, whatever CC is
	@printf '%s\n' $(CSRC) | xargs -r -n 8 -P $$(nproc) \
	    clang $(CPPFLAGS) -std=c11 $(WARN) -fsyntax-only

coverage:                       ## line coverage of actors, messages and runtime by the tests
	@./config/deps.sh $(PACKAGES) $(PACKAGES_coverage)
	@$(MAKE) --no-print-directory B=$(B)/cov OPT="-O0 -g" MODE="--coverage -fprofile-update=atomic" check \
	    || echo "coverage: a test failed in this slow build; what is counted is what ran (make check judges)"
	@gcovr -r . --object-directory $(B)/cov -f 'actors/' -f 'messages/' -f 'runtime/' -s \
	    -o $(B)/coverage.txt > $(B)/coverage.sum && cat $(B)/coverage.sum

coverage-check:                 ## coverage, and fail when too few lines are run
	@$(MAKE) --no-print-directory coverage
	@awk '/^lines:/ {print "coverage-check: " $$2 " of lines, $(COVERED_MIN)% is the least"; n = $$2 + 0} \
	    END {exit !(n >= $(COVERED_MIN))}' $(B)/coverage.sum

bench-bus: all $(BENCH)         ## bus round trip and throughput, idle tap, start time and memory
	@python3 tests/bench/bus.py --build $(B)

bench-local: all $(BENCH)       ## installs, searches and resolves beside bare programs, pacman and npm
	@python3 tests/bench/local.py --build $(B) --peers ../shared/peers/local \
	    --data ../shared/data/solver

bench-net: all $(BENCH)         ## an archive between two nodes, over a bulk connection and over the session
	@python3 tests/bench/net.py --build $(B)

bench-hostile: all $(BENCH)     ## what attackers over TCP do to a node and to its honest peers
	@python3 tests/bench/hostile.py --build $(B)

bench-memory: all               ## private memory of an idle node with 32 peers, beside OpenDHT's dhtnode
	@python3 tests/bench/memory.py --build $(B)

# ---- rules ----------------------------------------------------------------------------------------
$(B)/ggen: $(call obj,cli/main.c) $(CLIOBJ) $(HOSTOBJ) $(PUREOBJ) $(if $(LINKED_IN),$(call obj,$(LATE)))
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(if $(LINKED_IN),$(PACKED) $(ABSENT:%=-Wl,--defsym=%) $(LIBS_linked_in),$(LIBS))

#  The simulator: no ZeroMQ, no CZMQ (tests/sim/program_test.c looks).
$(B)/ggen-sim: $(SIMBIN) $(B)/libsim.a $(B)/libpure.a
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_pure)

#  Real nodes: it starts build/ggen.
$(B)/ggen-harness: $(HARNESS) $(B)/libsim.a $(B)/libggen.a
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

#  The program with one actor that lies (tests/harness/liar/liar.c).
$(B)/ggen-liar: $(call obj,cli/main.c tests/harness/liar/liar.c) $(B)/libggen.a
	@echo "  link  $@"
	@$(CC) $(LDFLAGS) $(patsubst %,-Wl$(comma)--wrap=%_actor,transfer dht gossip) -o $@ $^ $(LIBS)

$(B)/libggen.a: $(CLIOBJ) $(HOSTOBJ) $(PUREOBJ)
	@rm -f $@; ar rcs $@ $^
$(B)/libpure.a: $(PUREOBJ)
	@rm -f $@; ar rcs $@ $^

$(B)/libsim.a: $(SIMLIB)
	@rm -f $@; ar rcs $@ $^
$(B)/libfuzz.a: $(FUZZLIB)
	@rm -f $@; ar rcs $@ $^

$(B)/pb/%.pb-c.c $(B)/pb/%.pb-c.h: messages/%.proto
	@mkdir -p $(B)/pb
	@protoc-c --c_out=$(B)/pb -Imessages $<
$(B)/pb/%.o: $(B)/pb/%.c | $(PB)
	@$(CC) -std=c11 $(OPT) $(MODE) -w -I$(B)/pb -c -o $@ $<
$(B)/gen/code.h: messages/envelope.proto messages/code.awk
	@mkdir -p $(B)/gen
	@awk -f messages/code.awk $< > $@
$(B)/gen/vocabulary.c: $(PROTOS) messages/vocabulary.awk
	@mkdir -p $(B)/gen
	@awk -f messages/vocabulary.awk $(PROTOS) > $@
$(B)/gen/%_dl.h: runtime/host/%.dl runtime/host/dl.awk
	@mkdir -p $(B)/gen
	@awk -f runtime/host/dl.awk $< > $@
$(B)/gen/%_dl.c: runtime/host/%.dl runtime/host/dl.awk
	@mkdir -p $(B)/gen
	@awk -v part=c -f runtime/host/dl.awk $< > $@
$(B)/gen/%_dl.o: $(B)/gen/%_dl.c | $(PB) $(GEN)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<
$(B)/gen/vocabulary.o: $(B)/gen/vocabulary.c | $(PB) $(GEN)
	@$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(B)/obj/%.o: %.c | $(PB) $(GEN)
	@mkdir -p $(@D)
	@echo "  cc    $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(B)/obj/%.o: %.cc
	@mkdir -p $(@D)
	@echo "  c++   $<"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/sim/%: tests/sim/%.c $(B)/libsim.a $(B)/libpure.a
	@mkdir -p $(@D)
	@echo "  test  $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< $(B)/libsim.a $(B)/libpure.a \
	    $(LDFLAGS) -lcmocka $(LIBS_pure)
#  FUZZER brings a main () that goes before the one of libfuzz.a.
$(B)/tests/fuzz/%: tests/fuzz/%.c $(B)/libfuzz.a $(B)/libggen.a
	@mkdir -p $(@D)
	@echo "  test  $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< $(FUZZER) $(B)/libfuzz.a $(B)/libggen.a $(LDFLAGS) $(LIBS)

$(B)/tests/unit/proxy_test: $(call obj,tests/harness/proxy.c tests/harness/holders.c)
$(B)/tests/%: tests/%.c $(B)/libggen.a
	@mkdir -p $(@D)
	@echo "  test  $<"
	@$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -o $@ $< $(filter %.o,$^) $(B)/libggen.a $(LDFLAGS) -lcmocka $(LIBS)

$(B)/tests/crash/shim.so: tests/crash/shim.c
	@mkdir -p $(@D)
	@echo "  test  $<"
	@$(CC) $(CPPFLAGS) -std=c11 -O2 -g $(WARN) -fPIC -shared -o $@ $< -ldl -lpthread

$(B)/tests/bench/empty: LDFLAGS := $(MODE) -Wl,--no-as-needed

help:                           ## this list
	@awk -F '##' '/^[a-z0-9-]+:.*##/ {split ($$1, t, ":"); printf "  make %-14s %s\n", t[1], $$2}' Makefile

clean:                          ## remove build/
	@rm -rf $(B)

man: all                        ## the manual pages, from the command table, into build/man
	@rm -rf $(B)/man && mkdir -p $(B)/man
	@$(B)/ggen help --man > $(B)/man/ggen.1
	@$(B)/ggen help --list | while read -r verb; do \
	    $(B)/ggen help --man $$verb > "$(B)/man/ggen-$$(echo $$verb | tr ' ' -).1" || exit; \
	done

completions: all
	@mkdir -p $(B)/completions
	@for shell in bash zsh fish; do \
	    $(B)/ggen completion $$shell > $(B)/completions/$$shell || exit; \
	done

DESTDIR ?=
PREFIX  ?= /usr/local
SHARE    = $(DESTDIR)$(PREFIX)/share
install: all man completions    ## copy program, manual pages, completions, systemd unit (DESTDIR=, PREFIX=/usr/local)
	install -D -m 0755 -s $(B)/ggen $(DESTDIR)$(PREFIX)/bin/ggen
	install -d $(SHARE)/man/man1
	install -m 0644 $(B)/man/*.1 $(SHARE)/man/man1
	install -D -m 0644 $(B)/completions/bash $(SHARE)/bash-completion/completions/ggen
	install -D -m 0644 $(B)/completions/zsh $(SHARE)/zsh/site-functions/_ggen
	install -D -m 0644 $(B)/completions/fish $(SHARE)/fish/vendor_completions.d/ggen.fish
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/user
	sed 's|@BIN@|$(PREFIX)/bin|' config/ggen.service > $(DESTDIR)$(PREFIX)/lib/systemd/user/ggen.service

dist:                           ## build/ggen-VERSION.tar.gz of the committed tree
	@mkdir -p $(B)
	git archive --prefix=ggen-$(VERSION)/ -o $(B)/ggen-$(VERSION).tar.gz HEAD

-include $(shell find $(B) -name '*.d' 2>/dev/null)
