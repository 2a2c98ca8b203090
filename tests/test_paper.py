from skfake import paper_detectors

PRETRAINED = ("ResNet", "VGGNet", "DenseNet")


def test_the_detectors_are_the_study_s():
    kinds = {name: type(d).__name__ for name, d in paper_detectors().items()}
    assert kinds == {
        "SVM": "SVMDetector",
        "CNN": "CNNDetector",
        "ResNet": "ResNetDetector",
        "VGGNet": "VGGDetector",
        "DenseNet": "DenseNetDetector",
    }


def test_the_svm_has_the_recipe_that_gives_the_study_s_figures():
    params = paper_detectors()["SVM"].get_params()
    expected = {"image_size": 32, "orientations": 9, "pixels_per_cell": 8}
    expected |= {"cells_per_block": 3, "C": 1.0, "gamma": "scale", "kernel": "rbf"}
    assert params | expected == params


def test_the_cnn_is_trained_as_the_study_s():
    params = paper_detectors()["CNN"].get_params()
    expected = {"image_size": 32, "grayscale": True, "n_filters": 32}
    expected |= {"optimizer": "adam", "lr": 0.01, "schedule": None, "weight_decay": 0}
    expected |= {"max_epochs": 25, "batch_size": 64}
    assert params | expected == params
    assert paper_detectors()["CNN"]._find_augmentation() is None


def test_the_pretrained_networks_are_trained_as_the_study_s():
    for name in PRETRAINED:
        params = paper_detectors()[name].get_params()
        expected = {"weights": "imagenet", "trainable": "all", "image_size": 32}
        expected |= {"augment__crop": "resized", "augment__flip": True}
        expected |= {"augment__average_flips": False}
        expected |= {"optimizer": "adam", "lr": 0.001, "schedule": "steps"}
        expected |= {"weight_decay": 0, "label_smoothing": 0, "class_weight": None}
        assert params | expected == params
    detectors = paper_detectors()
    assert detectors["ResNet"].depth == 50
    assert detectors["ResNet"].augment.crop_size == 24
    assert detectors["VGGNet"].augment.crop_size is None
    assert detectors["DenseNet"].augment.crop_size is None
    assert detectors["VGGNet"].n_hidden == 4096


def test_each_call_makes_new_detectors():
    first, second = paper_detectors(), paper_detectors()
    first["CNN"].set_params(lr=1.0)
    first["VGGNet"].set_params(augment__flip=False)
    assert second["CNN"].lr == 0.01
    assert first["DenseNet"].augment.flip
    assert second["VGGNet"].augment.flip
