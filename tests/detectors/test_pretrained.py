import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn.base import clone

from skfake import Augmentation, DenseNetDetector, ResNetDetector, VGGDetector
from skfake.networks import backbones

SETTINGS = {"max_epochs": 1, "batch_size": 16, "device": "cpu", "random_state": 0}
RESNET = ResNetDetector(depth=18, image_size=16, **SETTINGS)
VGG = VGGDetector(depth=11, **SETTINGS)
# Muon takes longer steps.
DENSENET = DenseNetDetector(image_size=29, optimizer="adamw", **SETTINGS)


def tensors_of(detector):
    return {
        name.partition(".")[2]: tensor.clone()
        for name, tensor in detector.net_.module_.state_dict().items()
        if name.startswith("1.")
    }


@pytest.fixture(scope="module")
def pretrained(stripes, tmp_path_factory):
    """A file of weights of a ResNet-18, as float16, for a thousand classes."""
    torch.manual_seed(5)
    network = backbones.resnet(1000, depth=18, stem="imagenet")
    tensors = {
        k: v.half() if v.is_floating_point() else v
        for k, v in network.state_dict().items()
    }
    path = tmp_path_factory.mktemp("weights") / "resnet18.safetensors"
    save_file(tensors, path)
    return path, tensors


@pytest.mark.parametrize("name", ["imagenet.safetensors", "weights.pt"])
def test_a_file_that_is_not_there_is_named(stripes, name):
    with pytest.raises(FileNotFoundError, match=name):
        clone(RESNET).set_params(weights=f"/nowhere/{name}").fit(*stripes)


def test_only_the_head_learns_on_request(stripes, pretrained):
    path, given = pretrained
    detector = clone(RESNET).set_params(weights=path, trainable="head")
    learned = tensors_of(detector.fit(*stripes))
    for name, tensor in given.items():
        if not name.startswith("fc.") and "num_batches" not in name:
            assert torch.equal(learned[name], tensor.float()), name
    assert learned["fc.weight"].shape == (2, 512)
    assert detector.predict(stripes[0]).shape == (40,)


def test_all_weights_learn_by_default(stripes, pretrained):
    path, given = pretrained
    learned = tensors_of(clone(RESNET).set_params(weights=str(path)).fit(*stripes))
    changed = [
        n
        for n, t in given.items()
        if t.ndim == 4 and n in learned and not torch.equal(learned[n], t.float())
    ]
    assert len(changed) == 20


def test_training_starts_from_the_weights(stripes, pretrained):
    path, given = pretrained
    detector = clone(RESNET).set_params(weights=path, lr=1e-9)
    learned = tensors_of(detector.fit(*stripes))
    assert torch.allclose(
        learned["conv1.weight"], given["conv1.weight"].float(), atol=1e-5
    )


def test_pretrained_networks_see_pixels_on_the_scale_of_imagenet(stripes, pretrained):
    layer = (
        clone(RESNET).set_params(weights=pretrained[0]).fit(*stripes).net_.module_[0]
    )
    assert np.allclose(layer.mean.ravel(), (0.485, 0.456, 0.406))
    assert np.allclose(layer.std.ravel(), (0.229, 0.224, 0.225))
    layer = clone(RESNET).fit(*stripes).net_.module_[0]
    assert np.allclose(layer.mean.ravel(), stripes[0].mean((0, 1, 2)) / 255, atol=1e-6)


def test_a_checkpoint_knows_weights_by_their_content(stripes, pretrained, tmp_path):
    def fit(weights):
        detector = clone(RESNET).set_params(weights=weights, checkpoint=tmp_path)
        return tensors_of(detector.fit(*stripes))["fc.weight"]

    path, given = pretrained
    moved = tmp_path / "moved.safetensors"
    moved.write_bytes(path.read_bytes())
    first = fit(path)
    assert torch.equal(fit(moved), first)
    assert len(list(tmp_path.glob("*.pt"))) == 1
    save_file({**given, "conv1.weight": given["conv1.weight"] * 2}, moved)
    assert not torch.equal(fit(moved), first)
    assert len(list(tmp_path.glob("*.pt"))) == 2


