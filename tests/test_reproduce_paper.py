"""The benchmark that sets our metrics beside the study's, on a tiny CIFAKE."""

import hashlib
import json
import shutil
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.metrics import average_precision_score, roc_auc_score
from skorch.callbacks import PrintLog

import skfake
from benchmarks import paper_report, reproduce_paper
from skfake.datasets import make_images

N_TRAIN, N_TEST, N_PLANTED = 60, 40, 3


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A folder in CIFAKE's layout; three of its test images are training images."""
    folder = tmp_path_factory.mktemp("cifake")
    images = make_images(N_TRAIN + N_TEST, random_state=0)
    for i, (image, fake) in enumerate(zip(images.data, images.target, strict=True)):
        part = "train" if i < N_TRAIN else "test"
        file = folder / part / images.target_names[fake] / f"{i:04}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(file, quality=95)
    train, test = (sorted(folder.glob(f"{part}/FAKE/*")) for part in ("train", "test"))
    for original, copy in zip(train[-N_PLANTED:], test[:N_PLANTED], strict=True):
        shutil.copy(original, copy)
    return folder


@pytest.fixture(scope="module")
def start(source, tmp_path_factory):
    """Start the script; its exit code and what it wrote come back."""
    home = tmp_path_factory.mktemp("results")

    def call(name, *options):
        file = home / f"{name}.json"
        where = ["--output", str(file), "--checkpoints", str(home / name)]
        if "--damaged" not in options:
            where += ["--damaged", "0"]
        code = reproduce_paper.main([str(source), *where, *options])
        text = file.read_text() if file.exists() else "{}"
        return SimpleNamespace(code=code, file=file, text=text, found=json.loads(text))

    return call


@pytest.fixture
def unkept(monkeypatch):
    """Keep no comparison: classes of a test can't be pickled."""
    monkeypatch.setattr(paper_report, "keep", lambda found, checkpoint: None)


QUICK = ("--detectors", "SVM", "CNN", "--epochs", "1")


@pytest.fixture(scope="module")
def quick(start):
    """What came of the study's SVM and CNN."""
    done = start("quick", *QUICK)
    assert done.code == 0
    return done


def plan(*options):
    arguments = reproduce_paper.make_parser().parse_args(["SOURCE", *options])
    plans = reproduce_paper.plan_runs(arguments)
    return {settings["detector"]: (settings, detector) for settings, detector in plans}


# What is written


def test_a_run_tells_what_its_figures_depend_on(quick):
    svm, cnn = quick.found["runs"]
    assert (svm["detector"], svm["class"]) == ("SVM", "SVMDetector")
    assert (svm["epochs"], svm["history"]) == (None, {})
    assert (cnn["detector"], cnn["class"]) == ("CNN", "CNNDetector")
    assert (cnn["epochs"], cnn["recipe_epochs"]) == (1, 25)
    assert len(cnn["history"]["train_accuracy"]) == 1
    assert cnn["params"]["lr"] == 0.01
    assert cnn["precision"] in ("float32", "bfloat16")
    for run in (svm, cnn):
        assert (run["recipe"], run["seed"], run["limit"]) == ("study", 0, None)
        assert (run["n_train"], run["n_test"]) == (N_TRAIN, N_TEST)
        assert run["params"]["random_state"] == 0
        assert min(run["fit_seconds"], run["predict_seconds"]) > 0
        assert run["versions"]["skfake"] == skfake.__version__
        assert run["machine"]["n_cpus"]


def test_the_file_tells_the_images_and_the_study_but_no_path(quick, source):
    found = quick.found
    assert found["study"] == reproduce_paper.STUDY
    assert found["data"]["n_train"] == N_TRAIN
    assert found["data"]["n_test"] == N_TEST
    assert len(found["data"]["fingerprint"]) == 64
    assert str(source.parent.parent) not in quick.text


def test_a_confusion_matrix_has_a_row_for_each_actual_class_and_fake_first(
    quick, source
):
    n_fake = len(list(source.glob("test/FAKE/*")))
    for run in quick.found["runs"]:
        (found, missed), (accused, cleared) = run["confusion_matrix"]
        assert (found + missed, accused + cleared) == (n_fake, N_TEST - n_fake)
        metrics = run["metrics"]
        assert metrics["recall_FAKE"] == pytest.approx(found / n_fake)
        assert metrics["precision_REAL"] == pytest.approx(cleared / (missed + cleared))
        assert metrics["recall_REAL"] == pytest.approx(cleared / (accused + cleared))
        assert metrics["accuracy"] == pytest.approx((found + cleared) / N_TEST)


