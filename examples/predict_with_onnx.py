"""Answers for images with onnxruntime, NumPy, OpenCV and Pillow alone.

python examples/predict_with_onnx.py NETWORK.onnx IMAGE...

NETWORK.onnx is what 'python -m detl.onnx' has written. PNG and JPEG files of 8 bits are
read. What 'python -m detl.predict' does besides is missing here: DICOM, 16 bits,
the rules by which a picture is refused before a network sees it, and Grad-CAM.
For research only: this is no medical device.
"""

import json
import sys

import cv2
import numpy as np
import onnxruntime
from PIL import Image


def read_pixels(path: str, size: int, fit: str) -> np.ndarray:
    """Return the grey values of an image as the networks see them, (size, size)."""
    with Image.open(path, formats=("PNG", "JPEG")) as image:
        if image.mode[0] in "IF":
            raise OSError("more than 8 bits")
        grey = np.asarray(image.convert("L"))
    if fit == "crop":
        side = min(grey.shape)
        top, left = (grey.shape[0] - side) // 2, (grey.shape[1] - side) // 2
        grey = grey[top : top + side, left : left + side]
    shrinks = min(grey.shape) >= size
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(grey, (size, size), interpolation=way)


def main(network: str, *paths: str) -> None:
    """Print a line of JSON for each image."""
    session = onnxruntime.InferenceSession(network)
    about = json.loads(session.get_modelmeta().custom_metadata_map["detl"])
    if about["fit"] == "pad":
        sys.exit("These networks see pictures with black borders, not drawn here.")
    for path in paths:
        answer = {"file": path}
        try:
            pixels = read_pixels(path, about["input_size"], about["fit"])
        except OSError as error:
            print(json.dumps({**answer, "refused": str(error)}))
            continue
        batch = pixels[np.newaxis, :, :, np.newaxis].astype("float32")
        ((shares,), (rank,)) = session.run(["probabilities", "rank"], {"pixels": batch})
        if rank < about["refused_below"]:
            answer["refused"] = "unlike the training images"
        else:
            rounded = shares.astype("float64").round(6).tolist()
            answer.update(zip(about["classes"], rounded, strict=True))
        print(json.dumps({**answer, "rank": round(float(rank), 6)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
