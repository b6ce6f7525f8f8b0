# make demo, make test: from a fresh clone, with Python >= 3.11 and a C compiler.
# Everything is put into .venv and build/; the compiled kernels stand beside their sources.

PYTHON ?= python3
ARGS ?=
PY = .venv/bin/python
SOURCES = setup.py $(wildcard lucid/_cython/*.pyx lucid/_cython/*.pxd lucid/_cython/*.[ch])

.PHONY: help demo test docs bench clean
.DELETE_ON_ERROR:

help:
	@echo "make demo    train a classifier and an autoencoder on handwritten digits"
	@echo "make test    run the tests and the examples; make test ARGS='-k conv' for some of them"
	@echo "make docs    build the documentation into build/docs"
	@echo "make bench   measure the speed against PyTorch"
	@echo "make clean   remove .venv, build and the compiled kernels"
	@echo "PYTHON=python3.12 takes another Python (after make clean)"

demo: .venv/built
	$(PY) -m lucid.demo

test: .venv/built
	$(PY) -m pytest $(ARGS)

docs: .venv/built .venv/docs
	$(PY) docs/build.py build/docs

bench: .venv/built .venv/bench
	$(PY) -m benchmarks $(ARGS)

clean:
	rm -rf .venv build *.egg-info .pytest_cache .hypothesis
	rm -rf $(addprefix docs/,_build _docstrings _made examples gallery reference status.rst)  # made, see docs/.gitignore
	find lucid tests tools -name __pycache__ -type d -prune -exec rm -rf {} +
	find lucid \( -name '*.so' -o -name '*.pyd' \) -exec rm -f {} +

# An environment with what is needed to build, run and test, and the checkout on its path.
.venv/installed: pyproject.toml tools/requirements.py
	@$(PYTHON) -c "import sys; sys.version_info >= (3, 11) or sys.exit(f'lucid needs Python 3.11 \
	or newer; $(PYTHON) is {sys.version.split()[0]}. Try: make $(MAKECMDGOALS) PYTHON=python3.11')"
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PY) tools/requirements.py test progress plots images safetensors > .venv/requirements.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -r .venv/requirements.txt
	$(PY) -c "import os, site; open(site.getsitepackages()[0] + '/lucid-checkout.pth', 'w').write(os.getcwd())"
	@touch $@

# The kernels, compiled beside their sources.
.venv/built: .venv/installed $(SOURCES)
	@$(PY) -c "import shlex, shutil, sys, sysconfig as s; c = shlex.split(s.get_config_var('CC') or 'cc')[0]; \
	shutil.which(c) or sys.exit(f'no C compiler: {c} is not found; install gcc or clang')"
	$(PY) setup.py --quiet build_ext --inplace
	@touch $@

.venv/%: .venv/installed
	$(PY) tools/requirements.py $* > .venv/requirements-$*.txt
	$(PY) -m pip install --quiet --disable-pip-version-check -r .venv/requirements-$*.txt
	@touch $@
