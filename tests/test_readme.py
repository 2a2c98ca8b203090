"""Metrics in the README are those that the benchmarks wrote."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import (
    comparison_overhead,
    paper_report,
    predict_speed,
    reproduce_paper,
    svm_engines,
    training_speed,
)

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STUDY = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")
COMPARING = (ROOT / "docs" / "comparing.rst").read_text(encoding="utf-8")
COMMAND_LINE = (ROOT / "docs" / "command_line.rst").read_text(encoding="utf-8")


BENCHMARKS = [reproduce_paper, svm_engines, training_speed]


@pytest.mark.parametrize(
    ("text", "benchmark", "to_markdown"),
    [
        *((README, benchmark, benchmark.to_markdown) for benchmark in BENCHMARKS),
        (STUDY, reproduce_paper, reproduce_paper.to_full_markdown),
    ],
)
def test_figures_are_those_that_the_benchmark_wrote(text, benchmark, to_markdown):
    found = json.loads(benchmark.RESULT.read_text())
    shown = text.partition(f"<!-- benchmarks/{benchmark.RESULT.stem}.py -->\n")[2]
    assert shown.partition("\n<!-- end -->")[0] == to_markdown(found)


def test_the_report_s_table_is_that_of_its_json():
    report = json.loads(reproduce_paper.RESULT.read_text())["report"]
    shown = README.partition("<!-- benchmarks/paper_report.py -->\n")[2]
    assert shown.partition("\n<!-- end -->")[0] == paper_report.to_markdown(report)
    page = reproduce_paper.RESULT.with_suffix(".html").read_text(encoding="utf-8")
    row = report["table"][0]
    assert f"{100 * row['accuracy']:.1f} [{100 * row['accuracy_low']:.1f}, " in page


def test_the_report_is_of_the_study_s_five_and_of_damaged_images():
    report = json.loads(reproduce_paper.RESULT.read_text())["report"]
    names = [row["detector"] for row in report["table"]]
    assert set(reproduce_paper.STUDY) <= set(names)
    assert "378 of them to the pixel" in " ".join(report["warnings"])
    assert report["damaged"]["n_images"] >= 500


def test_a_comparison_is_spent_in_the_detectors():
    found = json.loads(comparison_overhead.RESULT.read_text())
    assert (found["n_images"], len(found["detectors"])) == (20_000, 5)
    assert found["share"] >= 0.95
    assert " ".join(comparison_overhead.to_text(found).split()) in " ".join(
        COMPARING.split()
    )


def test_files_are_screened_at_nearly_the_speed_of_the_network():
    found = json.loads(predict_speed.RESULT.read_text())
    assert found["n_images"] == 10_000
    text = " ".join(predict_speed.to_text(found).split())
    assert text in " ".join(COMMAND_LINE.split())
    for row in found["detectors"]:
        assert row["times_one_by_one"] >= 3


def test_both_engines_of_the_svm_give_the_same_labels():
    found = json.loads(svm_engines.RESULT.read_text())
    assert found["same_labels"] >= 0.999
    assert found["n_test"] == 20_000


def test_the_study_s_figures_are_reproduced():
    metrics = run_of("SVM", recipe="study")["metrics"]
    assert metrics["accuracy"] == pytest.approx(0.815, abs=0.003)
    assert metrics["roc_auc"] == pytest.approx(0.897, abs=0.003)
    cnn = run_of("CNN", recipe="study")["metrics"]
    assert cnn["accuracy"] >= reproduce_paper.STUDY["CNN"]["accuracy"]


@pytest.mark.parametrize("name", ["CNN", "ResNet", "VGGNet", "DenseNet"])
def test_our_networks_do_what_the_study_s_did_or_better(name):
    accuracy = run_of(name)["metrics"]["accuracy"]
    assert accuracy >= reproduce_paper.STUDY[name]["accuracy"]


def test_our_small_network_beats_the_study_s_best_in_ten_minutes_without_a_gpu():
    run = run_of("Compact")
    assert (run["device"], run["machine"]["n_cpus"]) == ("cpu", 2)
    assert run["metrics"]["accuracy"] >= reproduce_paper.STUDY["DenseNet"]["accuracy"]
    assert run["fit_seconds"] <= 600


def run_of(name, recipe="skfake"):
    """The run of a detector on all of CIFAKE."""
    runs = json.loads(reproduce_paper.RESULT.read_text())["runs"]
    (run,) = (
        run
        for run in runs
        if (run["detector"], run["recipe"], run["limit"]) == (name, recipe, None)
    )
    return run


def test_every_file_that_the_readme_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists()
    for path in re.findall(r"`((?:benchmarks|docs)/[\w./]+)`", README):
        assert (ROOT / path).exists()


def test_training_is_nearly_as_fast_as_the_bare_loop_and_several_times_the_usual():
    rows = json.loads(training_speed.RESULT.read_text())["networks"]
    assert all(row["share_of_bare"] >= 0.8 for row in rows)
    times = {row["network"]: row["times_plain"] for row in rows}
    assert times["ResNet-50"] >= 3
    assert min(times.values()) >= 2
