import math

import pytest

from holdfast.report import numbers

T = numbers.THIN


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.17329, "0.173"),
        (2.302585, "2.30"),
        (0.001, "0.00100"),
        (0.000123, "1.23×10⁻⁴"),
        (12.345, "12.3"),
        (999.4, "999"),
        (12345.6, f"12{T}346"),
        (-0.5, "-0.500"),
        (math.nan, "nan"),
        (math.inf, "inf"),
    ],
)
def test_a_number_has_three_digits(value: float, text: str):
    assert numbers.plain(value) == text


@pytest.mark.parametrize(
    ("mean", "spread", "text"),
    [
        (0.00957, 0.0062, "0.0096 ± 0.0062"),
        (0.16041, 0.0012, "0.1604 ± 0.0012"),
        (2.302585, 0.5, "2.30 ± 0.50"),
        (2.302585, 0.0000001, "2.303 ± 0.000"),
        (0.5, 0.0, "0.500 ± 0"),
        (1234.5, 67.0, "1234 ± 67"),
        (3.2e-5, 1.1e-5, "(3.2 ± 1.1)×10⁻⁵"),
        (0.0, 0.01, "0.000 ± 0.010"),
    ],
)
def test_a_loss_and_its_spread_have_as_many_decimals_as_the_spread_deserves(mean: float, spread: float, text: str):
    assert numbers.measure("loss", mean, spread) == text


def test_an_accuracy_is_a_percentage():
    assert numbers.measure("accuracy", 0.96963) == f"96.96{T}%"
    assert numbers.measure("accuracy", 0.96963, 0.0012) == f"96.96 ± 0.12{T}%"
    assert numbers.measure("accuracy", 1.0) == f"100.00{T}%"
    assert numbers.measure("accuracy", 0.999981) == f"99.998{T}%"
    assert numbers.measure("accuracy", 0.999981, 0.000006) == f"99.998 ± 0.001{T}%"
    assert numbers.measure("accuracy", 0.00004) == f"0.004{T}%"
    assert numbers.level("accuracy", 0.125) == f"12.5{T}%"


def test_a_published_number_keeps_the_digits_of_its_paper():
    assert numbers.published("accuracy", 0.9696) == f"96.96{T}%"
    assert numbers.published("accuracy", 0.744) == f"74.4{T}%"
    assert numbers.published("accuracy", 0.91, 0.045) == f"91 ± 4.5{T}%"
    assert numbers.published("loss", 0.01029) == "0.01029"


def test_steps_have_thin_spaces_between_thousands():
    assert numbers.count(1234567) == f"1{T}234{T}567"
    assert numbers.count(999) == "999"


def test_seconds_have_a_decimal_only_where_it_matters():
    assert numbers.seconds(3.14159) == "3.1"
    assert numbers.seconds(1234.5) == f"1{T}234"


def test_words_are_listed_and_counted():
    assert numbers.listed(["a"]) == "a"
    assert numbers.listed(["a", "b"]) == "a and b"
    assert numbers.listed(["a", "b", "c"]) == "a, b and c"
    assert numbers.times(1, "run") == "1 run"
    assert numbers.times(0, "run") == "0 runs"
