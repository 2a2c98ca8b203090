"""Tables of predictions that the displays are tested on."""

import numpy as np
import pandas as pd


def predictions_of(names=("SVM", "CNN"), n_folds=1, seed=0):
    """Thirty images of two classes in each fold; scores are no probabilities."""
    rng = np.random.default_rng(seed)
    tables = []
    for name in names:
        for fold in range(n_folds):
            target = np.arange(30) % 2
            score = rng.normal(size=30) + target
            table = {"detector": name, "fold": fold, "target": target, "score": score}
            tables.append(
                pd.DataFrame(table).assign(
                    image=fold * 30 + np.arange(30),
                    prediction=(score > 0.5).astype(int),
                )
            )
    return pd.concat(tables, ignore_index=True)


def predictions_of_several_classes(n=400, seed=0):
    """A table, and the three classes and the probabilities in it."""
    rng = np.random.default_rng(seed)
    classes = np.array(["diffusion", "gan", "real"])
    codes = rng.integers(3, size=n)
    scores = np.exp(rng.normal(size=(n, 3)) + (codes[:, None] == np.arange(3)))
    scores /= scores.sum(axis=1, keepdims=True)
    table = {"detector": "CNN", "fold": 0, "image": np.arange(n)}
    table |= {"target": classes[codes], "prediction": classes[scores.argmax(axis=1)]}
    table |= {f"score_{name}": scores[:, i] for i, name in enumerate(classes)}
    return pd.DataFrame(table), classes, scores


def legend_of(display):
    """Lines of the legend."""
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]
