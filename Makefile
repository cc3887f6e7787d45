# Everything that one does with this project. Each target sets up what it needs; Python 3.11+, pip and make are enough.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready

.PHONY: help demo sweep test test-slow bench check format results docs clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

# The marker file is written last, so an interrupted set-up is done again.
# torch comes first and by its exact version: a build of it for your machine that is already there is kept.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt "$$(grep '^torch==' constraints.txt)" numpy
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,docs,tensorboard]'
	touch $(READY)

demo: $(READY)  ## compare five models on digits and on copying, and write the page
	$(BIN)/holdfast compare --config demo/copying.yaml
	$(BIN)/holdfast compare --config demo/digits.yaml
	$(BIN)/holdfast report runs/demo --out report/demo

# The options of a sweep; `make sweep SWEEP="..."` gives others.
SWEEP ?= --task copying --task.lag 20 --task.convention gu --model ur-lstm --model.hidden_size 64 --training.steps 1000 \
  --vary training.learning_rate=1e-3,3e-3,1e-2 --folder runs/sweep

sweep: $(READY)  ## three learning rates side by side on Ray; SWEEP="..." sweeps over anything else
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[sweep]'
	$(BIN)/holdfast sweep --engine ray $(SWEEP)

test: $(READY)  ## the tests (under 12 minutes on two cores)
	$(BIN)/pytest -q -n 2

test-slow: $(READY)  ## the long tests; HOLDFAST_DATA names a folder of real data sets
	$(BIN)/pytest -q -m slow

bench: $(READY)  ## speed against torch.nn and the reference, each bar met or not; leave the machine alone meanwhile
	$(BIN)/holdfast bench

check: $(READY)  ## lint, types, import layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(READY)  ## rewrite the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

results: demo  ## run the demo, and put its records into results/ and their table into the README
	$(BIN)/python docs/readme_results.py runs/demo

docs: $(READY)  ## the documentation as a site, in site/
	$(BIN)/python docs/cell_pages.py docs/cells
	$(BIN)/holdfast ledger --page docs/ledger.md
	$(BIN)/python docs/result_pages.py docs/results
	$(BIN)/mkdocs build --quiet

clean:  ## remove what was built; keeps runs/
	rm -rf .venv site report docs/cells docs/results docs/ledger.md .pytest_cache .ruff_cache .hypothesis
