import importlib.metadata
import json

from skfake.evaluation import provenance


def test_versions_are_those_installed():
    versions = provenance.describe_versions()
    assert versions["torch"] == importlib.metadata.version("torch")
    assert {"python", "skfake", "scikit-learn"} <= set(versions)


def test_packages_that_are_not_installed_are_left_out(monkeypatch):
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "no-such-package"))
    assert set(provenance.describe_versions()) == {"python", "skfake", "numpy"}


def test_the_machine_is_described_in_words_that_json_knows():
    machine = provenance.describe_machine()
    assert json.loads(json.dumps(machine)) == machine
    assert machine["processor"]