def test_average_precision_is_told_of_both_classes():
    rng = np.random.default_rng(0)
    target = np.repeat([0, 1], [30, 10])
    score = target + rng.normal(size=40)
    table = {"target": target, "prediction": target, "score": score}
    metrics = reproduce_paper.metrics_of(pd.DataFrame(table))
    assert metrics["average_precision"] == average_precision_score(target, score)
    real = average_precision_score(1 - target, -score)
    assert metrics["average_precision_REAL"] == real != metrics["average_precision"]
    assert metrics["roc_auc"] == roc_auc_score(target, score)


# Leaks


def test_the_leaked_images_are_counted(quick):
    assert quick.found["data"]["n_leaked"] == N_PLANTED
    assert {run["n_leaked"] for run in quick.found["runs"]} == {N_PLANTED}


def test_the_leaked_images_take_no_part_in_the_metrics_without_leaks():
    target = np.array([0, 0, 1, 1, 1, 1])
    prediction = np.array([0, 1, 1, 1, 0, 0])
    table = {"target": target, "prediction": prediction, "score": prediction - 0.5}
    leaked = np.array([False, False, True, True, False, False])
    found = reproduce_paper.judge(pd.DataFrame(table), leaked)
    assert found["n_leaked"] == 2
    assert found["metrics"]["accuracy"] == 0.5
    assert found["metrics"]["recall_FAKE"] == 0.5
    assert found["metrics_without_leaks"]["accuracy"] == 0.25
    assert found["metrics_without_leaks"]["recall_FAKE"] == 0
    assert found["confusion_matrix"] == [[2, 2], [1, 1]]


def test_a_detector_that_remembers_is_found_out(start, monkeypatch, unkept):
    class Memory(skfake.SVMDetector):
        def fit(self, X, y):
            self.seen_ = {image.tobytes() for image in X[y == 1]}
            return super().fit(X, y)

        def decision_function(self, X):
            return np.array([image.tobytes() in self.seen_ for image in X]) - 0.5

        def predict(self, X):
            return (self.decision_function(X) > 0).astype(int)

    monkeypatch.setattr(skfake, "paper_detectors", lambda: {"SVM": Memory()})
    (run,) = start("memory", "--detectors", "SVM").found["runs"]
    assert run["metrics"]["recall_FAKE"] > 0
    assert run["metrics_without_leaks"]["recall_FAKE"] == 0


def test_a_limit_draws_both_classes_and_is_written(start, source, capsys):
    limited = start("limited", "--limit", "20", "--detectors", "SVM")
    (run,) = limited.found["runs"]
    assert (run["limit"], run["n_train"], run["n_test"]) == (20, 20, 20)
    n_fake = len(list(source.glob("test/FAKE/*")))
    assert sum(run["confusion_matrix"][0]) == pytest.approx(20 * n_fake / 40, abs=1)
    assert limited.found["data"]["n_train"] == N_TRAIN
    assert capsys.readouterr().out.startswith("A QUICK LOOK, 20 images of a ")


def test_a_limit_may_be_more_than_a_part_has(start):
    (run,) = start("half", "--limit", "50", "--detectors", "SVM").found["runs"]
    assert (run["n_train"], run["n_test"]) == (50, N_TEST)


def test_a_quick_look_does_not_change_the_table_of_whole_runs(quick):
    found = quick.found
    runs = [{**run, "limit": limit} for run in found["runs"] for limit in (20, None)]
    table = reproduce_paper.to_markdown({**found, "runs": runs})
    assert table == reproduce_paper.to_markdown(found)
    assert reproduce_paper.to_markdown({**found, "runs": runs}, 20) != table


def test_a_loss_that_left_all_bounds_is_null(start, monkeypatch, unkept):
    class Diverged(skfake.SVMDetector):
        history_: ClassVar = {"train_loss": [np.inf, np.nan], "seconds": [1.0, 1.0]}
        net_ = SimpleNamespace(device="cpu", precision="float32")

    monkeypatch.setattr(skfake, "paper_detectors", lambda: {"SVM": Diverged()})
    (run,) = start("diverged", "--detectors", "SVM").found["runs"]
    assert run["history"] == {"train_loss": [None, None], "seconds": [1, 1]}


def test_a_fit_takes_all_its_epochs_though_it_went_on_from_a_checkpoint(
    start, monkeypatch, unkept
):
    class Resumed(skfake.SVMDetector):
        history_: ClassVar = {"seconds": [1000.0, 500.0]}
        net_ = SimpleNamespace(device="cpu", precision="float32")

    monkeypatch.setattr(skfake, "paper_detectors", lambda: {"SVM": Resumed()})
    (run,) = start("resumed", "--detectors", "SVM").found["runs"]
    assert run["fit_seconds"] == 1500


