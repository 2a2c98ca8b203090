"""What the tests of the command line share."""

import subprocess
import sys

from PIL import Image

from skfake.datasets import make_images


def run_process(*arguments):
    command = [sys.executable, "-m", "skfake", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def write_images(
    folder, n=20, *, names=("REAL", "FAKE"), size=32, suffix="jpg", seed=0
):
    images = make_images(n, image_size=min(size, 128), random_state=seed)
    for i, (image, code) in enumerate(zip(images.data, images.target, strict=True)):
        path = folder / names[code] / f"{i:04}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).resize((size, size)).save(path)
    return folder


def assert_one_line(result, *words):
    code, out, err = result
    assert code == 2
    assert out == ""
    assert err.startswith("skfake: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err
