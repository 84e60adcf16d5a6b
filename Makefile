# glmtray. `make` alone shows what there is to do.
#
#   make run ARGS="--addr 127.0.0.1:0"     further words for the program
#   YES=1 make test                        install what the tests lack without asking

VERSION  := $(or $(shell git describe --tags --dirty 2>/dev/null | sed 's/^v//'),0.1.0-dev)
ARGS     ?=
# The version stands in -ldflags, so git is not asked a second time: in a
# checkout that belongs to somebody else (a container) that would fail the build.
# -trimpath and the tags are the same in every step that builds: with others the
# toolkit would be compiled once more.
BUILD    := go build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'
GOLANGCI := 2.12.2
GOVULNCHECK := 1.9.0
# What can be built here: with the window, or without.
TAGS      = tags=$$(packaging/setup.sh tags)
PROGRAM   = case $$tags in *headless*) cgo=0 ;; *) cgo=1 ;; esac; CGO_ENABLED=$$cgo $(BUILD) -tags $$tags -o bin/glmtray ./cmd/glmtray

# Under CI a test that would be skipped for want of something fails instead.
ifneq ($(filter-out 0 false,$(CI)),)
export GLMTRAY_TEST_REQUIRE ?= 1
endif

.DEFAULT_GOAL := help
.PHONY: run demo build headless test e2e e2e-full faults soak screenshots package package-build package-try lint security \
	vulncheck fuzz bench bench-growth bench-limits help clean go

run: go ## open the window if there is a display, else serve without one
	@case "$$DISPLAY$$WAYLAND_DISPLAY$$(uname -s)" in \
		Linux | *BSD) tags=migrated_fynedo,headless ;; \
		*) packaging/setup.sh build && $(TAGS) ;; esac && { $(PROGRAM); }
	@exec bin/glmtray app $(ARGS)

demo: headless ## serve the built-in simulator, no key needed
	@exec bin/glmtray demo $(ARGS)

build: go ## bin/glmtray for this machine, with its window
	@packaging/setup.sh build
	@$(TAGS); $(PROGRAM)

headless: go ## bin/glmtray as one static binary without a window
	@tags=migrated_fynedo,headless; $(PROGRAM)

# What needs no display is tested headless. What runs the program itself comes after
# the rest and one package at a time, and the window's own tests last: these have
# limits in seconds, and compiling or drawing in software takes the processor.
test: go ## vet, the walls of the house, every test with the race detector
	@packaging/setup.sh test
	@$(TAGS); go vet -trimpath -tags $$tags ./...
	@race=$$(packaging/setup.sh race); headless="-trimpath -tags migrated_fynedo,headless"; \
		run="$${race:+env CGO_ENABLED=1} go test $$race -timeout 20m $$headless"; \
		$$run $$(go list $$headless ./... | grep -v /internal/e2e) && $$run -p 1 ./internal/e2e/...
	@$(TAGS); case $$tags in *headless*) ;; *) race=$$(packaging/setup.sh race); \
		go test $$race -trimpath -tags $$tags -run Window ./cmd/glmtray && \
		go test -trimpath -tags $$tags ./internal/e2e/desktop ;; esac

# Claude Code, Codex and OpenCode themselves, fetched by npm once. The short set
# is a part of `make test` as well.
E2E := -count=1 -v -trimpath -tags migrated_fynedo,headless ./internal/e2e
e2e: go ## the real agents, each with a task of two turns
	@packaging/setup.sh e2e
	@race=$$(packaging/setup.sh race); $${race:+env CGO_ENABLED=1} go test $$race -run '^TestAgentsFinish' $(E2E)

e2e-full: go ## ... and sub-agents, pictures, long texts, failures, connect and disconnect
	@packaging/setup.sh e2e
	@race=$$(packaging/setup.sh race); GLMTRAY_E2E_FULL=1 $${race:+env CGO_ENABLED=1} go test $$race -timeout 30m -run '^TestAgents' $(E2E)