# A second start


def test_a_second_start_repeats_nothing(quick, start, monkeypatch):
    monkeypatch.setattr(reproduce_paper, "load_images", None)
    assert start("quick", *QUICK).text == quick.text


@pytest.mark.parametrize(
    "options", [["--seed", "1"], ["--limit", "20"], ["--recipe", "skfake"]]
)
def test_other_settings_are_another_run(quick, start, options):
    shutil.copy(quick.file, quick.file.with_name("others.json"))
    found = start("others", "--detectors", "SVM", *options).found
    assert len(found["runs"]) == 3
    assert found["runs"][:2] == quick.found["runs"]


def test_again_trains_anew_and_replaces_the_run(start, monkeypatch):
    options = ("--detectors", "CNN", "--epochs", "1")
    (before,) = start("again", *options).found["runs"]
    run, checkpoints = reproduce_paper.run, []

    def watch(plan, detector, images, checkpoint):
        checkpoints.append(checkpoint.exists())
        done = run(plan, detector, images, checkpoint)
        checkpoints.append(checkpoint.exists())
        return done

    monkeypatch.setattr(reproduce_paper, "run", watch)
    (after,) = start("again", *options, "--again").found["runs"]
    assert checkpoints == [False, True]
    assert after["fit_seconds"] != before["fit_seconds"]
    assert after["metrics"] == before["metrics"]


def test_trainings_share_no_folder_of_checkpoints(start, monkeypatch):
    folders = []
    monkeypatch.setattr(
        reproduce_paper, "run", lambda *arguments: folders.append(arguments[-1])
    )
    for seed in ("0", "0", "1"):
        start("folders", *QUICK, "--seed", seed)
    assert folders[:2] == folders[2:4]
    assert len(set(folders)) == 4


def test_an_interrupted_training_is_taken_up(start, monkeypatch, capsys):
    class Interrupt(PrintLog):
        def on_epoch_begin(self, net, **kwargs):
            if len(net.history) == 2:
                raise KeyboardInterrupt

    options = ("--detectors", "CNN", "SVM", "--epochs", "3")
    with monkeypatch.context() as patch:
        patch.setattr(reproduce_paper, "PrintLog", Interrupt)
        stopped = start("stopped", *options)
    assert (stopped.code, stopped.found) == (130, {})
    assert "goes on from here" in capsys.readouterr().err
    run, _ = start("stopped", *options).found["runs"]
    assert (run["detector"], run["epochs"]) == ("CNN", 3)
    assert run["fit_seconds"] >= sum(run["history"]["seconds"])
    rows = [line.split()[:1] for line in capsys.readouterr().err.splitlines()]
    assert [row for row in rows if row in (["1"], ["2"], ["3"])] == [["2"], ["3"]]


def test_a_failure_spoils_no_other_run(quick, start, capsys):
    failed = start("failed", *QUICK, "--device", "abacus")
    assert failed.code == 1
    assert [run["detector"] for run in failed.found["runs"]] == ["SVM"]
    assert "CNN failed: ValueError: device must be" in capsys.readouterr().err


def test_runs_on_other_images_are_kept_apart(quick, start, capsys):
    file = quick.file.with_name("foreign.json")
    data = {**quick.found["data"], "fingerprint": "0" * 64}
    file.write_text(json.dumps({**quick.found, "data": data}))
    with pytest.raises(SystemExit, match="2"):
        start("foreign", *QUICK)
    assert "--output must be of the same images" in capsys.readouterr().err


# Recipes and weights


def test_the_recipe_of_the_study_is_that_of_paper_detectors():
    for name, detector in skfake.paper_detectors().items():
        settings, planned = plan()[name]
        expected = detector.set_params(random_state=0).get_params()
        # What `augment` holds stands beside it, as `augment__crop` and others.
        operational = {"n_jobs", "callbacks", "augment"}
        assert {
            k: v for k, v in planned.get_params().items() if k not in operational
        } == {k: v for k, v in expected.items() if k not in operational}
        assert settings["recipe"] == "study"


def test_our_recipe_is_that_of_the_classes():
    planned = plan("--recipe", "skfake")
    assert list(planned) == list(reproduce_paper.NAMES)
    for name, (settings, detector) in planned.items():
        usual = type(detector)(**reproduce_paper.OWN.get(name, {}))
        usual = usual.set_params(random_state=0).get_params()
        assert (
            settings["params"].items()
            <= json.loads(
                json.dumps({k: v for k, v in usual.items() if k != "callbacks"})
            ).items()
        )
    assert all(
        type(planned[name][1]) is skfake.CompactDetector for name in reproduce_paper.OWN
    )


