from dataclasses import replace
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier

from skfake import CNNDetector, compare_detectors
from skfake.datasets import make_images
from skfake.evaluation import evaluate_robustness

X, Y = make_images(120, image_size=16, return_X_y=True, random_state=0)
ROWS = X.reshape(len(X), -1) / 255
NAMES = ["REAL", "<FAKE>"]
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Checked(HTMLParser):
    """Elements of a page, which must be nested well, and where it links to."""

    def __init__(self):
        super().__init__()
        self.open, self.seen, self.links, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        self.links += [value for name, value in attrs if name == "xlink:href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


class Broken(DummyClassifier):
    def fit(self, X, y):
        raise OSError("<no> luck")


def read(comparison, path, **options):
    comparison.to_html(path, **options)
    page = Checked()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert page.open == []
    return page, " ".join(" ".join(page.text).split())


@pytest.fixture(scope="module")
def comparison():
    detectors = {
        "<logistic>": LogisticRegression(),
        "ridge": RidgeClassifier(),
        "CNN": CNNDetector(image_size=16, max_epochs=2, random_state=0),
        "broken": Broken(),
    }
    test = np.concatenate([ROWS[80:], ROWS[:3]]), np.concatenate([Y[80:], Y[:3]])
    with pytest.warns(UserWarning, match="to the pixel"):
        found = compare_detectors(
            detectors, ROWS[:80], Y[:80], test=test, target_names=NAMES
        )
    return replace(found, title="Simulated & small")


def test_a_page_holds_everything_and_needs_nothing_else(comparison, tmp_path):
    page, text = read(comparison, tmp_path / "report.html")
    # Links within a picture begin with #; pixels of images stand in the page itself.
    assert all(link.startswith(("#", "data:image/png")) for link in page.links)
    assert not {"script", "link", "iframe"} & set(page.seen)
    for heading in (
        "Simulated & small",
        "Metrics",
        "Differences",
        "Without the images that leak",
        "Curves",
        "Confident mistakes",
        "Training",
        "Data",
        "How it was made",
    ):
        assert heading in text
    assert "Damaged images" not in text
    row = comparison.table.loc["<logistic>"]
    shown = (f"{100 * row[f'accuracy{end}']:.1f}" for end in ("", "_low", "_high"))
    accuracy, low, high = shown
    assert f"{accuracy} [{low}, {high}]" in text
    assert "McNemar's test" in text
    assert "broken failed: OSError: <no> luck" in text
    assert "recall <FAKE>" in text
    assert comparison.warnings[0] in text
    assert "LogisticRegression()" in text
    assert f"numpy {np.__version__}" in text


def test_a_page_has_a_picture_for_each_display(comparison, tmp_path):
    before = plt.get_fignums()
    page, _ = read(comparison, tmp_path / "report.html")
    # ROC, precision and recall, reliability, confusion, mistakes, training.
    assert page.seen.count("svg") == 6
    assert plt.get_fignums() == before


def test_pictures_have_the_colours_of_the_page(comparison, tmp_path):
    comparison.to_html(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    pictures = page[page.index("<svg") :]
    assert "currentColor" in pictures
    assert "#000000" not in pictures
    assert "#ffffff" not in pictures
    assert "prefers-color-scheme: dark" in page
    assert "width=device-width" in page


def test_damage_and_other_sections_are_shown(comparison, tmp_path):
    robustness = evaluate_robustness(
        {"<logistic>": comparison.detectors["<logistic>"]},
        ROWS[80:],
        Y[80:],
        corruptions={"blur": [1, 2]},
    )
    page, text = read(
        comparison,
        tmp_path / "report.html",
        robustness=robustness,
        sections={"A & B": "<p>more</p>"},
    )
    assert page.seen.count("svg") == 7
    assert "Damaged images" in text
    assert text.index("A & B") < text.index("Metrics")


def test_folds_seeds_and_several_classes_make_a_page_too(tmp_path):
    y = np.array(["real", "gan", "diffusion"])[np.arange(len(X)) % 3]
    detectors = {"one": LogisticRegression(), "two": DummyClassifier(strategy="prior")}
    found = compare_detectors(detectors, ROWS, y, cv=2, seeds=[0, 1])
    _, text = read(found, tmp_path / "report.html")
    assert "mean ± standard deviation over the 2 seeds and folds" in text
    assert "±" in text[text.index("Metrics") :]


def test_where_all_failed_the_page_says_so(tmp_path):
    found = compare_detectors({"broken": Broken()}, ROWS, Y, cv=2)
    page, text = read(found, tmp_path / "report.html")
    assert "svg" not in page.seen
    assert "broken failed" in text


def test_a_page_that_can_not_be_made_leaves_the_old_one(
    comparison, tmp_path, monkeypatch
):
    path = tmp_path / "report.html"
    path.write_text("old")
    monkeypatch.setattr(plt, "close", lambda figure: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        comparison.to_html(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
