"""The picture of a docstring's gallery page: its name on a tile in the colour of its module."""

import html
import zlib

FOLDER = "_made/thumbnails"


def path(symbol):
    """Where the picture stands, from the source folder."""
    return f"{FOLDER}/{symbol.page.replace('.', '_')}.svg"


def tile(symbol):
    """Draw the tile."""
    hue = zlib.crc32(symbol.home.encode()) % 360
    size = min(46, round(640 / max(len(symbol.name), 1)))
    name, module = html.escape(symbol.name), html.escape(symbol.home.removeprefix("lucid."))
    font = "font-family='ui-monospace,Consolas,monospace' text-anchor='middle'"
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 280' width='400' height='280'>"
        f"<rect width='400' height='280' rx='16' fill='hsl({hue} 42% 92%)'/>"
        f"<rect width='400' height='10' fill='hsl({hue} 55% 45%)'/>"
        f"<text x='200' y='148' font-size='{size}' font-weight='600' fill='#1f2933' {font}>{name}"
        f"</text><text x='200' y='200' font-size='20' fill='#3e4c59' {font}>{module}</text></svg>"
    )


def write(source, symbol):
    """Write the tile, if it is not there as it should be."""
    file = source / path(symbol)
    text = tile(symbol)
    if not file.exists() or file.read_text("utf-8") != text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
