"""Build the site, run its doctests, check it, and pack it: ``python docs/build.py build/docs``."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

SOURCE = Path(__file__).parent


def sphinx(builder, target, *options):
    """Run one builder; every warning is an error. Return its output and its seconds."""
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-W",
        "--keep-going",
        "-n",
        "-q",
        "-j",
        "auto",
        "-b",
        builder,
        "-d",
        str(target.with_name("doctrees")),
        *options,
    ]
    start = time.perf_counter()
    subprocess.run([*command, str(SOURCE), str(target)], check=True)
    return time.perf_counter() - start


def main(folder):
    """Make everything, then say what there is and where."""
    folder = Path(folder).resolve()
    html = folder / "html"
    seconds = sphinx("html", html)
    print(f"site: {len(list(html.rglob('*.html')))} pages in {seconds:.0f} s")
    seconds = sphinx("doctest", folder / "doctest", "-D", "plot_gallery=0")
    report = (folder / "doctest/output.txt").read_text("utf-8")
    tests, failures = (
        re.findall(rf"^ *(\d+) {word}", report, re.M) for word in ("test", "failure")
    )
    print(f"doctests: {tests[-1]} examples, {failures[-3]} failures, in {seconds:.0f} s")
    subprocess.run([sys.executable, str(SOURCE / "check_site.py"), str(html)], check=True)
    archive = shutil.make_archive(str(folder / "lucid-docs"), "zip", html)
    print(f"to read offline: {archive}")
    print(f"open {html.as_uri()}/index.html")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except subprocess.CalledProcessError as error:
        sys.exit(f"docs: failed, {' '.join(map(str, error.cmd[:4]))} ended with {error.returncode}")
