import importlib.metadata
import json

from skfake import environment


def test_versions_are_those_installed():
    versions = environment.describe_versions()
    assert versions["torch"] == importlib.metadata.version("torch")
    assert {"python", "skfake", "scikit-learn"} <= set(versions)


def test_packages_that_are_not_installed_are_left_out(monkeypatch):
    monkeypatch.setattr(environment, "PACKAGES", ("numpy", "no-such-package"))
    assert set(environment.describe_versions()) == {"python", "skfake", "numpy"}


def test_the_machine_is_described_in_words_that_json_knows():
    machine = environment.describe_machine()
    assert json.loads(json.dumps(machine)) == machine
    assert machine["processor"]
