"""Features of frozen networks: named, one's own, from files; and what files keep."""

import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import save
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from torch import nn
from torchvision.models import get_model

from skfake import load_detector, save_detector
from skfake.features import EncoderTransformer
from skfake.training.seeding import isolated_seed

rng = np.random.default_rng(0)
IMAGES = rng.integers(0, 256, size=(5, 48, 64, 3), dtype=np.uint8)
SMALL = {"encoder": "shufflenet_v2_x0_5", "weights": None, "image_size": 32}


def encode(X=IMAGES, **params):
    return EncoderTransformer(**{**SMALL, "device": "cpu", **params}).fit_transform(X)


class Colours(nn.Module):
    """A network whose features are the pixels themselves, a map of three channels."""

    def forward(self, images):
        return images


def colours(X=IMAGES, **params):
    """Features of this network, as mean colours of 0 to 1 unless asked otherwise."""
    plain = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0), "image_size": 32}
    return encode(X, encoder=Colours(), **{**plain, **params})


def test_the_centre_is_seen_as_it_is():
    # On the grid of blocks of 8 pixels.
    centre = IMAGES[:, 8:40, 16:48] / 255
    assert np.allclose(colours(), centre.mean(axis=(1, 2)), atol=1e-6)


def test_five_crops_are_the_centre_and_the_corners():
    corners = [
        IMAGES[:, top : top + 32, left : left + 32]
        for top in (0, 16)
        for left in (0, 32)
    ]
    parts = np.stack([IMAGES[:, 8:40, 16:48], *corners]) / 255
    expected = parts.mean(axis=(0, 2, 3))
    assert np.allclose(colours(n_crops=5), expected, atol=1e-6)


def test_resized_images_are_seen_as_a_whole():
    halves = np.zeros((1, 48, 200, 3), np.uint8)
    halves[:, :, 100:] = 255
    assert np.allclose(colours(halves, resize=True), 0.5, atol=0.01)
    assert np.allclose(colours(halves[:, :, :60]), 0)


def test_small_images_are_enlarged():
    small = np.full((2, 5, 9, 3), 51, np.uint8)
    assert np.allclose(colours(small), 0.2)


def test_colours_are_standardised_as_imagenet_s_unless_told_otherwise():
    white = np.full((1, 32, 32, 3), 255, np.uint8)
    expected = (1 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]
    assert np.allclose(colours(white, mean=None, std=None), expected, atol=1e-5)
    assert np.allclose(colours(white, mean=(0.5,) * 3, std=(0.5,) * 3), 1)


def test_positions_are_pooled_as_asked():
    centre = IMAGES[:, 8:40, 16:48] / 255
    assert np.allclose(colours(pooling="max"), centre.max(axis=(1, 2)), atol=1e-6)
    flat = colours(pooling="flatten")
    assert np.allclose(flat, centre.transpose(0, 3, 1, 2).reshape(5, -1), atol=1e-6)


def test_tokens_are_pooled_as_asked():
    tokens = nn.Sequential(nn.Flatten(2), nn.Unflatten(2, (16, 64)), nn.Flatten(2))
    first = encode(encoder=tokens, pooling="first")
    mean = encode(encoder=tokens)
    every = encode(encoder=tokens, pooling="flatten").reshape(5, 3, 1024)
    assert np.allclose(first, every[:, 0], atol=1e-6)
    assert np.allclose(mean, every.mean(axis=1), atol=1e-5)


def test_features_are_those_of_the_network_before_its_head():
    with isolated_seed(0, "cpu"):
        network = get_model("resnet18", weights=None).eval()
    found = encode(encoder="resnet18")
    seen = {}
    network.avgpool.register_forward_hook(lambda *call: seen.update(out=call[-1]))
    pixels = torch.from_numpy(IMAGES[:, 8:40, 16:48].copy()).permute(0, 3, 1, 2) / 255
    mean, std = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
    with torch.inference_mode():
        network((pixels - mean[:, None, None]) / std[:, None, None])
    assert np.allclose(found, seen["out"].flatten(1), atol=1e-4)


def test_a_layer_by_its_name_is_taken_as_it_is_there():
    assert encode(encoder="resnet18", layer="layer2.1").shape == (5, 128)
    assert encode(encoder="resnet18", layer="layer2.1", pooling="flatten").shape == (
        5,
        128 * 4 * 4,
    )


def test_random_weights_are_the_same_every_time_and_leave_the_seed_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    assert np.array_equal(encode(), encode())
    assert torch.rand(1) == expected


def test_one_s_own_network_is_left_as_it_was():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout(0.5)).train()
    first = encode(encoder=network)
    assert np.array_equal(first, encode(encoder=network))
    assert network.training
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_weights_come_from_a_file(tmp_path):
    with isolated_seed(5, "cpu"):
        network = get_model("shufflenet_v2_x0_5", weights=None)
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    found = encode(weights=tmp_path / "weights.pt")
    assert not np.array_equal(found, encode())
    network.fc = nn.Identity()
    own = encode(encoder=network)
    assert np.allclose(found, own, atol=1e-6)


def test_timm_s_networks_come_by_name():
    pytest.importorskip("timm", reason="timm comes with the extra encoders")
    tokens = encode(encoder="timm:test_vit", image_size="auto")
    # Its own size, and colours that are not ImageNet's.
    transformer = EncoderTransformer(encoder="timm:test_vit", weights=None).fit(IMAGES)
    assert transformer.image_size_ == 160
    assert transformer.find_encoder().standardize.mean.flatten().tolist() == [0.5] * 3
    assert tokens.shape == (5, 64)


