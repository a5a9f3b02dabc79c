"""Counts over all attempts of a job, stored in the transactions that they count.

A worker may die between any two steps, even between the last one and the end of its job. The next attempt then finds
the work done, and would report that there was nothing to do.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from annotation.core.transactions import write_transaction

from .context import LeaseLost, WorkerStopping

Keep = Callable[[Mapping[str, Any]], None]


class ResumableCounts:
    """Counts over all attempts, the position they reached, and what has been reported.

    ``kept`` is what an earlier attempt kept by ``keep``, which is called in the transaction of what it counts. Without
    them it is the ledger of work that nobody takes up again.
    """

    def __init__(self, kept: Mapping[str, Any] | None = None, keep: Keep | None = None) -> None:
        kept = kept or {}
        self._keep = keep
        self.reached = int(kept.get("done", 0))
        """How far earlier attempts came: their counts are of all up to there."""
        self._counts: Counter[str] = Counter(kept.get("counts", {}))
        self._told: Counter[str] = Counter(kept.get("told", {}))
        self._said: list[str] = list(kept.get("said", []))

    def __getitem__(self, name: str) -> int:
        """Return a count over all attempts."""
        return self._counts[name]

    def count_up_to(self, reached: int, **counts: int) -> None:
        """Add the counts up to ``reached``, skipping what an earlier attempt counted."""
        if reached <= self.reached:
            return
        self.reached = reached
        self.add(**counts)

    def add(self, **counts: int) -> None:
        """Add to the counts; call it in the transaction that does what is counted."""
        self._counts.update(counts)
        self._save()

    def run_once(self, what: str, act: Callable[[], object]) -> None:
        """Run ``act`` once over all attempts, in one transaction with the note of it."""
        if what not in self._said:
            with write_transaction():
                act()
                self._said.append(what)
                self._save()

    @contextmanager
    def report_once(self, tell: Callable[[dict[str, int]], object], names: tuple[str, ...]) -> Iterator[None]:
        """Report what was counted under ``names`` and not reported yet, once, when the block ends.

        An attempt that another one goes on from tells nothing: the last one tells of all.
        """
        try:
            yield
        except (LeaseLost, WorkerStopping):
            raise
        except BaseException:
            self._tell(tell, names)
            raise
        self._tell(tell, names)

    def _tell(self, tell: Callable[[dict[str, int]], object], names: tuple[str, ...]) -> None:
        new = {name: self._counts[name] - self._told[name] for name in names}
        if not any(new.values()):
            return
        with write_transaction():
            tell(new)
            self._told.update(new)
            self._save()

    def _save(self) -> None:
        if self._keep is not None:
            self._keep(
                {
                    "done": self.reached,
                    "counts": dict(self._counts),
                    "told": dict(self._told),
                    "said": self._said,
                }
            )