def test_a_frozen_network_of_nothing_is_refused(stripes):
    with pytest.raises(ValueError, match="trainable must be 'all' where weights is N"):
        clone(RESNET).set_params(trainable="head").fit(*stripes)


def test_weights_of_another_network_are_refused_by_name(stripes, pretrained):
    with pytest.raises(ValueError, match=r"layer1\.2\.|layer2\.2\."):
        clone(RESNET).set_params(weights=pretrained[0], depth=34).fit(*stripes)


@pytest.mark.parametrize(
    ("detector", "size", "smallest"),
    [
        (VGG, 31, 32),
        (DENSENET, 28, 29),
        (clone(DENSENET).set_params(stem="small"), 7, 8),
    ],
    ids=["VGG", "DenseNet", "DenseNet with the small stem"],
)
def test_a_size_too_small_is_refused_with_the_smallest(
    stripes, detector, size, smallest
):
    with pytest.raises(ValueError, match=f"image_size must be at least {smallest} pix"):
        clone(detector).set_params(image_size=size).fit(*stripes)
    X, y = stripes
    clone(detector).set_params(image_size=smallest).fit(X[:12], y[:12])


@pytest.mark.parametrize("crop_size", [31, 41])
def test_crops_fit_the_image_and_the_network(stripes, crop_size):
    words = f"crop_size must be from 32 pixels, .* to image_size, 40; got {crop_size}"
    with pytest.raises(ValueError, match=words):
        clone(VGG).set_params(
            image_size=40, augment=Augmentation(crop_size=crop_size)
        ).fit(*stripes)


@pytest.mark.parametrize("crop", ["shifted", "resized", None])
def test_with_a_crop_size_predictions_see_the_central_square(stripes, crop):
    detector = (
        clone(RESNET)
        .set_params(augment=Augmentation(crop=crop, crop_size=12))
        .fit(*stripes)
    )
    edges = stripes[0].copy()
    edges[:, :2] = edges[:, -2:] = edges[:, :, :2] = edges[:, :, -2:] = 255
    expected = detector.predict_proba(stripes[0])
    assert np.array_equal(detector.predict_proba(edges), expected)
    edges[:, 3:5] = 255
    assert not np.allclose(detector.predict_proba(edges), expected)


@pytest.mark.parametrize("detector", [RESNET, DENSENET], ids=["ResNet", "DenseNet"])
def test_the_small_stem_keeps_every_pixel(stripes, detector):
    network = clone(detector).set_params(stem="small").fit(*stripes).net_.module_[1]
    first = next(m for m in network.modules() if isinstance(m, torch.nn.Conv2d))
    assert first.kernel_size == (3, 3)
    assert first.stride == (1, 1)


def test_a_pretrained_stem_is_carried_over_to_small_images(stripes, pretrained):
    detector = clone(RESNET).set_params(weights=pretrained[0], stem="small")
    assert detector.fit(*stripes).predict(stripes[0]).shape == (40,)


@pytest.mark.parametrize(
    ("detector", "parameter", "value"),
    [
        (RESNET, "depth", 152),
        (VGG, "depth", 12),
        (DENSENET, "depth", 161),
        (RESNET, "stem", "big"),
        (RESNET, "trainable", "none"),
        (VGG, "n_hidden", 0),
    ],
)
def test_parameters_are_checked(stripes, detector, parameter, value):
    with pytest.raises(ValueError, match=f"The '{parameter}' parameter of"):
        clone(detector).set_params(**{parameter: value}).fit(*stripes)


@pytest.mark.parametrize(
    ("detector", "file"),
    [
        (
            ResNetDetector(depth=50, image_size=16, **SETTINGS),
            "resnet50_imagenet.safetensors",
        ),
        (
            VGGDetector(batch_norm=False, **SETTINGS),
            "vgg16_features_imagenet.safetensors",
        ),
    ],
    ids=["ResNet-50", "VGG-16"],
)
@pytest.mark.parametrize("trainable", ["all", "head"])
def test_weights_of_imagenet_are_trained_on(
    stripes, weights_folder, detector, file, trainable
):
    detector = clone(detector).set_params(
        weights=weights_folder / file, trainable=trainable, lr=1e-4
    )
    assert detector.fit(*stripes).predict(stripes[0]).shape == (40,)
