"""Both sides of a feature as a PNG, which every mail client shows."""

from __future__ import annotations

import io

from driftwatch.alerts.message import Picture

__all__ = ["png_of"]

_WIDTH, _HEIGHT, _SCALE = 520, 150, 2
_LEFT, _TOP, _BOTTOM = 8, 24, 22
_REFERENCE, _CURRENT, _INK, _SOFT = "#6f92bd", "#b84a08", "#1b222b", "#566170"


def png_of(picture: Picture, /) -> bytes | None:
    """Draw bars of both sides over the same cells; None where Pillow is not installed."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        return None
    size = _SCALE
    image = Image.new("RGB", (_WIDTH * size, _HEIGHT * size), "#ffffff")
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(11 * size)
    many = max(1, len(picture.reference))
    top = max([*picture.reference, *picture.current, 1e-9])
    base, tall = _HEIGHT - _BOTTOM, _HEIGHT - _BOTTOM - _TOP
    cell = (_WIDTH - 2 * _LEFT) / many
    for place, pair in enumerate(zip(picture.reference, picture.current, strict=True)):
        for side, (share, color) in enumerate(zip(pair, (_REFERENCE, _CURRENT), strict=True)):
            left = _LEFT + cell * (place + 0.08 + 0.42 * side)
            high = base - tall * max(0.0, share) / top
            box = [left * size, high * size, (left + 0.42 * cell) * size, base * size]
            draw.rectangle(box, fill=color)
    draw.line([_LEFT * size, base * size, (_WIDTH - _LEFT) * size, base * size], fill=_SOFT)
    draw.text((_LEFT * size, 4 * size), _shown(picture.name), fill=_INK, font=font)
    for place, (label, color) in enumerate((("reference", _REFERENCE), ("production", _CURRENT))):
        left = _WIDTH - 150 + 70 * place
        draw.rectangle([left * size, 8 * size, (left + 8) * size, 16 * size], fill=color)
        draw.text(((left + 11) * size, 4 * size), label, fill=_SOFT, font=font)
    wide = len(picture.labels) == many
    for place, label in enumerate(picture.labels):
        ends = 0 if place == 0 else many - 1
        middle = _LEFT + cell * ((place if wide else ends) + 0.5)
        most = max(3, int(cell / 6)) if wide else 16
        text = _shown(label)[:most]
        half = draw.textlength(text, font=font) / 2
        left = min(max(middle * size - half, 2), _WIDTH * size - 2 * half - 2)
        draw.text((left, (base + 4) * size), text, fill=_SOFT, font=font)
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _shown(text: str) -> str:
    """Text in the characters that the built-in font has."""
    return text.encode("latin-1", "replace").decode("latin-1")[:60]
