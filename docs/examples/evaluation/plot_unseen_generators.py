"""
A generator that training lacks
===============================

Tomorrow's fakes come from a generator that no training set holds. A random split can't
say how a detector will do on them, as each generator is on both sides of it. Leaving
one generator out of training can.
"""

# %%
# Simulated fakes of three generators, which up-sample differently and so leave
# different traces.

from skfake.datasets import make_images

images = make_images(n_samples=750, random_state=0)
X, y, generators = images.data, images.target, images.generators

# %%
# The same detectors, split in two ways.
# :class:`~skfake.evaluation.LeaveOneGeneratorOut` tests on all fakes of one generator
# and trains on those of the others; the real images are split apart from that.

from sklearn.model_selection import StratifiedKFold

from skfake import CNNDetector, SVMDetector, compare_detectors
from skfake.evaluation import LeaveOneGeneratorOut

detectors = {"SVM": SVMDetector(), "CNN": CNNDetector(max_epochs=6, random_state=0)}
at_random = StratifiedKFold(3, shuffle=True, random_state=0)
by_generator = LeaveOneGeneratorOut(random_state=0)
splits = {
    "seen in training": at_random.split(X, y),
    "unseen": by_generator.split(X, y, generators),
}
comparisons = {
    name: compare_detectors(detectors, X, y, cv=cv) for name, cv in splits.items()
}

# %%
# :func:`~skfake.metrics.tabulate_generators` says how well the fakes of each
# generator are found:

import pandas as pd

from skfake.metrics import tabulate_generators

tables = {
    name: tabulate_generators(comparison.predictions, generators)["roc_auc"]
    for name, comparison in comparisons.items()
}
table = pd.DataFrame(tables)
table.round(3)

# %%

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 2, figsize=(8, 3.5), sharey=True, layout="constrained")
for ax, name in zip(axes, detectors, strict=True):
    table.loc[name].plot.bar(ax=ax, rot=0, legend=False, title=name)
    ax.axhline(0.5, color="black", linestyle=":")
    ax.set(xlabel="generator of the fakes", ylabel="ROC-AUC", ylim=(0, 1))
figure.legend(*ax.get_legend_handles_labels(), loc="outside lower center", ncols=2)

# %%
# Where a bar on the right is much lower than its neighbour, the detector knows that
# generator, and not fakes. What a detector learns of one trace helps with another only
# if both share something, here the fine detail that is missing.
#
# Averages hide this, so publish such a table. Several generators in training help, and
# none of them stands for the next one: :doc:`/limits`.
