"""The claims of experiments as the page shows them: each beside its verdict, and what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.experiments import Claim
from holdfast.report import numbers
from holdfast.report.costs import operations_of
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
        """Each claim with its verdict and what it was judged by, seed by seed."""
        return [
            (claim.sentence, verdict, "; ".join(filter(None, (self._measured(claim, label) for label in claim.models))))
            for claim, verdict in self.judged.verdicts()
        ]

    def _measured(self, claim: Claim, label: str) -> str:
        """ "lstm 12.03 %, 11.80 %"; empty without a run."""
        row = self.judged.row(label)
        if row is None:
            return ""
        told = {"result": _result, "steps to solved": _solved, "operations": _operations}[claim.measured]
        values = [told(run, row.measure) for run in row.runs]
        unit = {"result": "", "steps to solved": " steps", "operations": " operations"}[claim.measured]
        return f"{label} {', '.join(values)}{unit if any(value[0].isdigit() for value in values) else ''}"


def _result(run: Run, measure: str) -> str:
    value = run.reached("test", measure)
    return "diverged" if value is None else numbers.measure(measure, value)


def _solved(run: Run, _: str) -> str:
    return "not solved" if run.steps_to_solved is None else numbers.count(run.steps_to_solved)


def _operations(run: Run, _: str) -> str:
    value = operations_of(run)
    return "not known" if value is None else numbers.plain(value)


def claimed(runs: Sequence[Run]) -> list[Claimed]:
    """What experiments claim of these runs."""
    return [Claimed(one, account(one)) for one in answered(runs)]
