import pytest
import torch

from skfake.training.device import resolve_precision

AMX = {"avx512_bf16": True, "amx_bf16": True, "sse4a": False}
INTEL = {"avx512_bf16": True, "amx_bf16": False, "sse4a": False}
ZEN4 = {"avx512_bf16": True, "amx_bf16": False, "sse4a": True}
ZEN3 = {"avx512_bf16": False, "sse4a": True}
ARM = {"neon": True, "bf16": True, "sve_bf16": True}


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        (AMX, "bfloat16"),
        (ZEN4, "bfloat16"),
        (INTEL, "float32"),
        (ZEN3, "float32"),
        (ARM, "float32"),
        ({}, "float32"),
    ],
)
def test_precision_follows_from_the_processor(features, expected, monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: features)
    assert resolve_precision("auto", "cpu") == expected
    assert resolve_precision("float32", "cpu") == "float32"
    assert resolve_precision("bfloat16", "cpu") == "bfloat16"


def test_precision_of_other_accelerators_is_float32():
    assert resolve_precision("auto", "mps") == "float32"
