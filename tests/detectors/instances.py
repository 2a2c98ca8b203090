"""Every public detector, in settings small enough for tests."""

from skfake import CNNDetector, SVMDetector

DETECTORS = {
    "SVM": SVMDetector(engine="scikit-learn"),
    "SVM with probabilities": SVMDetector(engine="scikit-learn", probability=True),
    "CNN": CNNDetector(
        image_size=16,
        max_epochs=6,
        batch_size=8,
        lr=0.005,
        device="cpu",
        random_state=0,
    ),
}