faults: go ## everything that may break around the program, as a table in docs/faults.md
	@go test -count=1 -timeout 40m -trimpath -tags migrated_fynedo,headless -run '^TestFaults$$' ./internal/e2e/faults -full -table $(CURDIR)/docs/faults.md -readme $(CURDIR)/README.md $(ARGS)

# With SOAK=30s RACE=1 make soak the program has the race detector.
SOAK ?= 30m
soak: go ## mixed traffic and faults for half an hour (SOAK=30m): nothing grows, nothing is lost
	@GLMTRAY_RACE=$(RACE) go test -count=1 -v -timeout 0 -trimpath -tags migrated_fynedo,headless -run '^TestSoak$$' ./internal/e2e/faults -soak $(SOAK) $(ARGS)

screenshots: go ## pictures of every page, dark and light, in dist/screenshots
	@packaging/setup.sh screenshots
	@GLMTRAY_TEST_REQUIRE=1 GLMTRAY_SCREENSHOTS=$(CURDIR)/dist/screenshots \
		go test -count=1 -timeout 60m -trimpath -tags migrated_fynedo -run Pictures ./internal/e2e/desktop

# Needs: packaging/setup.sh package. docs/packages.md says what is made and tried.
package: package-build ## everything that people install, built, tried, and listed with sizes
	@packaging/try.sh
	@packaging/package.sh table

package-build: go ## ... built only: make package-build PARTS="headless linux windows image sbom"
	@packaging/setup.sh package
	@packaging/package.sh $(PARTS)

package-try: go ## ... tried only: PARTS="files headless archive deb rpm image windows"
	@packaging/try.sh $(PARTS)

lint: go ## golangci-lint, as .golangci.yml has it
	@if golangci-lint version 2>/dev/null | grep -q 'version v\{0,1\}$(GOLANGCI) '; then \
		golangci-lint run ./...; \
	else \
		go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(GOLANGCI) run ./...; \
	fi

security: go ## what docs/security.md promises, each with its tests and their verdict
	@packaging/setup.sh test
	@go run ./internal/bench/security $(ARGS)

# Its database is at vuln.go.dev, which is not reachable from everywhere.
vulncheck: go ## known vulnerabilities in what is linked (needs vuln.go.dev)
	@go run golang.org/x/vuln/cmd/govulncheck@v$(GOVULNCHECK) -tags migrated_fynedo,headless ./...

# One after the other; a target that is found to fail leaves its input in testdata. With
# KEEP=20 the 20 smallest inputs that found something new stay there as well: every
# test run reads them, and the next fuzzing begins with them.
FUZZTIME ?= 1m
KEEP     ?= 0
fuzz: go ## every parser of foreign bytes, each for FUZZTIME (1m)
	@grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' cmd internal | sort | while IFS=: read -r file name; do \
		name=$${name#func }; dir=$$(dirname "$$file"); echo "$$dir $$name"; \
		go test -trimpath -tags migrated_fynedo,headless -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "./$$dir" </dev/null || exit 1; \
		packaging/corpus.sh "$$dir" "$$name" $(KEEP); \
	done

bench: go ## what glmtray costs beside a bare reverse proxy and nginx
	@packaging/setup.sh bench
	@CGO_ENABLED=0 $(BUILD) -tags migrated_fynedo,headless,pprof -o dist/bench/glmtray ./cmd/glmtray
	@go run ./internal/bench -bin dist/bench/glmtray $(ARGS)

bench-growth: go ## how the cost grows with keys, rules, rows and the rest
	@go run ./internal/bench/growth $(ARGS)

bench-limits: go ## an hour of agents against the vendors' limits, known in advance or not
	@go test -count=1 -trimpath -tags migrated_fynedo,headless -v ./internal/bench/limits -script 1h -agents 18 $(ARGS)

clean: ## remove what was built
	@rm -rf bin dist

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

go:
	@command -v go >/dev/null || { \
		echo 'error: Go is not installed, and it is all that glmtray needs' >&2; \
		echo 'hint: https://go.dev/dl/' >&2; \
		exit 1; \
	}
