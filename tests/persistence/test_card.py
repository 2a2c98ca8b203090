"""The model card is plain data, and a page to read."""

import json

import numpy as np
import pytest

from skfake import ModelCard


def test_a_card_survives_json():
    card = ModelCard(
        title="a",
        metrics={"accuracy": 0.9},
        classes=["fake", "real"],
        params={"lr": 0.1, "crop": None},
    )
    assert ModelCard.from_dict(json.loads(json.dumps(card.to_dict()))) == card


def test_figures_of_a_table_become_numbers():
    card = ModelCard(metrics={"n": np.int64(3), "auc": np.float32(0.5), "nan": np.nan})
    assert card.to_dict()["metrics"] == {"n": 3, "auc": 0.5, "nan": None}


@pytest.mark.parametrize(
    "card", [[], {"title": 3}, {"metrics": []}, {"n_weights": "1"}]
)
def test_another_kind_of_card_is_refused(card):
    with pytest.raises(TypeError, match="must be"):
        ModelCard.from_dict(card)


def test_unknown_fields_of_later_cards_are_left_out():
    assert ModelCard.from_dict({"title": "a", "mood": "good"}) == ModelCard(title="a")


def test_the_page_tells_all_that_there_is_to_tell():
    page = ModelCard(
        title="Screening",
        data="CIFAKE",
        metrics={"accuracy": 0.98123, "n": 3},
        license="MIT",
        n_weights=12345,
        versions={"skfake": "1.0"},
    ).to_markdown()
    for part in ("# Screening", "CIFAKE", "accuracy: 0.9812", "12,345", "## Limits"):
        assert part in page
    assert "## Parameters" not in page


@pytest.mark.parametrize(
    ("classes", "fakes", "lines"),
    [
        ([0, 1], [1], ["- Classes: 0 (real), 1 (fake)", "- Fake: 1"]),
        ([0, 1], [0], ["- Classes: 0 (fake), 1 (real)", "- Fake: 0"]),
        (["ai", "camera"], ["ai"], ["- Classes: ai, camera", "- Fake: ai"]),
        (["flux", "real", "sd"], ["flux", "sd"], ["- Fake: flux, sd"]),
        ([3, 4], [], ["- Classes: 3, 4"]),
    ],
)
def test_the_page_says_which_class_is_fake(classes, fakes, lines):
    page = ModelCard(
        classes=classes, fakes=fakes, images="32 x 32 pixels"
    ).to_markdown()
    assert set(lines) <= set(page.splitlines())
    assert ("- Fake:" in page) == bool(fakes)
    assert "- Images: 32 x 32 pixels" in page
