import io
import os
import pickle
import re
from email.message import Message
from functools import partial
from urllib.error import URLError
from urllib.response import addinfourl

import pytest
import torch
from safetensors.torch import load_file, save_file

from skfake.networks.backbones import densenet, resnet, vgg
from skfake.networks.weights import (
    imagenet_weights,
    load_weights,
    read_weights,
    shrink_kernels,
)

RESNET = partial(resnet, depth=18, stem="small")
VGG = partial(vgg, depth=11, batch_norm=False)
TENSORS = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.zeros(2)}


class Explosive:
    """An object that runs code when it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("ran",)


def same(tensors, others):
    return tensors.keys() == others.keys() and all(
        torch.equal(tensors[name], others[name]) for name in tensors
    )


def tensors_of(network):
    return network.state_dict().items()


def drawn(network):
    """The network, no tensor of which is as in a new one."""
    for _, tensor in tensors_of(network):
        if tensor.is_floating_point():
            tensor.normal_()
    return network


def write(path, tensors=TENSORS):
    save = save_file if path.suffix == ".safetensors" else torch.save
    save(tensors, path)
    return path


@pytest.fixture
def inside(tmp_path, monkeypatch):
    """The test's own folder, made the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["a.safetensors", "a.pt", "a.pth"])
def test_both_kinds_of_files_give_their_tensors(tmp_path, name):
    path = write(tmp_path / name)
    assert same(read_weights(path), TENSORS)
    assert same(read_weights(str(path)), TENSORS)


def test_torch_s_old_kind_of_file_is_read(tmp_path):
    path = tmp_path / "old.pth"
    torch.save(TENSORS, path, _use_new_zipfile_serialization=False)
    assert same(read_weights(path), TENSORS)


def test_the_state_dict_in_a_checkpoint_is_found(tmp_path):
    path = write(tmp_path / "a.pt", {"state_dict": TENSORS, "epoch": 3})
    assert same(read_weights(path), TENSORS)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ([1, 2], "which holds an object of type list"),
        (torch.zeros(3), "which holds an object of type Tensor"),
        ({"a": TENSORS}, "in which 'a' is of type dict"),
        ({"state_dict": {"epoch": 3}}, "in which 'epoch' is of type int"),
        ({1: torch.zeros(3)}, "in which 1 is of type Tensor"),
    ],
)
def test_a_file_of_anything_but_named_tensors_is_refused(tmp_path, content, what):
    path = write(tmp_path / "a.pt", content)
    with pytest.raises(ValueError, match="dict of tensors by name; got") as error:
        read_weights(path)
    assert f"{str(path)!r}, {what}" in str(error.value)


@pytest.mark.parametrize(
    "save", [torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))]
)
def test_code_in_a_file_is_never_run(inside, save):
    path = inside / "evil.pt"
    save({"a": Explosive()}, path)
    with pytest.raises(ValueError, match=r"evil\.pt'.* could run code.*safetensors"):
        read_weights(path)
    assert not (inside / "ran").exists()


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + bytes(99), bytes(999)])
@pytest.mark.parametrize("name", ["a.safetensors", "a.pt"])
def test_foreign_and_empty_files_are_named(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    expected = f"^weights must be a file .*; got {re.escape(repr(str(path)))}, which "
    with pytest.raises(ValueError, match=expected):
        read_weights(path)


@pytest.mark.parametrize("name", ["a.safetensors", "a.pt"])
def test_a_file_cut_anywhere_is_named(tmp_path, name):
    path = write(tmp_path / name)
    content = path.read_bytes()
    for length in range(0, len(content), 41):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match=r"^weights must be a file") as error:
            read_weights(path)
        assert str(path) in str(error.value)


def test_a_damaged_file_is_told_in_one_line(tmp_path):
    path = tmp_path / "a.pt"
    path.write_bytes(write(tmp_path / "b.pt").read_bytes()[:200])
    with pytest.raises(ValueError, match="can't be read: RuntimeError") as error:
        read_weights(path)
    assert str(error.value).endswith("Download or save it again.")
    assert "\n" not in str(error.value)


def test_a_path_without_a_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"got 'ImageNet', no file\.$"):
        read_weights("ImageNet")
    with pytest.raises(FileNotFoundError, match=r"a folder\.$"):
        read_weights(tmp_path)


def test_tensors_are_copied_in_the_network_s_dtype():
    source, network = drawn(RESNET(10)), RESNET(2)
    halves = {
        n: t.half() if t.is_floating_point() else t for n, t in tensors_of(source)
    }
    head = network.fc.weight.clone()
    assert load_weights(network, halves, source="a.pt") == "fc"
    for name, tensor in network.state_dict().items():
        assert tensor.dtype in (torch.float32, torch.int64)
        if not name.startswith("fc."):
            assert torch.equal(tensor, halves[name].to(tensor.dtype))
    assert torch.equal(network.fc.weight, head)


def test_counts_of_batches_may_be_absent():
    source, network = drawn(RESNET(2)), RESNET(2)
    tensors = {n: t for n, t in tensors_of(source) if "num_batches" not in n}
    load_weights(network, tensors, source="a.pt")
    assert torch.equal(network.conv1.weight, source.conv1.weight)


