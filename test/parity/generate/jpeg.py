"""JPEG files of many kinds, and a hash of what PIL decodes them to."""

import base64
import hashlib
import io

from common import write
from PIL import Image
from transforms import pixels

KINDS = {
    "4:4:4": {"subsampling": 0},
    "4:2:2": {"subsampling": 1},
    "4:2:0": {"subsampling": 2},
    "coarse": {"subsampling": 2, "quality": 3},
    "fine": {"subsampling": 2, "quality": 100},
    "restart markers": {"subsampling": 2, "restart_marker_blocks": 2},
    "restart at rows": {"subsampling": 1, "restart_marker_rows": 1},
    "optimised": {"subsampling": 2, "optimize": True},
    "progressive": {"subsampling": 2, "progressive": True},
    "gray": {"mode": "L"},
    "CMYK": {"mode": "CMYK"},
}
SIZES = [(5, 3), (16, 16), (31, 18), (33, 47), (64, 9), (3, 20)]


def main():
    files = []
    for kind, options in KINDS.items():
        for width, height in SIZES:
            settings = dict(options)
            content = "smooth" if kind in ("fine", "optimised") else "noise"
            image = Image.frombytes("RGB", (width, height), pixels(width, height, 3, content)).convert(settings.pop("mode", "RGB"))
            out = io.BytesIO()
            image.save(out, "JPEG", **settings)
            decoded = Image.open(io.BytesIO(out.getvalue())).convert("RGB").tobytes()
            files.append({"kind": kind, "width": width, "height": height, "file": base64.b64encode(out.getvalue()).decode(), "sha256": hashlib.sha256(decoded).hexdigest()})
    write("jpeg", {"files": files})
