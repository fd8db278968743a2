"""The custom connector's icon, drawn: a shield, and one arrow that it lets in."""

import math

from PIL import Image, ImageDraw

BRAND = "#1f3c88"
SIDE = 230
_WHITE, _SHADE, _ARROW = "#ffffff", "#dbe4fb", "#f5a623"
_FINER = 8
_MIDDLE = SIDE / 2

Point = tuple[float, float]


def icon() -> Image.Image:
    """Draw it larger and make it smaller, so that its edges are smooth."""
    image = Image.new("RGB", (SIDE * _FINER, SIDE * _FINER), BRAND)
    draw = ImageDraw.Draw(image)
    half = _half_shield()
    for outline, colour in (
        ([(SIDE - x, y) for x, y in half], _WHITE),
        (half, _SHADE),
        (_arrow(room=7), BRAND),
        (_arrow(room=0), _ARROW),
    ):
        draw.polygon([(x * _FINER, y * _FINER) for x, y in outline], fill=colour)
    return image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _half_shield() -> list[Point]:
    """Give the right half: a peak, a shoulder, and a curve to the tip."""
    peak, shoulder, waist, tip, width = 36.0, 52.0, 110.0, 196.0, 66.0
    ways = [step / 60 for step in range(61)]
    curve = [(_MIDDLE + width * math.cos(way * math.pi / 2), waist + (tip - waist) * way) for way in ways]
    return [(_MIDDLE, peak), (_MIDDLE + width, shoulder), *curve]


def _arrow(*, room: float) -> list[Point]:
    """Give an arrow from the left into the shield, with so much room around it."""
    tail, neck, tip, height = 34.0 - room, 116.0 - room, 160.0 + room * 1.7, 116.0
    shaft, barb = 9.0 + room, 30.0 + room * 2
    upper = [(tail, height - shaft), (neck, height - shaft), (neck, height - barb), (tip, height)]
    return [*upper, *((x, 2 * height - y) for x, y in reversed(upper))]
