"""The ledger as a page of the documentation, in Markdown."""

from collections.abc import Sequence
from itertools import groupby

from holdfast.experiments import Experiment
from holdfast.report import beside
from holdfast.report.ledger import NOT_RUN, Account, Line
from holdfast.report.markdown import markdown_table
from holdfast.report.page import short_citation
from holdfast.report.saved import HEADER as HEADER_SAVED
from holdfast.report.wording import claims_counted

INTRODUCTION = f"""\
# The ledger

Each experiment of a paper, what the paper reports, and what came of it here: every run that was made, also those that
disappoint, with its seeds, steps and machine. Small experiments are for two cores and make claims of their own; full
ones have the settings of the paper as far as they are known. Of claims, a run that diverged counts as worse than all
others, and no model near chance does better than another. `holdfast reproduce PAPER/EXPERIMENT` runs one, and
`holdfast ledger --add runs` takes it in. {beside.MARK}: {beside.FOOTNOTE}.
"""
HEADER = ["model", "published", "ours", "seeds", "steps", "machine", "claims", "differs from the paper"]
SAVED = "At inference, where what rests is not computed:"


def ledger_page(accounts: Sequence[Account], experiments: Sequence[Experiment]) -> str:
    """All experiments, each under a heading with its docstring."""
    known = {experiment.name: experiment for experiment in experiments}
    parts = [INTRODUCTION, _summary(accounts)]
    for name, group in groupby(accounts, key=lambda account: account.experiment):
        parts += [f"## {name}", f"{short_citation(known[name].source)}. {known[name].text}", *map(_account, group)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _summary(accounts: Sequence[Account]) -> str:
    lines = [line for account in accounts for line in account.lines]
    made = sum(line.ours != NOT_RUN for line in lines)
    verdicts = [verdict for line in lines for _, verdict in line.claims]
    return f"Of {len(lines)} rows {made} have been run. {claims_counted(verdicts)}"


def _account(account: Account) -> str:
    shared = ", ".join(account.shared)
    notes = [f"Differs from the paper, unless a row says otherwise: {shared}."] if shared else []
    table = markdown_table(HEADER, [_cells(line) for line in account.lines], aligned_right=())
    saving = [SAVED, markdown_table(HEADER_SAVED, account.saved, aligned_right=())] if account.saved else []
    return "\n\n".join([f"### {account.question}, {account.scale}", *notes, table, *saving])


def _cells(line: Line) -> list[str]:
    claims = "<br>".join(f"{sentence}: {_stressed(verdict)}" for sentence, verdict in line.claims)
    words = [line.model, line.published, line.ours, line.seeds, line.steps, line.machine]
    return [*(word or "–" for word in words), claims or "–", "<br>".join(line.deviations) or "–"]


def _stressed(verdict: str) -> str:
    return verdict if verdict == "open" else f"**{verdict}**"