def test_a_file_without_the_last_layer_fits():
    tensors = {n: t for n, t in tensors_of(RESNET(2)) if not n.startswith("fc.")}
    assert load_weights(RESNET(2), tensors, source="a.pt") == "fc"


def test_tensors_that_do_not_fit_are_named_and_nothing_is_changed():
    tensors = dict(tensors_of(RESNET(2)))
    for name in ["bn1.weight", "bn1.bias", "bn1.running_mean", "bn1.running_var"]:
        del tensors[name]
    tensors["extra"] = torch.zeros(1)
    tensors["conv1.weight"] = torch.zeros(64, 1, 3, 3)
    network = RESNET(2)
    before = {name: tensor.clone() for name, tensor in tensors_of(network)}
    with pytest.raises(ValueError, match=r"^weights must hold the tensors") as error:
        load_weights(network, tensors, source="a.pt")
    assert str(error.value).endswith(
        "got 'a.pt' with 4 missing (bn1.bias, bn1.running_mean, bn1.running_var, ...); "
        "1 not the network's (extra); 1 of another shape (conv1.weight (64, 1, 3, 3) "
        "for (64, 3, 3, 3)). Use the file of a network of the same kind and depth."
    )
    assert same(before, dict(tensors_of(network)))


@pytest.mark.parametrize(
    "build",
    [
        partial(resnet, depth=34, stem="small"),
        partial(VGG, n_hidden=None),
        partial(densenet, depth=121, stem="small"),
    ],
)
def test_another_network_s_file_is_refused(build):
    with pytest.raises(ValueError, match=r"got 'a\.pt' with \d+ missing"):
        load_weights(build(2), RESNET(2).state_dict(), source="a.pt")


@pytest.mark.parametrize("n_hidden", [None, 8])
def test_vgg_takes_the_convolutions_alone(n_hidden):
    source, network = drawn(VGG(2, n_hidden=None)), VGG(2, n_hidden=n_hidden)
    dense = {n: t.clone() for n, t in tensors_of(network.classifier)}
    tensors = {n: t for n, t in tensors_of(source) if n.startswith("features.")}
    assert load_weights(network, tensors, source="a.pt") == "classifier"
    assert same(source.features.state_dict(), network.features.state_dict())
    assert same(dense, network.classifier.state_dict())


def test_vgg_takes_hidden_layers_of_the_same_width():
    source, network = drawn(VGG(1000, n_hidden=8)), VGG(2, n_hidden=8)
    last = network.get_submodule("classifier.6").weight.clone()
    tensors = source.state_dict()
    assert load_weights(network, tensors, source="a.pt") == "classifier.6"
    for name in ("classifier.0", "classifier.3"):
        ours, theirs = network.get_submodule(name), source.get_submodule(name)
        assert torch.equal(ours.weight, theirs.weight)
        assert torch.equal(ours.bias, theirs.bias)
    assert torch.equal(network.get_submodule("classifier.6").weight, last)


def test_vgg_without_hidden_layers_leaves_those_of_a_file():
    source, network = drawn(VGG(1000, n_hidden=8)), VGG(2, n_hidden=None)
    assert load_weights(network, source.state_dict(), source="a.pt") == "classifier"
    assert same(source.features.state_dict(), network.features.state_dict())


def test_vgg_names_the_hidden_layers_that_a_file_lacks_or_has_in_another_width():
    tensors = dict(tensors_of(VGG(2, n_hidden=8)))
    with pytest.raises(ValueError, match=r"of another shape \(classifier\.0\.bias"):
        load_weights(VGG(2, n_hidden=16), tensors, source="a.pt")
    del tensors["classifier.3.bias"]
    with pytest.raises(ValueError, match=r"1 missing \(classifier\.3\.bias\)"):
        load_weights(VGG(2, n_hidden=8), tensors, source="a.pt")


def old_names(tensors):
    """Names as torchvision's files of DenseNet have them, without the counts."""
    return {
        re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", name): tensor
        for name, tensor in tensors.items()
        if "num_batches" not in name
    }


def test_the_old_names_of_densenet_are_understood():
    source = drawn(densenet(2, depth=121, stem="imagenet"))
    network = densenet(2, depth=121, stem="imagenet")
    tensors = old_names(source.state_dict())
    assert "features.denseblock1.denselayer1.norm.1.weight" in tensors
    assert load_weights(network, tensors, source="imagenet") == "classifier"
    assert same(source.features.state_dict(), network.features.state_dict())


@pytest.mark.parametrize(
    ("build", "stem"),
    [
        (partial(resnet, depth=18), "conv1"),
        (partial(densenet, depth=121), "features.conv0"),
    ],
)
def test_a_small_stem_takes_the_kernels_of_the_large_one(build, stem):
    source, network = drawn(build(2, stem="imagenet")), build(2, stem="small")
    load_weights(network, source.state_dict(), source="a.pt")
    large, small = (n.get_submodule(stem).weight for n in (source, network))
    assert torch.equal(small, shrink_kernels(large))
    skipped = (stem, "fc.", "classifier.")
    rest, taken = (
        {n: t for n, t in tensors_of(network) if not n.startswith(skipped)}
        for network in (source, network)
    )
    assert same(rest, taken)


