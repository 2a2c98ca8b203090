"""Draw the house from its table: boxes on floors, and an arrow for each import."""

import csv
from html import escape

STEP, HEIGHT, GAP, CHARACTER = 92, 34, 22, 9.2
STYLE = """
.house { --ink: var(--pst-color-text-base, #20262e);
  --panel: var(--pst-color-surface, #f3f4f5); --line: var(--pst-color-border, #c3c9d0);
  --soft: var(--pst-color-text-muted, #57606a); }
.house text { font: 600 15px ui-monospace, Menlo, Consolas, monospace;
  fill: var(--ink); text-anchor: middle; dominant-baseline: central; }
.house rect { fill: var(--panel); stroke: var(--line); stroke-width: 1.5; }
.house path.arrow { fill: none; stroke: var(--soft); stroke-width: 1.3;
  marker-end: url(#house-tip); }
.house .tip { fill: var(--soft); }
"""
FRAME = """<svg class="house" xmlns="http://www.w3.org/2000/svg" role="img" \
viewBox="{view}" aria-label="{label}">
<style>{style}</style>
<defs><marker id="house-tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" \
markerHeight="7" orient="auto"><path class="tip" d="M0 0 10 5 0 10z"/></marker></defs>
{arrows}
{boxes}
</svg>
"""


def read_house(path):
    """What each place imports, from the top of the house to the ground."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return {
        place: [] if imports == "-" else imports.split(", ")
        for place, _, imports in rows
    }


def drop_implied(imports):
    """Leave out what another import leads to, so that the picture can be read."""

    def reach(place):
        found = set()
        for name in imports[place]:
            found |= {name} | reach(name)
        return found

    return {
        place: [n for n in names if not any(n in reach(o) for o in names)]
        for place, names in imports.items()
    }


def find_floors(imports):
    """Places of each floor, the ground first: each is above all that it imports."""
    floor = {}
    for place, names in reversed(imports.items()):
        floor[place] = 1 + max((floor[name] for name in names), default=-1)
    return [
        [place for place in imports if floor[place] == number]
        for number in range(max(floor.values()) + 1)
    ]


def place_boxes(floors, imports):
    """Middle and width of each box; those that are linked are near each other."""
    boxes = {}
    for number, places in enumerate(floors):
        links = {p: [boxes[n][0] for n in imports[p]] for p in places}
        if number:
            places.sort(key=lambda p: sum(links[p]) / len(links[p]))
        widths = [CHARACTER * len(place) + 24 for place in places]
        left = -(sum(widths) + GAP * (len(places) - 1)) / 2
        for place, width in zip(places, widths, strict=True):
            boxes[place] = (left + width / 2, (len(floors) - number) * STEP, width)
            left += width + GAP
    return boxes


def draw_house(path):
    """SVG of the house that a table describes."""
    imports = read_house(path)
    shown = drop_implied(imports)
    boxes = place_boxes(find_floors(imports), shown)
    arrows = [
        draw_arrow(boxes[place], boxes[name])
        for place, names in shown.items()
        for name in names
    ]
    left = min(x - width / 2 for x, _, width in boxes.values()) - 10
    height = max(y for _, y, _ in boxes.values()) + HEIGHT - STEP / 2
    label = "; ".join(f"{p} imports {', '.join(n)}" for p, n in imports.items() if n)
    return FRAME.format(
        style=STYLE,
        view=f"{left:.0f} {STEP / 2:.0f} {-2 * left:.0f} {height:.0f}",
        label=escape(label),
        arrows="\n".join(arrows),
        boxes="\n".join(draw_box(place, *box) for place, box in boxes.items()),
    )


def draw_arrow(start, end):
    """A curve from below one box to above another."""
    (x, y, _), (to_x, to_y, _) = start, end
    top, bottom = y + HEIGHT / 2, to_y - HEIGHT / 2 - 2
    middle = (top + bottom) / 2
    return (
        f'<path class="arrow" d="M{x:.0f} {top:.0f} C{x:.0f} {middle:.0f} '
        f'{to_x:.0f} {middle:.0f} {to_x:.0f} {bottom:.0f}"/>'
    )


def draw_box(place, x, y, width):
    """A box with the name of a place."""
    return (
        f'<rect x="{x - width / 2:.0f}" y="{y - HEIGHT / 2:.0f}" width="{width:.0f}" '
        f'height="{HEIGHT}" rx="6"/>'
        f'<text x="{x:.0f}" y="{y:.0f}">{escape(place)}</text>'
    )
