# `make` prints the targets. CI calls the same ones, by .ci/run.
.DEFAULT_GOAL := help
.PHONY: help demo build test topology links bench bench-pace bench-limits release picture browser chaos chaos-runbook lint fmt fuzz cover clean

FUZZTIME ?= 10s
SEED ?= 0
SCALE ?= full
ONLY ?=
ROWS ?= 20000
TIMES ?= 1
COMPILER := $(shell command -v "$$(go env CC)")

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1	\2/p' $(MAKEFILE_LIST) | expand -t 15

build: ## build ./sunbulk
	CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o sunbulk ./cmd/sunbulk

demo: build ## run a migration against a simulated API, and leave its report in demo-report/
	@rm -rf demo-report
	./sunbulk run testdata/migration.csv --simulate=testdata/world.json --redis= --rate 40 --timeout 4s --out demo-report || test $$? -eq 3
	@echo "exit code 3: the job finished, and some rows are neither ok nor noop; the file holds a few of each kind that goes wrong"
	@echo "see demo-report/results.csv, failed.csv, rejected.csv and summary.json"

test: ## run all tests, with the race detector where there is a C compiler
ifeq ($(COMPILER),)
	@echo "no C compiler: tests run without the race detector (apt-get install gcc libc6-dev)"
endif
	@command -v redis-server >/dev/null || echo "no redis-server: tests that need a real Redis are skipped (apt-get install redis-server)"
	go test -timeout 30m $(if $(COMPILER),-race) ./...
	$(if $(COMPILER),go test -run "TestI6(HostileAnswers|ForgedData)" ./jobs ./sunco)
	go -C tools/chaos test -timeout 30m $(if $(COMPILER),-race) ./...

topology: ## break a job's Redis on real topologies, TIMES (1) each: failovers, lost writes, a dead master, resharding; and test URLs, settings, refusals (15 minutes)
	SUNBULK_NEED_REDIS=1 go test -count 1 -timeout 20m -run 'Topology|Sentinel|Cluster|Failover|Rollback|GoesBack|LostWrites|Restored|TestOpen|TestWorkerBears|TestWorkerLeaves|TestEachRefusal|I10|I12' ./worker ./internal/redistest ./internal/ledger ./internal/schedule ./internal/service
	SUNBULK_NEED_REDIS=1 go -C tools/chaos test -v -count 1 -timeout 2h -parallel 2 -run TestTopology ./... -rows 10000 -times $(TIMES)

bench: build ## measure sunbulk beside what people would use instead (SCALE=full: 20 minutes, SCALE=quick: 2; ONLY=calls,queuing: parts; needs redis-server)
	go -C tools/bench run . -sunbulk ../../sunbulk -scale $(SCALE) -only "$(ONLY)"

bench-pace: build ## measure the pace that real workers keep together (five minutes, needs redis-server)
	go -C tools/bench run ./pace -sunbulk ../../sunbulk

bench-limits: build ## measure how workers find every kind of limit, beside a client that follows CUBIC (20 minutes, needs redis-server)
	go -C tools/bench run ./pace -sunbulk ../../sunbulk -limits

release: ## make what a release publishes, in dist/: binaries, deb, rpm, Homebrew formula, manual pages, SBOM, checksums
	tools/release/release.sh

picture: build ## make docs/report.webp again, the picture in the README (four minutes, needs redis-server and chromium)
	tools/reportpicture.sh

browser: ## make and follow a job in the console with a real Chromium, by keyboard alone, with axe-core on each page (needs chromium, and npm for axe-core)
	@command -v chromium chromium-browser google-chrome >/dev/null || echo "no chromium: the test in a browser is skipped (apt-get install chromium)"
	@if command -v npm >/dev/null; then npm ci --silent --prefix tools/browser; else echo "no npm: axe-core does not look at the pages"; fi
	go -C tools/browser test -count 1 -timeout 15m ./...

chaos: ## break everything around a long run, from SEED (drawn): kill -9, lost Redis, lost network, a misbehaving API; then failovers behind Sentinels
	go -C tools/chaos test -v -count 1 -timeout 20m ./... -seed $(SEED) -rows 50000 -faults 100 -minutes 8 -figures
	go -C tools/chaos test -v -count 1 -timeout 20m -run 'TestChaos$$' ./... -seed $(SEED) -rows 20000 -faults 60 -minutes 6 -sentinel

chaos-runbook: ## kill everything around the migration of ROWS users (20000) by a runbook, and the backfill of 3,000, on Redis and in one process, from SEED (drawn)
	go -C tools/chaos test -v -count 1 -timeout 40m -run 'ChaosRunbook$$' ./... -seed $(SEED) -users $(ROWS) -kills 1000 -minutes 4
	go -C tools/chaos test -v -count 1 -timeout 40m -run EmbeddedRunbook ./... -seed $(SEED) -users $(ROWS) -kills 25 -minutes 4
	go -C tools/chaos test -v -count 1 -timeout 40m -run 'Backfill$$' ./... -seed $(SEED) -users 3000 -kills 25 -minutes 4

links: ## follow the links of ROWS creates (20000) by webhooks with faults, receivers killed and Redis away for a minute, from SEED (drawn); then by settle, and by asking; then a migration
	SUNBULK_NEED_REDIS=1 go -C tools/chaos test -v -count 1 -timeout 60m -run 'TestLinks' ./... -seed $(SEED) -links $(ROWS) -outage 1m -receivers 10

lint: ## check format, vet, linters, go.mod, spelling and style of prose
	@files=$$(gofmt -l .); test -z "$$files" || { echo "make fmt would change:" >&2; echo "$$files" >&2; exit 1; }
	go vet ./...
	GOOS=windows go vet ./...
	GOOS=darwin go vet ./sunco ./internal/osfile ./internal/redistest ./internal/transit
	go mod tidy -diff
	go -C tools mod tidy -diff
	go -C tools vet ./...
	go -C tools test ./prose
	go -C tools run ./prose ..
	go -C tools/bench mod tidy -diff
	go -C tools/bench vet ./...
	go -C tools/chaos mod tidy -diff
	go -C tools/chaos vet ./...
	go -C tools/browser mod tidy -diff
	go -C tools/browser vet ./...
	go -C tools/release mod tidy -diff
	go tool -modfile=tools/go.mod golangci-lint run --allow-serial-runners ./...

fmt: ## format all Go files
	gofmt -w .

fuzz: ## fuzz every reader for FUZZTIME (10s) each
	@for dir in $$(grep -rl --include='*_test.go' --exclude-dir=tools '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' $$dir/*_test.go); do \
			echo "$$dir $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$dir || exit 1; \
		done; \
	done

cover: ## run all tests and print what part of each package they reach
	go test -coverpkg=./... -coverprofile=cover.out ./...
	go tool cover -func=cover.out | tail -1

clean: ## remove what the other targets made
	rm -rf sunbulk demo-report dist cover.out
