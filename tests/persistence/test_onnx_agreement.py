"""Metrics of the export in the manual are those that the benchmark wrote."""

import json
from pathlib import Path

import pytest

pytest.importorskip("onnxruntime", reason="it comes with the extra onnx")

from benchmarks import onnx_agreement

PAGE = Path(__file__).parents[2] / "docs" / "onnx.rst"


def test_figures_are_those_that_the_benchmark_wrote():
    found = json.loads(onnx_agreement.RESULT.read_text())
    shown = PAGE.read_text().partition(".. benchmarks/onnx_agreement.py\n\n")[2]
    assert shown.partition("\n\n.. end")[0] == onnx_agreement.to_rst(found)


def test_every_detector_agrees_on_a_thousand_images():
    found = json.loads(onnx_agreement.RESULT.read_text())["detectors"]
    assert [row["detector"] for row in found] == list(onnx_agreement.DETECTORS)
    for row in found:
        assert row["n_images"] == 1000
        assert row["largest_difference"] < 1e-4