def test_timm_s_weights_come_from_a_file(tmp_path):
    timm = pytest.importorskip("timm", reason="timm comes with the extra encoders")
    with isolated_seed(5, "cpu"):
        network = timm.create_model("test_resnet", pretrained=False)
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    params = {"encoder": "timm:test_resnet", "image_size": 64}
    found = encode(**params, weights=tmp_path / "weights.pt")
    network.reset_classifier(0)
    halves = {"mean": (0.5,) * 3, "std": (0.5,) * 3, "image_size": 64}
    assert np.allclose(found, encode(encoder=network, **halves), atol=1e-5)
    torch.save({"a": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match=r"which lacks .* such as 'conv1"):
        encode(**params, weights=tmp_path / "other.pt")


@pytest.fixture
def folder(tmp_path):
    """A tiny model of transformers, with what it says of its images."""
    transformers = pytest.importorskip(
        "transformers", reason="transformers comes with the extra encoders"
    )
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.ViTConfig(
        **sizes, intermediate_size=16, image_size=32, patch_size=8
    )
    transformers.ViTModel(config).save_pretrained(tmp_path)
    processor = transformers.ViTImageProcessor(
        image_mean=[0.4] * 3, image_std=[0.3] * 3
    )
    processor.save_pretrained(tmp_path)
    return tmp_path


def test_networks_of_transformers_come_from_a_folder(folder):
    params = {"encoder": f"transformers:{folder}", "image_size": "auto"}
    transformer = EncoderTransformer(**params).fit(IMAGES)
    assert transformer.transform(IMAGES).shape == (5, 16)
    assert transformer.image_size_ == 32
    mean = transformer.find_encoder().standardize.mean
    assert np.allclose(mean.flatten(), 0.4)
    tokens = encode(
        **params, weights="pretrained", layer="model.layernorm", pooling="first"
    )
    assert tokens.shape == (5, 16)


def test_a_pickle_knows_its_weights_again(tmp_path):
    with isolated_seed(5, "cpu"):
        network = get_model("shufflenet_v2_x0_5", weights=None)
    file = tmp_path / "weights.pt"
    torch.save(network.state_dict(), file)
    transformer = EncoderTransformer(**{**SMALL, "weights": file}).fit(IMAGES)
    expected, pickled = transformer.transform(IMAGES), pickle.dumps(transformer)
    assert len(pickled) < 2000
    assert np.array_equal(pickle.loads(pickled).transform(IMAGES), expected)
    with isolated_seed(6, "cpu"):
        other = get_model("shufflenet_v2_x0_5", weights=None)
    torch.save(other.state_dict(), file)
    with pytest.raises(ValueError, match="weights must be those that the encoder was"):
        pickle.loads(pickled).transform(IMAGES)
    file.unlink()
    with pytest.raises(FileNotFoundError, match='weights must be None, "pretrained"'):
        pickle.loads(pickled).transform(IMAGES)


def test_a_file_holds_the_weights_where_that_is_asked(tmp_path):
    sizes = {}
    for keep_weights in (False, True):
        transformer = EncoderTransformer(**SMALL, keep_weights=keep_weights)
        y = [0, 1, 0, 1, 0]
        detector = make_pipeline(transformer, LogisticRegression()).fit(IMAGES, y)
        path = tmp_path / f"{keep_weights}.skfake"
        save_detector(detector, path)
        sizes[keep_weights] = path.stat().st_size
        loaded = load_detector(path)
        expected = detector.predict_proba(IMAGES)
        assert np.array_equal(loaded.predict_proba(IMAGES), expected)
    assert sizes[False] < 100_000
    assert sizes[True] > 1_000_000


@pytest.mark.parametrize("content", [b"\xff" * 20, save({"a": torch.zeros(1)})])
def test_false_weights_in_a_pickle_are_refused(content):
    transformer = EncoderTransformer(**SMALL, keep_weights=True).fit(IMAGES)
    state = transformer.__getstate__()
    state["net_"] = {**state["net_"], "tensors": content}
    with pytest.raises(ValueError, match="net_ must hold"):
        EncoderTransformer().__setstate__(state)


def test_bfloat16_is_nearly_the_same():
    exact, rough = encode(), encode(precision="bfloat16")
    assert rough.dtype == np.float32
    assert not np.array_equal(exact, rough)
    assert np.allclose(exact, rough, atol=0.1 * np.abs(exact).max())


def test_a_batch_more_or_less_changes_nothing():
    assert np.allclose(encode(batch_size=1), encode(batch_size=4), atol=1e-5)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"encoder": "resnet5"}, "of torchvision; got 'resnet5'.*'resnet50'"),
        ({"encoder": "keras:VGG16"}, '"timm:NAME" or "transformers:NAME"; got'),
        ({"layer": "stage9"}, "got 'stage9'.*'stage2'"),
        ({"layer": ""}, "layer must be the name of a part of the network; got ''"),
        ({"mean": (0.5,)}, "mean must hold a number for each of three colours"),
        ({"pooling": "first", "layer": "stage2"}, "pooling must fit what the layer"),
        ({"n_crops": 3}, "The 'n_crops' parameter"),
        ({"encoder": nn.Conv2d(3, 1, 64)}, "image_size must be one that the encoder"),
    ],
)
def test_parameters_are_checked(params, words):
    with pytest.raises(ValueError, match=words):
        encode(**params)


def test_a_clone_is_not_fitted():
    transformer = EncoderTransformer(**SMALL).fit(IMAGES)
    assert not hasattr(clone(transformer), "digest_")


def test_how_many_images_are_encoded_is_said_where_it_is_asked_for(stripes, capsys):
    encoder = EncoderTransformer(**SMALL, verbose=1).fit(stripes[0])
    encoder.transform(stripes[0])
    assert "40 of 40 images encoded, took" in capsys.readouterr().err
    encoder.set_params(verbose=0).transform(stripes[0])
    assert capsys.readouterr() == ("", "")
