"""A layer's arithmetic as an animated SVG, drawn from lucid's own geometry.

Two panels: the input and the output. One frame for each place of the kernel marks what belongs
together, by the rule of `lucid.geometry`: i = o * stride + k * dilation - low. Colours come from
the page, so that they follow its theme; someone who asks for less motion sees the first frame
alone.
"""

import html
from itertools import product

CELL = {1: 24, 2: 22, 3: 12}  # by rank
SLICE_GAP = 10  # between the slices of a volume
GAP = 60
TOP = 26
LETTER = 8  # about the width of a letter of a caption
SECONDS = 0.9  # of one frame
MOST_FRAMES = 16


def _spread(low, size, cover):
    """First and last position to draw on an axis: with the margin that padding or a crop makes."""
    return min(-low, 0), max(size, cover - low)


class Panel:
    """One array: where its cells are drawn. A volume is drawn slice beside slice."""

    def __init__(self, bounds, sizes):
        self.x = 0
        self.sizes = sizes
        # slices beyond the ends of a volume would only be padding: they are left out
        self.bounds = [(0, sizes[0]), *bounds[1:]] if len(sizes) == 3 else bounds
        self.cell = CELL[len(sizes)]
        spans = [last - first for first, last in self.bounds]
        self.slice = spans[-1] * self.cell + SLICE_GAP
        self.width = self.slice * (spans[0] if len(spans) == 3 else 1) - SLICE_GAP
        self.height = (spans[-2] if len(spans) > 1 else 1) * self.cell

    def cells(self):
        """All positions that are drawn."""
        return product(*(range(first, last) for first, last in self.bounds))

    def inside(self, position):
        """Whether a position belongs to the array, or to its margin."""
        return all(0 <= i < size for i, size in zip(position, self.sizes, strict=True))

    def rect(self, position, classes):
        """Draw one cell, unless it lies in a slice that is left out."""
        if not all(a <= i < b for i, (a, b) in zip(position, self.bounds, strict=True)):
            return ""
        *rest, i = [p - first for p, (first, _) in zip(position, self.bounds, strict=True)]
        x = self.x + i * self.cell + (rest[0] * self.slice if len(rest) == 2 else 0)
        y = TOP + (rest[-1] if rest else 0) * self.cell
        size = f'width="{self.cell - 2}" height="{self.cell - 2}"'
        return f'<rect class="{classes}" x="{x + 1}" y="{y + 1}" {size} rx="3"/>'


def positions(geometry, o):
    """The positions on the wide side that the kernel covers at place o, tap by tap."""
    axes = zip(
        o, geometry.stride, geometry.dilation, geometry.low, geometry.kernel_size, strict=True
    )
    return product(
        *([each * s + k * d - low for k in range(size)] for each, s, d, low, size in axes)
    )


def frame(number, count, marks):
    """One frame: seen for its share of the cycle, or always when there is only one."""
    if count == 1:
        return f"<g>{''.join(marks)}</g>"
    style = f"animation-duration:{count * SECONDS:.1f}s;animation-delay:{number * SECONDS:.1f}s"
    first = " lucid-frame-first" if number == 0 else ""
    return (
        f'<g class="lucid-frame lucid-frames-{count}{first}" style="{style}">{"".join(marks)}</g>'
    )


def frames_css(count):
    """Show a frame for the n-th part of the cycle."""
    share = 100 / count
    return (
        f".lucid-frames-{count}{{animation-name:lucid-show-{count}}}"
        f"@keyframes lucid-show-{count}{{0%,{share:.2f}%{{opacity:1}}"
        f"{share + 0.01:.2f}%,100%{{opacity:0}}}}"
    )


def diagram(geometry, transposed, title):
    """Draw a geometry as a convolution or, read the other way round, as a transposed one."""
    cover = [
        (o - 1) * s + (k - 1) * d + 1
        for o, s, k, d in zip(
            geometry.output_size,
            geometry.stride,
            geometry.kernel_size,
            geometry.dilation,
            strict=True,
        )
    ]
    wide_bounds = [*map(_spread, geometry.low, geometry.input_size, cover)]
    walked = Panel([(0, size) for size in geometry.output_size], geometry.output_size)
    wide = Panel(wide_bounds, geometry.input_size)
    left, right = (walked, wide) if transposed else (wide, walked)
    size = {id(panel): " × ".join(map(str, panel.sizes)) for panel in (wide, walked)}
    names = {
        id(wide): "output" if transposed else "input",
        id(walked): "input" if transposed else "output",
    }
    captions = {key: f"{names[key]} {size[key]}" for key in size}
    right.x = max(left.width + GAP, LETTER * len(captions[id(left)]) + GAP / 2)
    colours = (
        ("lucid-cell-out", "lucid-cell-in") if transposed else ("lucid-cell-in", "lucid-cell-out")
    )
    body = [
        wide.rect(p, colours[0] if wide.inside(p) else "lucid-cell-margin") for p in wide.cells()
    ]
    body += [walked.rect(p, colours[1]) for p in walked.cells()]
    places = list(walked.cells())[:MOST_FRAMES]
    for number, o in enumerate(places):
        marks = [wide.rect(i, "lucid-mark-tap") for i in positions(geometry, o)]
        body.append(frame(number, len(places), [*marks, walked.rect(o, "lucid-mark-here")]))
    width, height = right.x + right.width, TOP + max(left.height, right.height)
    texts = [
        f'<text class="lucid-grid-name" x="{panel.x}" y="15">{captions[id(panel)]}</text>'
        for panel in (left, right)
    ]
    arrow = f'<text class="lucid-grid-arrow" x="{right.x - GAP / 2}" y="{TOP + 16}">→</text>'
    width = max(width, right.x + LETTER * len(captions[id(right)]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="lucid-diagram" role="img" '
        f'viewBox="-2 0 {width + 4} {height + 4}" width="{width + 4}" height="{height + 4}">'
        f"<title>{html.escape(title)}</title><style>{frames_css(len(places))}</style>"
        f"{''.join(texts)}{arrow}{''.join(body)}</svg>"
    )
