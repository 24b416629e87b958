import zlib

import cv2
import numpy as np

from detl.imaging.png_notes import drop_notes

AFTER_HEADER = 33  # signature of 8 bytes, and a chunk of 25


def _chunk(kind, data):
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def test_notes_that_are_whole_are_dropped_and_nothing_else():
    png = cv2.imencode(".png", np.eye(9, dtype=np.uint8))[1].tobytes()
    note = _chunk(b"zTXt", b"a\0\0b")
    damaged = note[:-1] + b"?"

    kept = drop_notes(png[:AFTER_HEADER] + note + damaged + png[AFTER_HEADER:] + b"end")

    assert kept == png[:AFTER_HEADER] + damaged + png[AFTER_HEADER:] + b"end"
