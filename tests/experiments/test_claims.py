"""Claims: what finished runs confirm, refute, or leave open."""

import pytest

from holdfast.experiments.claims import Outcome, accurate, better, cheaper, fails, level, solves, sooner

SOLVED = Outcome(1.0, True, 300)
LATE = Outcome(0.95, True, 900)
NEVER = Outcome(0.2, True, None)
DIVERGED = Outcome(None, True, None)
HIGH, HALF = Outcome(0.75, True, None), Outcome(0.5, True, None, chance=0.1)
GUESSING, LOW = Outcome(0.13, True, None, chance=0.1), Outcome(0.1, True, None, chance=0.1)
DEAR, CHEAP = Outcome(0.9, True, 300, 1000.0), Outcome(0.9, True, 300, 250.0)


@pytest.mark.parametrize(
    ("claim", "runs", "verdict"),
    [
        (solves("a"), [(SOLVED, LATE)], "met"),
        (solves("a"), [(SOLVED, NEVER)], "not met"),
        (fails("a"), [(NEVER, DIVERGED)], "met"),
        (fails("a"), [(NEVER, SOLVED)], "not met"),
        (sooner("a", "b"), [(SOLVED,), (LATE,)], "met"),
        (sooner("a", "b"), [(SOLVED,), (LATE, NEVER)], "met"),
        (sooner("a", "b"), [(LATE,), (SOLVED, NEVER)], "not met"),
        (sooner("a", "b"), [(SOLVED,), (NEVER,)], "met"),
        (sooner("a", "b"), [(LATE,), (SOLVED,)], "not met"),
        (sooner("a", "b"), [(NEVER,), (NEVER,)], "not met"),
        (better("a", "b"), [(LATE,), (NEVER,)], "met"),
        (better("a", "b", by=0.8), [(LATE,), (NEVER,)], "not met"),
        (better("a", "b", by=0.25), [(HIGH,), (HALF,)], "met"),
        (better("a", "b"), [(HIGH,), (HIGH,)], "not met"),
        (better("a", "b"), [(GUESSING,), (LOW,)], "not met"),
        (better("a", "b"), [(HALF,), (GUESSING,)], "met"),
        (better("a", "b"), [(NEVER,), (DIVERGED,)], "met"),
        (better("a", "b"), [(DIVERGED,), (DIVERGED,)], "not met"),
        (better("a", "b"), [(SOLVED, DIVERGED), (NEVER,)], "not met"),
        (level("a", "b", within=0.1), [(SOLVED,), (LATE,)], "met"),
        (level("a", "b", within=0.1), [(NEVER,), (SOLVED,)], "not met"),
        (level("a", "b", within=0.1), [(DIVERGED,), (DIVERGED,)], "not met"),
        (level("a", "b", within=0.1), [(DIVERGED,), (SOLVED,)], "not met"),
        (cheaper("a", "b"), [(CHEAP,), (DEAR,)], "met"),
        (cheaper("a", "b"), [(CHEAP,), (CHEAP,)], "not met"),
        (cheaper("a", "b", by=4), [(CHEAP,), (DEAR,)], "met"),
        (cheaper("a", "b", by=4), [(CHEAP, DEAR), (DEAR,)], "not met"),
        (cheaper("a", "b"), [(CHEAP,), (SOLVED,)], "open"),
        (accurate("a", 0.9), [(SOLVED, LATE)], "met"),
        (accurate("a", 0.9), [(SOLVED, NEVER)], "not met"),
    ],
)
def test_a_claim_is_judged_by_all_runs_that_it_speaks_of(claim, runs, verdict):
    assert claim.verdict(dict(zip(claim.models, runs, strict=True))) == verdict


def test_of_losses_the_smaller_is_the_better():
    small, large = Outcome(0.01, False, 5), Outcome(0.2, False, None)
    assert better("a", "b").verdict({"a": [small], "b": [large]}) == "met"
    assert better("a", "b").verdict({"a": [large], "b": [small]}) == "not met"


def test_of_two_models_near_chance_neither_does_better():
    one, other = Outcome(0.1593, False, None, chance=0.1667), Outcome(0.1600, False, None, chance=0.1667)
    assert better("a", "b").verdict({"a": [one], "b": [other]}) == "not met"


def test_a_claim_is_open_as_long_as_one_of_its_models_has_no_run():
    assert better("a", "b").verdict({"a": [SOLVED], "b": ()}) == "open"
    assert better("a", "b").verdict({"a": [SOLVED]}) == "open"
