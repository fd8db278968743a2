"""What several rounds say together: the median, and between which values it lay."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Spread:
    """A median with the least and the largest of what was measured."""

    median: float
    least: float
    largest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Sum up the rounds."""
        return cls(median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f} to {self.largest:.2f})"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Compare round by round, since a machine is faster in one round than in another."""
    return Spread.of([mine / other for mine, other in zip(ours, theirs, strict=True)])
