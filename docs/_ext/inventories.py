"""Links into other projects' documentation, from short lists that are committed as text.

A line is ``name domain:role priority path -``, as in Sphinx's own inventories. A build fetches
nothing; only the links lead to the web.
"""

import zlib

SITES = {
    "python": ("https://docs.python.org/3/", "3"),
    "numpy": ("https://numpy.org/doc/stable/", "2"),
}


def mapping(folder):
    """Pack each list the way Sphinx reads it and return the `intersphinx_mapping`."""
    made = folder / "_made/inventories"
    made.mkdir(parents=True, exist_ok=True)
    result = {}
    for name, (url, version) in SITES.items():
        text = (folder / "_inventories" / f"{name}.txt").read_bytes()
        head = (
            f"# Sphinx inventory version 2\n# Project: {name}\n# Version: {version}\n"
            "# The remainder of this file is compressed using zlib.\n"
        )
        file = made / f"{name}.inv"
        packed = head.encode() + zlib.compress(text)
        if not file.exists() or file.read_bytes() != packed:
            file.write_bytes(packed)
        result[name] = (url, str(file))
    return result
