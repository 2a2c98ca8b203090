"""Whether the README and the manual show what the benchmarks wrote, and say no more.

    python benchmarks/check.py

compares their tables and sentences with the JSON files beside this script, and what
they claim with the metrics in them. It trains nothing and takes seconds.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

# A script finds its own folder, and not the one above it.
sys.path.insert(0, str(Path(__file__).parents[1]))

import skfake
from benchmarks import (
    busy_cores,
    comparison_overhead,
    encoder_settings,
    ensembles,
    fuzz,
    inference_speed,
    loading_traps,
    onnx_agreement,
    paper_report,
    photograph_defaults,
    precision_speed,
    predict_speed,
    preparation_speed,
    reproduce_paper,
    robust_cifake,
    shipped_detectors,
    step_profile,
    svm_engines,
    tiled_memory,
    training_speed,
    unseen_cifar,
    unseen_generators,
)

ROOT = Path(__file__).parents[1]
# A page, the benchmark whose result it shows, and what puts the result into words.
SHOWN: tuple[tuple[str, Any, Callable[[dict], str]], ...] = (
    ("README.md", reproduce_paper, reproduce_paper.to_markdown),
    (
        "README.md",
        reproduce_paper,
        lambda found: paper_report.to_markdown(found["report"]),
    ),
    ("README.md", svm_engines, svm_engines.to_markdown),
    ("README.md", training_speed, training_speed.to_markdown),
    ("docs/study.md", reproduce_paper, reproduce_paper.to_full_markdown),
    ("README.md", robust_cifake, robust_cifake.to_markdown),
    ("docs/robustness.rst", robust_cifake, robust_cifake.to_left_out_rst),
    ("README.md", ensembles, ensembles.to_text),
    ("docs/detectors.rst", ensembles, ensembles.to_rst),
    ("docs/comparing.rst", comparison_overhead, comparison_overhead.to_text),
    ("docs/command_line.rst", predict_speed, predict_speed.to_text),
    ("docs/onnx.rst", onnx_agreement, onnx_agreement.to_rst),
    ("docs/saving.rst", loading_traps, loading_traps.to_rst),
    ("docs/safety.rst", fuzz, fuzz.to_rst),
    ("docs/safety.rst", fuzz, fuzz.to_largest_rst),
    (
        "docs/safety.rst",
        fuzz,
        lambda found: f"more than {found['mib_allowed']:,} MiB",
    ),
    ("README.md", shipped_detectors, shipped_detectors.to_text),
    ("docs/saving.rst", shipped_detectors, shipped_detectors.to_text),
    ("docs/detectors.rst", encoder_settings, encoder_settings.to_rst),
    ("docs/photographs.rst", unseen_cifar, unseen_cifar.to_rst),
    (
        "docs/photographs.rst",
        unseen_generators,
        lambda found: unseen_generators.to_rst(found, alike=False),
    ),
    (
        "docs/photographs.rst",
        unseen_generators,
        lambda found: unseen_generators.to_rst(found, alike=True),
    ),
    ("docs/speed.rst", precision_speed, precision_speed.to_rst),
    ("docs/speed.rst", step_profile, step_profile.to_rst),
    ("docs/speed.rst", busy_cores, busy_cores.to_rst),
    ("docs/speed.rst", inference_speed, inference_speed.to_rst),
    ("docs/speed.rst", preparation_speed, preparation_speed.to_text),
    ("docs/tiles.rst", tiled_memory, tiled_memory.to_table),
    ("docs/tiles.rst", photograph_defaults, photograph_defaults.to_rst),
)


def read(page: str) -> str:
    """Text of a page, without its line breaks."""
    return " ".join((ROOT / page).read_text(encoding="utf-8").split())


def compare_pages() -> Iterator[tuple[str, bool]]:
    """Each place where a result is shown, and whether it is what was written."""
    for page, benchmark, to_text in SHOWN:
        text = to_text(json.loads(benchmark.RESULT.read_text(encoding="utf-8")))
        said = f"{page} shows what {benchmark.RESULT.name} holds: {text[:60]!r} ..."
        yield said, " ".join(text.split()) in read(page)


def follow_links() -> Iterator[tuple[str, bool]]:
    """Each file that the README names, and whether it is there."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"\]\(([^)#]+)\)|`((?:benchmarks|docs)/[\w./]+)`", text)
    for path in {linked or quoted for linked, quoted in named}:
        here = path.startswith("https://") or (ROOT / path).exists()
        yield f"README.md names {path}, which is there", here


def check_study(found: dict) -> Iterator[tuple[str, bool]]:
    """The study is reproduced, and its detectors equalled."""
    study = reproduce_paper.STUDY
    for name, metrics in study.items():
        # There are as many of both classes.
        mean = (metrics["recall_FAKE"] + metrics["recall_REAL"]) / 2
        said = f"the study's metrics of {name} agree with each other"
        yield said, abs(metrics["accuracy"] - mean) <= 0.01
        for of in ("FAKE", "REAL"):
            precision, recall = metrics[f"precision_{of}"], metrics[f"recall_{of}"]
            f1 = 2 * precision * recall / (precision + recall)
            yield f"{said}, {of}", abs(metrics[f"f1_{of}"] - f1) <= 0.011
    runs = {
        (run["detector"], run["recipe"]): run
        for run in found["runs"]
        if run["limit"] is None
    }
    accuracy = {key: run["metrics"]["accuracy"] for key, run in runs.items()}
    svm = runs["SVM", "study"]["metrics"]
    yield (
        "the study's SVM, within 0.3 %",
        (
            abs(svm["accuracy"] - 0.815) <= 0.003
            and abs(svm["roc_auc"] - 0.897) <= 0.003
        ),
    )
    keys = [("CNN", "study")]
    keys += [(name, "skfake") for name in ("CNN", "ResNet", "VGGNet", "DenseNet")]
    for name, recipe in keys:
        better = accuracy[name, recipe] >= study[name]["accuracy"]
        yield f"{name} ({recipe}) is at least as accurate as the study's", better
    compact = runs["Compact", "skfake"]
    yield (
        "Compact equals the study's best within ten minutes of two processors",
        compact["device"] == "cpu"
        and compact["machine"]["n_cpus"] == 2
        and compact["fit_seconds"] <= 600
        and accuracy["Compact", "skfake"] >= study["DenseNet"]["accuracy"],
    )
    report = found["report"]
    named = {row["detector"] for row in report["table"]}
    yield "the report is of the study's five", set(study) <= named
    warned = "378 of them to the pixel" in " ".join(report["warnings"])
    yield "the report tells that images leak", warned
    yield "500 images or more are damaged", report["damaged"]["n_images"] >= 500


def check_ensembles(found: dict) -> Iterator[tuple[str, bool]]:
    """Detectors together reach 99 %, and the highest comes first."""
    accuracies = [row["accuracy"] for row in found["entries"] if "accuracy" in row]
    yield "99 % with detectors of skfake", accuracies[0] >= 0.99
    yield "the highest first", accuracies == sorted(accuracies, reverse=True)


def check_robustness(found: dict) -> Iterator[tuple[str, bool]]:
    """The robust recipe is above the best that is published, in half an hour."""
    whole = robust_cifake.whole_runs(found)
    runs = [of for of in whole if of["detector"] == "Compact, robust"]
    yield "seeds 0 to 2", {of["seed"] for of in runs} >= {0, 1, 2}
    for of in runs:
        high = of["score"] >= 0.9945 and of["clean"] >= 0.9970
        yield f"seed {of['seed']}: the score and the clean ROC-AUC", high
        yield f"seed {of['seed']}: within half an hour", of["fit_seconds"] <= 1800
    together = [of for of in found["runs"] if "members" in of]
    best = max(together, key=lambda of: of["score"])
    yield "together 0.9960", best["score"] >= 0.9960 and best["clean"] >= 0.9985
    left_out = {of["left_out"] for of in found["runs"]} - {None}
    yield "each family left out", left_out == robust_cifake.FAMILIES.keys()
    yield "60 % of the speed without damage", found["speed"]["ratio"] >= 0.6


def check_encoder(found: dict) -> Iterator[tuple[str, bool]]:
    """The default penalty is as good as the best by the folds, or nearly so."""
    own = skfake.EncoderDetector().C
    for name, of in found.items():
        folds = {row["C"]: row["folds_roc_auc"] for row in of["rows"]}
        yield f"C on {name}", folds[own] > max(folds.values()) - 0.002


def check_comparison(found: dict) -> Iterator[tuple[str, bool]]:
    """A comparison is spent in the detectors."""
    of = (found["n_images"], len(found["detectors"]))
    yield "five detectors and 20,000 images", of == (20_000, 5)
    yield "95 % of a comparison are spent in the detectors", found["share"] >= 0.95


def check_generators(found: dict) -> Iterator[tuple[str, bool]]:
    """Photographs are told from the fakes of one source, quickly; and of another."""
    milliseconds = found["speed"]["milliseconds"]
    home = ("visionprobe", "visionprobe")
    for alike in (False, True):
        matrix = unseen_generators.to_matrix(found, alike=alike)
        yield f"the best, {alike=}", matrix[home].max() >= 0.97
        quick = [name for name in matrix.index if milliseconds.get(name, 20) < 20]
        yield f"the best in 20 ms, {alike=}", matrix[home][quick].max() >= 0.95
        unseen = matrix["visionprobe", "realorfake"].max()
        yield f"a source that was not trained on, {alike=}", unseen >= 0.90


def check_photographs(found: dict) -> Iterator[tuple[str, bool]]:
    """What is better than the command line's choice is worse on damaged images."""
    rows = found["candidates"]
    chosen = rows["TiledDetector(CompactDetector(image_size=64), max_tiles=8)"]
    for name, row in rows.items():
        if row["choice"]["roc_auc"] > chosen["choice"]["roc_auc"]:
            worse = row["damaged"]["roc_auc"] < chosen["damaged"]["roc_auc"]
            yield f"{name} is worse on damaged photographs", worse


def check_screening(found: dict) -> Iterator[tuple[str, bool]]:
    """Files are screened at nearly the speed of the network."""
    yield "10,000 files", found["n_images"] == 10_000
    for row in found["detectors"]:
        said = f"{row['detector']} is three times as fast as a loop over files"
        yield said, row["times_one_by_one"] >= 3


def check_engines(found: dict) -> Iterator[tuple[str, bool]]:
    """Both engines of the SVM give the same labels."""
    yield "20,000 test images", found["n_test"] == 20_000
    yield "99.9 % of the labels agree", found["same_labels"] >= 0.999


def check_training(found: dict) -> Iterator[tuple[str, bool]]:
    """Training is nearly as fast as the bare loop, and several times the usual."""
    for machine in found["machines"]:
        by, rows = machine["processor"], machine["networks"]
        times = {row["network"]: row["times_plain"]["quiet"] for row in rows}
        bare = [row["share_of_bare"]["quiet"] for row in rows]
        yield f"{by}: 80 % of the speed of a bare loop", min(bare) >= 0.8
        yield f"{by}: twice the speed of the usual recipe", min(times.values()) >= 2
        yield f"{by}: three times for ResNet-50", times["ResNet-50"] >= 3


def check_busy_cores(found: dict) -> Iterator[tuple[str, bool]]:
    """The command trains fast beside other processes, and loses little alone."""
    alone, busy, _, twin = busy_cores.LOADS
    for machine in found["machines"]:
        rates = {
            way: {load: median(of[load]) for load in busy_cores.LOADS}
            for way, of in machine["images_per_second"].items()
        }
        by, ours = machine["processor"], rates[busy_cores.FREE_CORES]
        plain, one = rates["as torch comes"], rates["OMP_NUM_THREADS=1"]
        yield (
            f"{by}: alone, 95 % of all threads' speed",
            ours[alone] >= (0.95 * plain[alone]),
        )
        yield (
            f"{by}: beside a process, 80 % of one thread's",
            ours[busy] >= (0.8 * one[busy]),
        )
        yield f"{by}: two trainings at once are no slower", ours[twin] >= plain[alone]


def check_inference(found: dict) -> Iterator[tuple[str, bool]]:
    """Predictions are those of the layers, and faster."""
    for machine in found["machines"]:
        for row in machine["networks"]:
            said = f"{machine['processor']}, {row['network']}"
            yield f"{said}: within 1e-5", row["largest_difference"]["float32"] < 1e-5
            yield f"{said}: no slower", row["times"]["float32"] >= 1
            yield f"{said}: labels in bfloat16", row["equal_labels"]["bfloat16"] > 0.99


def check_preparation(found: dict) -> Iterator[tuple[str, bool]]:
    """What is kept is read at once, and gradients are described together."""
    yield "kept images are read 20 times as fast", found["times_kept"] >= 20
    yield "twice as fast as scikit-image", found["times_hog"] >= 2


def check_onnx(found: dict) -> Iterator[tuple[str, bool]]:
    """Every detector agrees with its export on a thousand images."""
    rows = found["detectors"]
    named = [row["detector"] for row in rows]
    yield "every detector is exported", named == list(onnx_agreement.DETECTORS)
    for row in rows:
        agree = row["n_images"] == 1000 and row["largest_difference"] < 1e-4
        yield f"{row['detector']} agrees with its export", agree


def check_traps(found: dict) -> Iterator[tuple[str, bool]]:
    """No trap was sprung, and none took much time or memory."""
    rows, traps = found["traps"], loading_traps.TRAPS.values()
    named = [row["trap"] for row in rows]
    yield "every trap was set", named == [name for kind in traps for name in kind]
    for row in rows:
        refused = not row["sprung"] and row["answer"] != "loaded"
        little = row["seconds"] < 1 and row["megabytes"] < 200
        yield f"trap {row['trap']!r} is refused at once", refused and little


def check_fuzz(found: dict) -> Iterator[tuple[str, bool]]:
    """A hundred thousand strange files were read or refused."""
    results = found["targets"]
    yield "every target was tried", set(results) == set(fuzz.TARGETS)
    for name, result in results.items():
        yield (
            f"{name}: all read or refused, in little time and memory",
            result["n_inputs"] == fuzz.TARGETS[name].n_inputs
            and set(result["answers"]) == {"read", "refused: ValueError"}
            and result["wrong"] == []
            and result["slowest_seconds"] < found["seconds_allowed"]
            and result["peak_mib"] < found["mib_allowed"],
        )
    counts = {name: result["n_inputs"] for name, result in results.items()}
    many = sum(counts.values()) >= 100_000 and counts["models"] >= 20_000
    yield "a hundred thousand files, 20,000 of them models", many
    bombs = [row for row in found["largest"] if row["kind"] == "bomb"]
    others = [row for row in found["largest"] if row["kind"] != "bomb"]
    (bomb,) = bombs
    refused = bomb["answer"] == "refused" and bomb["peak_mib"] < 1
    yield "a bomb is refused and takes no memory", refused and bomb["side"] == 60_000
    large = all(row["side"] ** 2 > 150_000_000 for row in others)
    read_all = {row["answer"] for row in others} == {"read"}
    yield "images of 150 megapixels are read", large and read_all


def check_tiles(found: dict) -> Iterator[tuple[str, bool]]:
    """Large photographs take little more than their decoded pixels."""
    for row in found["rows"]:
        # The decoded file takes four bytes a pixel; the rest are batches of tiles.
        more = row["peak_mb"] - row["before_mb"] - 4 * row["megapixels"]
        said = f"{row['detector']}, {row['megapixels']} megapixels: 120 MB of tiles"
        yield said, more < 120
    machines = [row for row in found["rows"] if row["detector"] == "SVM"]
    yield "100 megapixels", max(row["megapixels"] for row in machines) == 100
    yield "below a gigabyte", all(row["peak_mb"] < 1000 for row in machines)


CLAIMS: tuple[tuple[Any, Callable[[dict], Iterator[tuple[str, bool]]]], ...] = (
    (reproduce_paper, check_study),
    (ensembles, check_ensembles),
    (robust_cifake, check_robustness),
    (encoder_settings, check_encoder),
    (comparison_overhead, check_comparison),
    (photograph_defaults, check_photographs),
    (unseen_generators, check_generators),
    (predict_speed, check_screening),
    (svm_engines, check_engines),
    (training_speed, check_training),
    (busy_cores, check_busy_cores),
    (inference_speed, check_inference),
    (preparation_speed, check_preparation),
    (onnx_agreement, check_onnx),
    (loading_traps, check_traps),
    (fuzz, check_fuzz),
    (tiled_memory, check_tiles),
)


def main() -> int:
    """Print what does not hold; the exit code is 1 if there is any."""
    facts = [*compare_pages(), *follow_links()]
    for benchmark, check in CLAIMS:
        found = json.loads(benchmark.RESULT.read_text(encoding="utf-8"))
        name = benchmark.RESULT.name
        facts += [(f"{name}: {said}", holds) for said, holds in check(found)]
    wrong = [said for said, holds in facts if not holds]
    for said in wrong:
        print(f"Does not hold: {said}.")
    print(f"{len(facts) - len(wrong)} of {len(facts)} facts hold.")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