def test_the_study_has_no_compact_detector():
    with pytest.raises(ValueError, match="--recipe must be skfake for Compact"):
        plan("--detectors", "Compact")


@pytest.fixture
def weights(tmp_path):
    for name in (
        "resnet50_imagenet.safetensors",
        "vgg16_features.pt",
        "vgg16_bn-6c.pth",
    ):
        (tmp_path / name).write_text(name)
    (tmp_path / "densenet121.txt").write_text("notes")
    return tmp_path


def test_a_folder_gives_weights_by_the_names_of_its_files(weights):
    planned = plan("--weights", str(weights))
    expected = {
        "ResNet": "resnet50_imagenet.safetensors",
        "VGGNet": "vgg16_features.pt",
        "DenseNet": None,
    }
    for name, file in expected.items():
        settings, detector = planned[name]
        assert detector.weights == (file and str(weights / file))
        digest = file and hashlib.sha256(file.encode()).hexdigest()
        described = file and {"file": file, "sha256": digest}
        assert settings["params"]["weights"] == described
    assert "weights" not in planned["SVM"][0]["params"]
    _, vgg = plan("--weights", str(weights), "--recipe", "skfake")["VGGNet"]
    assert vgg.batch_norm
    assert vgg.weights == str(weights / "vgg16_bn-6c.pth")
    (weights / "vgg16_bn-6c.pth").unlink()
    _, vgg = plan("--weights", str(weights), "--recipe", "skfake")["VGGNet"]
    assert not vgg.batch_norm
    assert vgg.weights == str(weights / "vgg16_features.pt")


def test_two_files_for_a_network_are_refused(weights):
    (weights / "resnet50.pth").touch()
    with pytest.raises(ValueError, match="one file for resnet50; got 2"):
        plan("--weights", str(weights))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "imagenet"),
        (["--weights", "none"], None),
        (["--weights", "imagenet"], "imagenet"),
    ],
)
def test_weights_are_those_of_the_recipe_unless_it_is_said_otherwise(options, expected):
    planned = plan(*options)
    for name in ("ResNet", "VGGNet", "DenseNet"):
        assert planned[name][1].weights == expected
        assert planned[name][0]["params"]["weights"] == expected


def test_a_folder_that_is_not_there_is_a_line(start, capsys):
    with pytest.raises(SystemExit, match="2"):
        start("nowhere", "--weights", "nowhere")
    assert "nowhere" in capsys.readouterr().err


# What is shown


def rows_of(table):
    lines = [line for line in table.splitlines() if line.startswith("|")]
    header, _, *rows = (
        [cell.strip() for cell in line[1:-1].split("|")] for line in lines
    )
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_the_table_sets_our_figures_beside_the_study_s(quick):
    svm, cnn = quick.found["runs"]
    table = reproduce_paper.to_markdown(quick.found)
    assert table.startswith("CIFAKE: 60 training, 40 test images, 3 in both.\n\n")
    row, other = rows_of(table)
    accuracy = svm["metrics"]["accuracy"]
    assert row["accuracy"] == f"{accuracy:.2%}"
    assert row["the study's"] == "81.43%"
    assert row["difference"] == f"{100 * accuracy - 81.43:+.2f}"
    better = {**svm, "metrics": {**svm["metrics"], "accuracy": 0.9}}
    (row_of_better,) = rows_of(
        reproduce_paper.to_markdown({**quick.found, "runs": [better]})
    )
    assert row_of_better["difference"] == "+8.57"
    assert row["the study's ROC-AUC"] == "0.8958"
    assert row["ROC-AUC"] == f"{svm['metrics']['roc_auc']:.4f}"
    clean = cnn["metrics_without_leaks"]["accuracy"]
    assert other["accuracy without leaks"] == f"{clean:.2%}"
    assert (row["weights"], row["epochs"], other["epochs"]) == ("-", "-", "1 of 25")
    assert table.splitlines()[-1].startswith(
        "SVM (study, seed 0), CNN (study, seed 0): "
    )


def test_the_table_says_which_networks_had_weights(quick):
    cnn = quick.found["runs"][1]
    given = {None: "none", "imagenet": "imagenet"}
    for weights, shown in [*given.items(), ({"file": "a.pt", "sha256": "0"}, "a.pt")]:
        run = {**cnn, "params": {**cnn["params"], "weights": weights}}
        table = reproduce_paper.to_markdown({**quick.found, "runs": [run]})
        assert rows_of(table)[0]["weights"] == shown


