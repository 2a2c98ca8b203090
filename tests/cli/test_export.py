import pytest

from skfake import CompactDetector, SVMDetector, load_detector, save_detector
from skfake.datasets import make_images
from tests.cli.helpers import assert_one_line


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with a saved network and a saved machine."""
    folder = tmp_path_factory.mktemp("export")
    X, y = make_images(n_samples=40, return_X_y=True, random_state=0)
    network = CompactDetector(n_filters=(4, 4), max_epochs=1, random_state=0)
    save_detector(network.fit(X, y), folder / "network.skfake")
    save_detector(SVMDetector().fit(X, y), folder / "machine.skfake")
    return folder


def test_a_network_is_written_as_onnx(run, models, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    output = tmp_path / "network.onnx"
    code, out, err = run("export", models / "network.skfake", "--output", output)
    assert (code, out, err) == (0, "", f"The network is in {output}.\n")
    X, _ = make_images(n_samples=8, return_X_y=True, random_state=1)
    session = onnxruntime.InferenceSession(output)
    (found,) = session.run(["probabilities"], {"images": X})
    expected = load_detector(models / "network.skfake").predict_proba(X)
    assert found == pytest.approx(expected, abs=1e-4)
    result = run("export", models / "network.skfake", "--output", output)
    assert_one_line(result, "exists. Use --force")


@pytest.mark.parametrize(
    ("model", "output", "words"),
    [
        ("machine.skfake", "x.onnx", ["MODEL must be a fitted CNNDetector", "SVM"]),
        ("network.skfake", "x.pt", ["--output must end in .onnx; got 'x.pt'"]),
        ("network.skfake", "none/x.onnx", ["--output must be in a folder"]),
        ("none.skfake", "x.onnx", ["MODEL must be a file"]),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    run, models, tmp_path, monkeypatch, model, output, words
):
    monkeypatch.chdir(tmp_path)
    assert_one_line(run("export", models / model, "--output", output), *words)
    assert list(tmp_path.iterdir()) == []
