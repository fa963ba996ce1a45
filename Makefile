# The one door: everything that is done with this repository is a target here.
#
# Parts that are downloaded or built go to .deps/ and dist/, both ignored by git.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

root := $(CURDIR)
# Where tests, the demo and the benchmarks look for parts. Both may be set from outside.
export LAUNCHWAY_TEST_PARTS ?= $(root)/.deps
export LAUNCHWAY_LIBEXEC ?= $(root)/dist/libexec/launchway

buildkitd := dist/libexec/launchway/buildkitd
buildkit_version := $(shell awk '$$1 == "github.com/moby/buildkit" {print $$2}' buildkit/engine/go.mod)
target := $(or $(CARGO_TARGET_DIR),target)
shell_scripts := $(wildcard scripts/*.sh benches/*.sh) .ci/run

.PHONY: help deps engine build demo test soak fuzz lint fmt bench

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

deps: ## Install every part that the targets below need (Debian packages, Go tools, moto, cargo-deny)
	@scripts/deps.sh all

engine: $(buildkitd) ## Build the pinned BuildKit daemon into dist/libexec/launchway

$(buildkitd): buildkit/engine/go.mod buildkit/engine/go.sum
	@echo "engine: building buildkitd $(buildkit_version) (three to four minutes the first time)"
	@mkdir -p $(@D)
	@cd buildkit/engine && CGO_ENABLED=0 GOBIN=$(root)/$(@D) go install -trimpath \
	  -ldflags '-s -w -X github.com/moby/buildkit/version.Version=$(buildkit_version)' tool
	@touch $@

build: ## Build Launchway itself into dist/bin
	@cargo build --release --locked --bin launchway
	@mkdir -p dist/bin
	@install -m 0755 $(target)/release/launchway dist/bin/launchway

demo: ## From a clone to a two-architecture release in a registry on this machine
	@scripts/demo.sh --check
	@scripts/deps.sh demo
	@$(MAKE) engine build
	@scripts/demo.sh

test: ## Run every test, on the real parts
	@scripts/deps.sh test
	@$(MAKE) engine
	@cargo test --workspace --locked --features failpoints

soak: ## Run the long campaigns (hours)
	@scripts/deps.sh test
	@$(MAKE) engine
	@cargo test --workspace --locked --features failpoints -- --ignored soak

FUZZ_SECONDS ?= 60
fuzz: ## Run each fuzz target for FUZZ_SECONDS (60); fuzz/README.md
	@scripts/fuzz.sh all $(FUZZ_SECONDS)

lint: ## Check format, clippy, dependencies (licences, sources, bans) and shell scripts
	@scripts/deps.sh lint
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	cargo fetch --locked
	PATH=$(LAUNCHWAY_TEST_PARTS)/bin:$$PATH cargo deny --offline --all-features check bans licenses sources
	shellcheck --external-sources $(shell_scripts)

fmt: ## Format the Rust code
	@cargo fmt --all

bench: ## Compare whole runs with buildx, the official SOCI library and a client of ECR; writes benches/*.md
	@scripts/deps.sh test
	@$(MAKE) engine build
	@cargo build --release --locked --package launchway-fake-ecr
	@benches/run.sh
