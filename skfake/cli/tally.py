"""What became of many images: how many of each label, and how many without one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from skfake.screening.labelling import Labeller
    from skfake.screening.opening import Opened


class Tally:
    """Count rows as they are written."""

    def __init__(self, labeller: Labeller) -> None:
        from skfake.training_images import find_fingerprints

        self._detector = labeller.detector
        self._known = find_fingerprints(labeller.detector)
        names = list(labeller.names.values())
        pairs = list(zip(names, labeller.positive.tolist(), strict=True))
        # Fakes are what is looked for.
        self._labels = [n for n, fake in pairs if fake]
        self._labels += [n for n, fake in pairs if not fake]
        self._found: Counter[str] = Counter()
        self._n_trained = self._n_far_larger = 0
        self._n_unstable: int | None = 0 if labeller.says_agreement else None
        self.n_images = self._n_unreadable = self._n_unanswered = 0

    @property
    def n_without(self) -> int:
        """Images that have no answer."""
        return self._n_unreadable + self._n_unanswered

    def add(self, rows: Sequence[Any], batch: Sequence[Opened]) -> None:
        """Count the rows of a batch of files."""
        from skfake.training_images import are_far_larger

        self.n_images += len(rows)
        for row, opened in zip(rows, batch, strict=True):
            if row.error is None:
                self._found[row.label] += 1
                if self._n_unstable is not None:
                    self._n_unstable += row.agreement < 1
            elif opened.pixels is None:
                self._n_unreadable += 1
            else:
                self._n_unanswered += 1
        read = [opened.pixels for opened in batch if opened.pixels is not None]
        self._n_trained += self._count_known(read)
        self._n_far_larger += sum(are_far_larger(read, self._detector))

    def _count_known(self, images: list[np.ndarray]) -> int:
        """Images that the detector was trained on."""
        import numpy as np

        from skfake.images import fingerprint_images

        if self._known is None:
            return 0
        return int(np.isin(fingerprint_images(images), self._known).sum())

    def describe_failures(self) -> str:
        """How many have no answer, while there are more to come."""
        return f"{self.n_without:,} without an answer" if self.n_without else ""

    def describe(self, passed_over: Mapping[str, int]) -> str:
        """All counts, in sentences."""
        from skfake.datasets.folder import describe_passed_over

        shown = [name for name in self._labels if self._found[name]]
        if len(self._labels) == 2:
            shown = self._labels
        others = [name for name in self._found if name not in self._labels]
        counts = [(self._found[name], name) for name in (*shown, *others)]
        counts += [
            (n, words)
            for n, words in (
                (self._n_unreadable, "unreadable"),
                (self._n_unanswered, "without an answer"),
            )
            if n
        ]
        listed = ", ".join(f"{n:,} {words}" for n, words in counts)
        said = [f"{self.n_images:,} image{'s' * (self.n_images != 1)}: {listed}."]
        if self._n_unstable is not None:
            has = "has" if self._n_unstable == 1 else "have"
            said.append(
                f"{self._n_unstable:,} of them {has} another label when re-encoded."
            )
        if self._n_trained:
            is_one = self._n_trained == 1
            what = "is a training image" if is_one else "are training images"
            said.append(f"{self._n_trained:,} of them {what} of the detector.")
        if self._n_far_larger:
            is_one = self._n_far_larger == 1
            be, these = ("is", "this one") if is_one else ("are", "these")
            said.append(
                f"{self._n_far_larger:,} of them {be} far larger than the images that "
                "the detector was trained on, and resized: what it says of "
                f"{these} means little."
            )
        said.append(describe_passed_over(passed_over))
        return " ".join(said).rstrip()
