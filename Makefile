# The commands of a fresh clone. Each installs what it needs, can be repeated, and then works without a network.
#   make demo     builds laneproof and runs the first scenario against lane-stack's service, with a report at the end
#   make test     builds everything and runs every test
#   make check    runs the regression scenarios and compares them with their baselines
#   make bench    times the demo scenario: physics, render, camera, stack
#   make doctor   shows adapter, driver, ONNX Runtime, assets, models and disk, and what mends what is missing
#   make lint     formatting, clippy and, where cargo-deny is installed, the dependencies' licences and sources
#   make setup    installs missing system packages, and nothing else
#
# All build the same packages in the same profile, so that the dependencies are compiled once for all of them.
.PHONY: demo test check bench doctor lint setup build
.NOTPARALLEL:

CARGO ?= cargo
# Mesa's device-select layer looks for a display server and complains on standard error where there is none.
export NODEVICE_SELECT := 1
LANEPROOF := $(or $(CARGO_TARGET_DIR),target)/release/laneproof

demo: build
	$(LANEPROOF) run scenarios/first-light.toml --stack service

# The tests of people and of the stack take the assets' places from the environment, and skip, saying so, without them.
test: build
	assets=$$($(LANEPROOF) fetch) && eval "$$assets" && \
	LANEPROOF_CHECK_JSONSCHEMA=$$(.ci/validator.sh || true) $(CARGO) test --release --workspace --locked

check: build
	LANEPROOF=$(LANEPROOF) ci/check.sh

bench: build
	$(LANEPROOF) bench scenarios/first-light.toml

doctor: build
	$(LANEPROOF) doctor

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- --deny warnings
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny --all-features check bans licenses sources; \
	else echo "skipped: cargo-deny is not installed (cargo install cargo-deny --locked)"; fi

build: setup
	$(CARGO) build --release --workspace --locked

setup:
	@.ci/setup.sh
