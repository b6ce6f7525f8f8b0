"""Print what pyproject.toml asks for, one a line: to build, to run, and for the extras named.

    python tools/requirements.py test docs
"""

import sys
import tomllib
from pathlib import Path

settings = tomllib.loads(Path(__file__).parents[1].joinpath("pyproject.toml").read_text())
project = settings["project"]
print(*settings["build-system"]["requires"], *project["dependencies"], sep="\n")
for extra in sys.argv[1:]:
    print(*project["optional-dependencies"][extra], sep="\n")
