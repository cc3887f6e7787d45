"""The page: one HTML file that holds all it needs, made from the comparisons and a template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from holdfast import citations
from holdfast.experiments import NEAR_CHANCE, Literature, literature
from holdfast.report import beside, figures, numbers
from holdfast.report.claims import Claimed, claimed
from holdfast.report.comparison import Comparison, Row
from holdfast.report.findings import findings
from holdfast.report.inline import inline
from holdfast.report.probed import CAPTIONS, draw_probes
from holdfast.report.saved import HEADER, saved
from holdfast.report.settings_table import Settings, environments, settings
from holdfast.report.swatch import swatch
from holdfast.report.theme import TONES, Look, looks
from holdfast.report.wording import claims_counted, runs_counted, statuses, steps_to_solved_words

UPDATED = ("openness", "operations")
"""What models with a budget, or under a curriculum, measure beside what the task asks for."""


@dataclass(frozen=True)
class Section:
    """One task as the template sees it.

    Args:
        number: from 1, in the order of the page.
        comparison: the runs.
        literature: what papers report.
        looks: how each model is drawn.
    """

    number: int
    comparison: Comparison
    literature: Literature
    looks: Mapping[str, Look]

    @property
    def anchor(self) -> str:
        return f"task-{self.number}"

    @property
    def findings(self) -> list[str]:
        return findings(self.comparison)

    @property
    def measures(self) -> list[str]:
        return figures.measures(self.comparison)

    @property
    def columns(self) -> list[str]:
        """The measures of the table: those that are drawn, and how much was updated where units may rest."""
        told = [name for name in UPDATED if any(row.over(name) for row in self.comparison.rows)]
        return [*self.measures, *told]

    @property
    def published(self) -> list[beside.Line]:
        return beside.lines(self.literature, [row.published_as for row in self.comparison.rows])

    def published_cell(self, row: Row) -> str:
        return beside.cell(self.literature, row.published_as, self.comparison.measure)

    @property
    def settings(self) -> Settings:
        return settings(self.comparison)

    @property
    def saved(self) -> tuple[tuple[str, ...], ...]:
        """What the models save at inference, of those where it was measured; the words of `saved.HEADER`."""
        return saved({row.label: row.runs for row in self.comparison.rows})

    @property
    def diagnostics(self) -> list[tuple[str, Markup]]:
        """Captions and figures of what was probed, of the first run of each model that was."""
        probed = {row.label: next((run.probe for run in row.runs if run.probe), None) for row in self.comparison.rows}
        found = {label: probe for label, probe in probed.items() if probe}
        drawn = draw_probes(found, styles=self.looks) if found else {}
        return [(CAPTIONS[name], self._diagnostic(name, figure)) for name, figure in drawn.items()]

    def _diagnostic(self, name: str, figure: Figure) -> Markup:
        title = f"{CAPTIONS[name]}, on {self.comparison.title}"
        return Markup(inline(figures.svg(figure), prefix=f"{self.anchor}-{name}", title=title, description=title))

    def drawing(self, shape: str, against: str) -> Markup:
        """Learning curves for a wide or a narrow screen."""
        chosen = {"wide": figures.WIDE, "narrow": figures.NARROW}[shape]
        svg = figures.svg(figures.draw(self.comparison, self.looks, chosen, against=against))
        axis = {"step": "against training steps", "seconds": "against seconds of training"}[against]
        return Markup(
            inline(
                svg,
                prefix=f"{self.anchor}-{shape}-{against}",
                title=f"Learning curves on {self.comparison.title}, {axis}",
                description=" ".join([*self.findings, "The table below holds the final numbers."]),
            )
        )


def sections(comparisons: Sequence[Comparison]) -> list[Section]:
    """The comparisons with all that stands beside them; a model looks the same in each."""
    shared = looks(row.label for comparison in comparisons for row in comparison.rows)
    return [
        Section(number, comparison, literature(comparison.settings), shared)
        for number, comparison in enumerate(comparisons, start=1)
    ]


def render(parts: Sequence[Section]) -> str:
    """The whole page as text."""
    templates = Environment(
        loader=PackageLoader("holdfast.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals.update(numbers=numbers, beside=beside, swatch=swatch, saved_header=HEADER)
    templates.globals.update(runs_counted=runs_counted, solved=steps_to_solved_words, statuses=statuses)
    templates.filters.update(cite=short_citation)
    runs = [run for part in parts for run in part.comparison.runs]
    models = {row.label: row for part in parts for row in part.comparison.rows}
    places = environments(runs)
    questions = claimed(runs)
    return templates.get_template("page.html.j2").render(
        sections=parts,
        questions=[(one, _anchor(one, parts)) for one in questions],
        claims=claims_counted([verdict for one in questions for _, verdict, _ in one.verdicts]),
        models=[models[label] for label in sorted(models)],
        references=_references(parts, questions),
        environments=places,
        place={run: place.number for place in places for run in place.runs},
        runs=len(runs),
        sparse=2 * sum(len(part.comparison.rows) for part in parts) < len(models) * len(parts),
        near_chance=NEAR_CHANCE,
        script=Markup(templates.get_template("page.js.j2").render()),
        style=Markup(templates.get_template("page.css.j2").render(tones=TONES)),
    )


def short_citation(key: str) -> str:
    """ "Gu et al. 2020"; a key that the bibliography lacks stands for itself."""
    known = citations.references()
    return known[key].short if key in known else key


def _anchor(question: Claimed, parts: Sequence[Section]) -> str:
    """The section that holds the runs of a question, or most of them."""
    own = set(question.runs)
    held = {part.anchor: len(own.intersection(part.comparison.runs)) for part in parts}
    return max(held, key=held.__getitem__) if any(held.values()) else "main"


def _references(parts: Sequence[Section], questions: Sequence[Claimed]) -> list[citations.Reference]:
    """Every paper that the page names, by author."""
    named = {key for part in parts for key in part.comparison.description.get("sources", ())}
    named |= {line.source for part in parts for line in part.published}
    named |= {one.judged.experiment.source for one in questions}
    named |= {key for part in parts for row in part.comparison.rows for key in row.sources}
    known = citations.references()
    return [known[key] for key in sorted(named) if key in known]