def test_a_large_stem_does_not_take_the_kernels_of_the_small_one():
    with pytest.raises(ValueError, match=r"1 of another shape \(conv1\.weight"):
        load_weights(
            resnet(2, depth=18, stem="imagenet"), RESNET(2).state_dict(), source="a.pt"
        )


def test_shrunk_kernels_answer_to_a_flat_area_as_before():
    kernels = torch.randn(5, 3, 7, 7, generator=torch.manual_seed(0)).half()
    shrunk = shrink_kernels(kernels)
    assert shrunk.shape == (5, 3, 3, 3)
    assert torch.allclose(shrunk.sum((2, 3)), kernels.float().sum((2, 3)), atol=1e-4)


def test_shrunk_kernels_keep_direction_and_scale():
    down = torch.arange(-3.0, 4.0).reshape(7, 1).expand(1, 1, 7, 7)
    shrunk = shrink_kernels(down)[0, 0]
    assert torch.allclose(shrunk, shrunk[:, :1].expand(3, 3))
    assert torch.allclose(shrunk[0], -shrunk[2])
    assert torch.allclose(shrunk[1], torch.zeros(3), atol=1e-5)
    # The mean of a third of -3 ... 3, a part of which is cut off the middle pixels:
    # (-3 - 2 - 1 / 3) / (7 / 3), times the area, 49 / 9.
    assert shrunk[0, 0].item() == pytest.approx(-(16 / 7) * 49 / 9)


def test_imagenet_s_resnet50_loads_as_it_is(weights_folder):
    path = weights_folder / "resnet50_imagenet.safetensors"
    network = resnet(2, depth=50, stem="imagenet")
    assert load_weights(network, read_weights(path), source=str(path)) == "fc"
    tensors, taken = load_file(path), network.state_dict()
    assert tensors.keys() == taken.keys()
    assert all(
        torch.equal(taken[name], tensors[name].to(taken[name].dtype))
        for name in tensors
        if not name.startswith("fc.")
    )


@pytest.mark.parametrize("n_hidden", [None, 8])
def test_imagenet_s_vgg16_loads_but_for_its_dense_layers(weights_folder, n_hidden):
    path = weights_folder / "vgg16_features_imagenet.safetensors"
    network = vgg(2, depth=16, batch_norm=False, n_hidden=n_hidden)
    assert load_weights(network, read_weights(path), source=str(path)) == "classifier"
    tensors, taken = load_file(path), network.state_dict()
    assert len(tensors) == 26
    assert all(torch.equal(taken[name], tensors[name].float()) for name in tensors)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A cache of torch's own for the test."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def test_imagenet_weights_come_through_torch_s_cache(cache, monkeypatch, capsys):
    source = drawn(densenet(1000, depth=121, stem="imagenet"))
    asked = []

    def download(url, path, hash_prefix, progress):
        asked.append((url, hash_prefix))
        torch.save(old_names(source.state_dict()), path)

    monkeypatch.setattr("torch.hub.download_url_to_file", download)
    for _ in range(2):
        network = densenet(2, depth=121, stem="imagenet")
        load_weights(network, imagenet_weights("densenet121"), source="imagenet")
        assert same(source.features.state_dict(), network.features.state_dict())
    url = "https://download.pytorch.org/models/densenet121-a639ec97.pth"
    assert asked == [(url, "a639ec97")]
    assert [file.name for file in cache.iterdir()] == ["densenet121-a639ec97.pth"]
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("resnet50", "resnet50-0676ba61.pth"),
        ("vgg16", "vgg16-397923af.pth"),
        ("vgg16_bn", "vgg16_bn-6c64b313.pth"),
    ],
)
def test_without_a_network_one_sentence_says_what_to_do(name, file, monkeypatch):
    def offline(request):
        raise URLError(OSError("Name or service not known"))

    monkeypatch.setattr("torch.hub.urlopen", offline)
    with pytest.raises(OSError, match=r'^weights="imagenet" must be within') as error:
        imagenet_weights(name)
    assert f"https://download.pytorch.org/models/{file}" in str(error.value)
    assert "got URLError: <urlopen error Name or" in str(error.value)
    assert "Use weights=None, or the path of a file" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_download_of_something_else_is_refused_and_not_kept(cache, monkeypatch):
    def answer(request):
        return addinfourl(io.BytesIO(b"Sign in first"), Message(), request.full_url)

    monkeypatch.setattr("torch.hub.urlopen", answer)
    with pytest.raises(OSError, match=r"RuntimeError: invalid hash value"):
        imagenet_weights("resnet18")
    assert list(cache.iterdir()) == []


def test_code_in_torch_s_cache_is_not_run(cache, inside):
    cache.mkdir(parents=True)
    torch.save({"a": Explosive()}, cache / "resnet18-f37072fd.pth")
    with pytest.raises(OSError, match=re.escape(str(cache.parent))) as error:
        imagenet_weights("resnet18")
    assert "\n" not in str(error.value)
    assert not (inside / "ran").exists()
