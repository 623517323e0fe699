# Everything a contributor runs. `make help` lists it.
SHELL := /bin/bash
GO ?= go
export GOFLAGS := -mod=readonly -buildvcs=false

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.1.0-dev)
COMMIT  ?= $(shell git rev-parse --short HEAD 2>/dev/null || echo unknown)
DATE    ?= $(shell date -u +%Y-%m-%dT%H:%M:%SZ)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.date=$(DATE)

GOLANGCI := $(GO) tool -modfile=scripts/tools/go.mod golangci-lint
GOFUMPT  := $(GO) tool -modfile=scripts/tools/go.mod gofumpt

.DEFAULT_GOAL := help
.PHONY: help run dev cross build plugins packages generate dashboard check format lint unit test browser bench bench-agent bench-distributed demo-distributed servers servers-stop clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Build everything and run it: dashboard on http://127.0.0.1:8080
	./bin/pharos up

dev: ## Run the server with the dashboard as it was last built
	$(GO) build -ldflags '$(LDFLAGS)' -o bin/pharos ./collector
	./bin/pharos up --log-level info

build: dashboard plugins ## Build bin/pharos, with the dashboard in it, bin/pharos-agent and its plugins
	@echo "[2/2] building pharos (first time: some minutes)"
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/pharos-agent ./agent
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/pharos ./collector

plugins: ## Build the agent's plugins into bin/plugins
	@for name in postgresql redis; do \
		CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/plugins/pharos-plugin-$$name ./agent/plugins/$$name || exit 1; \
	done

packages: ## Build deb and rpm of the agent, for amd64 and arm64, into dist/
	scripts/packages.sh

dashboard: dashboard/node_modules/.stamp ## Build the dashboard's pages
	@echo "[1/2] building the dashboard"
	cd dashboard && npm run --silent build

dashboard/node_modules/.stamp: dashboard/package-lock.json
	cd dashboard && npm ci --no-audit --no-fund --loglevel=error
	touch $@

generate: ## Write components.go of both programs, the plugin protocol, the OpenAPI document and the dashboard's types of it
	scripts/generate-components.sh
	scripts/generate-protocol.sh
	scripts/generate-api.sh

check: format lint unit ## Format, lint and unit tests; no servers

format: ## Fail when a file is not formatted
	@files=$$($(GOFUMPT) -l $$(git ls-files --cached --others --exclude-standard '*.go' ':!*.pb.go')); \
	if [ -n "$$files" ]; then echo "not formatted (run gofumpt -w):"; echo "$$files"; exit 1; fi

lint: dashboard/node_modules/.stamp ## Run the linters
	$(GOLANGCI) run ./...
	cd dashboard && npm run --silent lint

unit: dashboard/node_modules/.stamp ## Unit and component tests; the crash tests of the stores run in full under `make test`
	$(GO) test -short ./...
	cd dashboard && npm run --silent test

cross: ## Build the agent for macOS and Windows
	scripts/cross.sh

test: ## Install what the tests need and run all of them
	scripts/test.sh

browser: ## Browser tests against bin/pharos
	cd dashboard && npm run --silent test:browser

bench: build ## Measure the real binary; see docs/benchmarks.md
	$(GO) run ./bench

AGENT_PEERS ?=
bench-agent: ## Measure the agent for 2 x 8 minutes; AGENT_PEERS names others beside it, see docs/benchmarks.md
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/pharos-agent ./agent
	$(GO) run ./bench --agent $(AGENT_PEERS)

bench-distributed: build ## Measure gateway, writer and backend on real servers
	test/servers/install.sh
	$(GO) run ./bench --distributed

demo-distributed: build ## Run gateway, writer and backend on real servers, with data in them
	scripts/demo-distributed.sh

servers: ## Start Kafka, Elasticsearch, PostgreSQL, pgbouncer, Redis and TimescaleDB, and print where
	@scripts/servers.sh start

servers-stop: ## End what `make servers` has started
	@scripts/servers.sh stop

clean: ## Remove what was built
	rm -rf bin dist dashboard/node_modules
	find dashboard/dist -type f ! -name placeholder.html -delete