def test_what_the_study_lacks_has_no_figures_of_it(quick):
    run = {**quick.found["runs"][1], "detector": "Compact", "recipe": "skfake"}
    found = {**quick.found, "runs": [run, *quick.found["runs"]]}
    rows = rows_of(reproduce_paper.to_markdown(found))
    assert [row["detector"] for row in rows] == ["SVM", "CNN", "Compact"]
    assert rows[-1]["the study's"] == rows[-1]["difference"] == "-"
    assert len(rows_of(reproduce_paper.to_full_markdown(found))) == 5


def test_the_whole_table_has_a_row_of_the_study_below_ours(quick):
    ours, study, *_ = rows_of(reproduce_paper.to_full_markdown(quick.found))
    metrics = quick.found["runs"][0]["metrics"]
    assert ours["recall_REAL"] == f"{metrics['recall_REAL']:.2f}"
    assert ours["average_precision_REAL"] == f"{metrics['average_precision_REAL']:.4f}"
    assert list(study.values()) == [
        "the study",
        *("0.82", "0.80", "0.81", "0.81", "0.83", "0.82"),
        *("81.43%", "0.8958", "0.8907", "-"),
    ]


def test_the_curves_are_drawn_the_same_twice(quick, tmp_path):
    files = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for file in files:
        reproduce_paper.draw_curves(quick.found, file)
    one, two = (file.read_text() for file in files)
    assert one == two
    assert "CNN, train" in one
    assert "SVM" not in one
    assert "CNN, valid" not in one
    assert quick.file.with_suffix(".svg").read_text() == one


def test_a_quick_look_draws_no_curves(start):
    done = start("undrawn", *QUICK, "--limit", "20")
    assert done.found["runs"]
    assert not done.file.with_suffix(".svg").exists()


# The report


@pytest.fixture(scope="module")
def reported(quick, start):
    """A second start, which has nothing to train, with damaged images."""
    done = start("quick", *QUICK, "--damaged", "20")
    assert done.code == 0
    return done


def test_a_report_shows_the_study_s_tables_beside_ours(reported):
    page = reported.file.with_suffix(".html").read_text(encoding="utf-8")
    for words in (
        "Table II of the study: SVM. In %.",
        "Table III of the study: CNN. In %.",
        "ours without leaks",
        "the study: called FAKE",
        "<td>8020</td>",
        "81.43",
        "Damaged images",
    ):
        assert words in page
    assert "Table IV" not in page
    assert str(reported.file.parent) not in page


def test_a_report_is_of_all_runs_of_its_recipe(reported):
    runs = {run["detector"]: run for run in reported.found["runs"]}
    report = reported.found["report"]
    assert (report["recipe"], report["seed"], report["limit"]) == ("study", 0, None)
    assert [row["detector"] for row in report["table"]] == ["SVM", "CNN"]
    for row, kept in zip(report["table"], report["without_leaks"], strict=True):
        run = runs[row["detector"]]
        assert row["accuracy_low"] <= row["accuracy"] <= row["accuracy_high"]
        assert row["accuracy"] == run["metrics"]["accuracy"]
        assert row["fit_seconds"] == run["fit_seconds"]
        # Near copies leak too.
        assert kept["accuracy"] != row["accuracy"]
    assert len(report["differences"]) == 1
    assert report["damaged"]["n_images"] == 20
    conditions = {row["corruption"] for row in report["damaged"]["table"]}
    assert {"clean", "jpeg", "webp", "blur", "noise", "crop"} <= conditions


def test_the_table_of_the_report_is_made_from_its_json(reported):
    table = paper_report.to_markdown(reported.found["report"])
    header, _, svm, cnn, _, notes = table.splitlines()
    assert header == "| detector | accuracy | without leaks |"
    assert svm.startswith("| SVM | ")
    row = reported.found["report"]["table"][1]
    assert f"| CNN | {100 * row['accuracy']:.1f} [" in cnn
    assert notes.startswith("Accuracy in %, with intervals of 95% (1,000 resamples).")


def test_without_what_was_kept_there_is_no_report(start, source):
    done = start("forgotten", "--detectors", "SVM")
    done.file.with_suffix(".html").unlink()
    shutil.rmtree(done.file.with_suffix(""))
    again = start("forgotten", "--detectors", "SVM")
    assert again.code == 0
    assert not done.file.with_suffix(".html").exists()
