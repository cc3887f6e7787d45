"""`holdfast ledger`: what papers report and what came of it here."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from holdfast.cli.errors import UserError
from holdfast.cli.parser import Parser
from holdfast.cli.reproduce import MARKS, experiment_of
from holdfast.experiments import EXPERIMENTS
from holdfast.report.keep import take
from holdfast.report.ledger import NOT_RUN, Account, ledger
from holdfast.report.ledger_page import ledger_page
from holdfast.report.numbers import times
from holdfast.report.saved import HEADER
from holdfast.training.files import write_text

ABOUT = (
    "Shows what papers report and what came of it here; a row without a run says so, and a question without any is a "
    "line at the end unless its experiment was named. With --add it first takes the finished runs of "
    "`holdfast reproduce` into the results, as small text files."
)

RESULTS = "results"
"""Where records are kept unless it is said; without such a folder nothing was run yet."""
WHOLE = frozenset({"model", "experiment", "question"})
"""Columns of which no cell is broken over two lines."""


def main(arguments: Sequence[str]) -> int:
    """Takes runs in, if it is told to, and shows the ledger or writes its page."""
    parser = Parser("ledger", "[PAPER/EXPERIMENT ...] [options]", ABOUT)
    parser.add_argument("experiments", nargs="*", help="which to show; all unless given")
    parser.add_argument("--results", type=str, default=RESULTS, help="holds PAPER/EXPERIMENT/SCALE/QUESTION")
    parser.add_argument(
        "--add", type=str, default=None, metavar="FOLDER", help="of holdfast reproduce: take its runs in"
    )
    parser.add_argument("--page", type=str, default=None, metavar="FILE", help="write it as a page in Markdown instead")
    values = parser.parse_args(arguments)
    shown = [experiment_of(name) for name in values.experiments] or list(EXPERIMENTS.values())
    results = Path(values.results)
    if values.add is not None:
        add(Path(values.add), results)
    elif values.results != RESULTS and not results.is_dir():
        raise UserError(f"expected a folder of results, found none at {results}; `--add FOLDER` makes it from runs")
    accounts = ledger(results, shown)
    if values.page is not None:
        page = Path(values.page)
        if not page.parent.is_dir():
            raise UserError(f"expected a folder to write {page.name} into, found none at {page.parent}; make it first")
        write_text(page, ledger_page(accounts, shown))
        print(f"The ledger is in {values.page}")
    else:
        whole = bool(values.experiments)
        show([account for account in accounts if whole or account.made])
        show_unmade([account for account in accounts if not (whole or account.made)])
    return 0


def add(runs: Path, results: Path) -> None:
    """Takes the finished runs of all experiments in.

    Raises:
        UserError: there are none.
    """
    taken = [folder for name in EXPERIMENTS for folder in take(runs / name, results / name)]
    if not taken:
        raise UserError(
            f"expected finished runs of `holdfast reproduce` under {runs}, found none; name what was its --folder"
        )
    print(f"{times(len(taken), 'run')} taken into {results}")


def show(accounts: Sequence[Account]) -> None:
    """A table a question, with its claims below."""
    console = Console(highlight=False)
    for account in accounts:
        title = f"{account.experiment}, {account.question}, {account.scale}"
        table = titled(title, "model", "published", "ours", "seeds", "steps")
        for line in account.lines:
            table.add_row(*map(escape, (line.model, line.published, line.ours, line.seeds, line.steps)))
        console.print(table)
        if account.saved:
            show_saved(console, account.saved)
        for sentence, verdict in (claim for line in account.lines for claim in line.claims):
            console.print(f"  {MARKS[verdict]}: {escape(sentence)}")
        for words in machines(account):
            console.print(f"  [dim]run on {escape(words)}[/]")
        own = [f"{line.model}: {words}" for line in account.lines for words in line.deviations]
        if words := [*account.shared, *own]:
            console.print(f"  [dim]differs from the paper: {escape('; '.join(words))}[/]")
        console.print()


def show_saved(console: Console, rows: Sequence[Sequence[str]]) -> None:
    """A table of what runs save; what is the same in all rows stands below it."""
    columns: dict[str, tuple[str, ...]] = dict(zip(HEADER, zip(*rows, strict=True), strict=True))
    several = len(rows) > 1
    same = {n: cells[0] for n, cells in columns.items() if several and len(set(cells)) == 1 and n != "model"}
    varied = {name: cells for name, cells in columns.items() if name not in same}
    table = titled("at inference, where what rests is not computed", *varied)
    for row in zip(*varied.values(), strict=True):
        table.add_row(*map(escape, row))
    console.print(table)
    if same:
        console.print(f"  [dim]{escape('; '.join(f'{name}: {cell}' for name, cell in same.items()))}[/]")


def machines(account: Account) -> list[str]:
    """Where runs were made, each machine with the models that ran there if there are several."""
    models: dict[str, list[str]] = {}
    for line in account.lines:
        if line.machine:
            models.setdefault(line.machine, []).append(line.model)
    return list(models) if len(models) < 2 else [f"{name}: {', '.join(labels)}" for name, labels in models.items()]


def show_unmade(accounts: Sequence[Account]) -> None:
    """A line for each question of which nothing was run."""
    if not accounts:
        return
    table = titled(NOT_RUN, "experiment", "scale", "question", "models")
    for account in accounts:
        table.add_row(account.experiment, account.scale, account.question, str(len(account.lines)))
    Console(highlight=False).print(table)


def titled(title: str, *columns: str) -> Table:
    """An empty table."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold", no_wrap=name in WHOLE)
    return table
