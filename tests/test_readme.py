"""Figures in the README are those that the benchmarks wrote."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import (
    compare_cifake,
    reproduce_paper,
    svm_engines,
    training_speed,
)

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STUDY = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")


BENCHMARKS = [compare_cifake, reproduce_paper, svm_engines, training_speed]


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


def test_both_engines_of_the_svm_give_the_same_labels():
    found = json.loads(svm_engines.RESULT.read_text())
    assert found["same_labels"] >= 0.999
    assert found["n_test"] == 20_000


def test_the_study_s_figures_are_reproduced():
    found = json.loads(compare_cifake.RESULT.read_text())
    table = {row["detector"]: row for row in found["table"]}
    assert table["SVM"]["accuracy"] == pytest.approx(0.815, abs=0.003)
    assert table["SVM"]["roc_auc"] == pytest.approx(0.897, abs=0.003)
    assert table["SVM"]["fit_seconds"] < 240
    assert table["CNN"]["accuracy"] >= compare_cifake.STUDY["CNN"]["accuracy"]


def test_every_file_that_the_readme_links_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists()
    for path in re.findall(r"`((?:benchmarks|docs)/[\w./]+)`", README):
        assert (ROOT / path).exists()


@pytest.mark.parametrize("name", ["ResNet", "VGGNet", "DenseNet"])
def test_our_networks_do_what_the_study_s_did_or_better(name):
    found = json.loads(reproduce_paper.RESULT.read_text())
    accuracies = [
        run["figures"]["accuracy"]
        for run in found["runs"]
        if (run["detector"], run["recipe"], run["limit"]) == (name, "skfake", None)
    ]
    assert max(accuracies) >= found["study"][name]["accuracy"]


def test_our_small_network_beats_the_study_s_best_in_ten_minutes_without_a_gpu():
    found = json.loads(reproduce_paper.RESULT.read_text())
    run = next(run for run in found["runs"] if run["detector"] == "Compact")
    assert (run["limit"], run["device"], run["machine"]["n_cpus"]) == (None, "cpu", 2)
    assert run["figures"]["accuracy"] >= found["study"]["DenseNet"]["accuracy"]
    assert run["fit_seconds"] <= 600


def test_training_is_nearly_as_fast_as_the_bare_loop_and_several_times_the_usual():
    rows = json.loads(training_speed.RESULT.read_text())["networks"]
    assert all(row["share_of_bare"] >= 0.8 for row in rows)
    times = {row["network"]: row["times_plain"] for row in rows}
    assert times["ResNet-50"] >= 3
    assert min(times.values()) >= 2
