import json

import pytest

from skfake import ModelCard, SVMDetector, save_detector
from skfake.datasets import make_images
from tests.cli.helpers import assert_one_line


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("info") / "svm.skfake"
    X, y = make_images(n_samples=40, return_X_y=True, random_state=0)
    card = ModelCard(title="Screening", metrics={"accuracy": 0.98}, license="CC0-1.0")
    save_detector(SVMDetector(C=3.0).fit(X, y), path, card=card)
    return path


def test_the_card_is_markdown(run, model):
    code, out, err = run("info", model)
    assert (code, err) == (0, "")
    assert out.startswith("# Screening\n")
    for word in ("SVMDetector", "CC0-1.0", "0.98", "scikit-learn", "`3.0`"):
        assert word in out


def test_the_card_as_json_is_for_programs(run, model):
    code, out, _ = run("info", model, "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["title"], found["params"]["C"]) == ("Screening", 3.0)


def test_a_file_that_is_none_is_named(run, model, tmp_path):
    assert_one_line(run("info", tmp_path / "none"), "none")
    whole = model.read_bytes()
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    assert_one_line(run("info", tmp_path / "half"), "half")
