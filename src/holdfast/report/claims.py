"""The claims of experiments as the page shows them: each beside its verdict, and what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.report import numbers
from holdfast.report.judged import Judged, answered
from holdfast.report.ledger import Account, account
from holdfast.report.run import Run


@dataclass(frozen=True)
class Claimed:
    """One question of an experiment on the page.

    Args:
        judged: with the runs.
        account: published against ours.
    """

    judged: Judged
    account: Account

    @property
    def title(self) -> str:
        one = self.account
        return f"{one.experiment}, {one.question}, {one.scale}"

    @property
    def runs(self) -> list[Run]:
        """Those that it rests on."""
        return [run for runs in self.judged.runs.values() for run in runs]

    @property
    def verdicts(self) -> list[tuple[str, str, str]]:
        """Each claim with its verdict and what was measured, seed by seed."""
        return [
            (claim.sentence, verdict, "; ".join(filter(None, map(self._measured, claim.models))))
            for claim, verdict in self.judged.verdicts()
        ]

    def _measured(self, label: str) -> str:
        """ "lstm 12.03 %, 11.80 %"; empty without a run."""
        row = self.judged.row(label)
        if row is None:
            return ""
        values = [run.reached("test", row.measure) for run in row.runs]
        words = ["diverged" if value is None else numbers.measure(row.measure, value) for value in values]
        return f"{label} {', '.join(words)}"


def claimed(runs: Sequence[Run]) -> list[Claimed]:
    """What experiments claim of these runs."""
    return [Claimed(one, account(one)) for one in answered(runs)]
