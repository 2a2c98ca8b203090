import pytest
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline

from skfake import SVMDetector, evaluate_detectors
from skfake.datasets import make_images
from skfake.evaluation import evaluate_robustness

X, Y = make_images(60, image_size=32, return_X_y=True, random_state=0)
# Ten of its images are new to a detector that is fitted to the first 40.
X_TEST, Y_TEST = X[30:50], Y[30:50]


@pytest.fixture(scope="module")
def fitted():
    detector = SVMDetector().fit(X[:40], Y[:40])
    return {"SVM": detector, "chance": DummyClassifier().fit(X[:40], Y[:40])}


SAID = (
    "10 of 20 test images are among the training images of SVM, to the pixel; what "
    "they say is memory."
)


def test_test_images_that_were_trained_on_are_counted_and_listed(fitted):
    with pytest.warns(UserWarning, match=SAID) as caught:
        found = evaluate_detectors(fitted, X_TEST, Y_TEST)
    assert [w.filename for w in caught] == [__file__]
    assert found.warnings == [SAID]
    assert SAID in " ".join(str(found).split())
    assert found.leaks["image"].tolist() == list(range(10))
    assert found.leaks["train_image"].isna().all()
    assert found.leaks["exact"].all()


def test_without_leaks_only_new_images_are_left(fitted):
    with pytest.warns(UserWarning, match=SAID):
        found = evaluate_detectors(fitted, X_TEST, Y_TEST, random_state=0)
    new = evaluate_detectors(fitted, X[40:50], Y[40:50], random_state=0)
    kept = found.without_leaks()
    metrics = new.table.columns.drop("predict_seconds")
    assert kept.table[metrics].equals(new.table[metrics])
    assert "10 test images that leak are left out" in str(kept)


def test_where_all_were_trained_on_nothing_is_left_to_measure(fitted, tmp_path):
    with pytest.warns(UserWarning, match="20 of 20 test images"):
        found = evaluate_detectors(fitted, X[:20], Y[:20])
    kept = found.without_leaks()
    assert kept.table["accuracy"].isna().all()
    assert kept.predictions.empty
    found.to_html(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "20 of 20 test images are among the training images of SVM" in page


def test_a_detector_inside_another_estimator_is_asked(fitted):
    pipeline = make_pipeline(fitted["SVM"])
    with pytest.warns(UserWarning, match="training images of pipeline"):
        evaluate_detectors({"pipeline": pipeline}, X_TEST, Y_TEST)


def test_damage_hides_no_training_images(fitted):
    with pytest.warns(UserWarning, match=SAID):
        found = evaluate_robustness(
            fitted, X_TEST, Y_TEST, corruptions={"jpeg": [50]}, n_resamples=0
        )
    assert found.warnings == [SAID]
    assert SAID in " ".join(str(found).split())


def test_new_images_and_detectors_without_fingerprints_are_no_reason_to_warn(fitted):
    assert evaluate_detectors(fitted, X[40:], Y[40:]).warnings == []
    chance = {"chance": fitted["chance"]}
    assert evaluate_detectors(chance, X_TEST, Y_TEST).leaks.empty
