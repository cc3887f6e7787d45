import re
from pathlib import Path

import pytest

from holdfast import citations

ROOT = Path(__file__).parents[2]
NEEDED = {"title", "author", "year"}
VENUE = {"inproceedings": "booktitle", "article": "journal", "techreport": "institution"}
KNOWN_FIELDS = NEEDED | {
    "booktitle",
    "journal",
    "institution",
    "howpublished",
    "volume",
    "number",
    "pages",
    "eprint",
    "archiveprefix",
}


@pytest.fixture(params=list(citations.references().values()), ids=lambda entry: entry.key)
def entry(request: pytest.FixtureRequest) -> citations.Reference:
    return request.param


def test_an_entry_has_all_that_a_reader_needs_to_find_the_paper(entry: citations.Reference):
    assert set(entry.fields) >= NEEDED
    assert set(entry.fields) <= KNOWN_FIELDS
    assert all(value.strip() for value in entry.fields.values())
    if entry.kind in VENUE:
        assert VENUE[entry.kind] in entry.fields
    else:
        assert entry.kind == "misc"
        assert {"eprint", "howpublished"} & set(entry.fields)


def test_a_key_is_the_first_author_the_year_and_a_word_of_the_title(entry: citations.Reference):
    surname = re.sub(r"[^a-z]", "", entry.fields["author"].split(",")[0].lower().replace("í", "i"))
    match = re.fullmatch(r"([a-z]+)(\d{4})([a-z]+)", entry.key)
    assert match
    assert surname.startswith(match[1]) or match[1].startswith(surname)
    assert match[2] == entry.fields["year"]
    assert match[3] in re.sub(r"[^a-z]", "", entry.title.lower())


def test_braces_and_names_are_well_formed(entry: citations.Reference):
    for value in entry.fields.values():
        assert value.count("{") == value.count("}")
    for name in entry.fields["author"].split(" and "):
        assert name == "others" or name.count(",") == 1, f"write {name!r} as 'Surname, Given'"


def test_an_arxiv_number_looks_like_one(entry: citations.Reference):
    assert ("eprint" in entry.fields) == ("archiveprefix" in entry.fields)
    assert re.fullmatch(r"\d{4}\.\d{4,5}", entry.fields.get("eprint", "0000.0000"))


def test_the_entries_stand_in_the_order_of_their_keys():
    keys = list(citations.references())
    assert keys == sorted(keys)
    assert len(keys) > 70


def test_the_link_at_the_root_leads_to_the_file_of_the_package():
    assert (ROOT / "references.bib").resolve() == ROOT / "src" / "holdfast" / "references.bib"


def test_an_entry_prints_as_bibtex_that_reads_back():
    text = citations.bibtex("tallec2018can")
    assert text.startswith("@inproceedings{tallec2018can,\n")
    assert text.endswith("\n}")
    assert citations.parse(text)["tallec2018can"] == citations.reference("tallec2018can")


@pytest.mark.parametrize(
    ("key", "short"),
    [
        ("elman1990finding", "Elman 1990"),
        ("tallec2018can", "Tallec & Ollivier 2018"),
        ("gu2020improving", "Gu et al. 2020"),
        ("graves2016hybrid", "Graves et al. 2016"),
        ("vanderwesthuizen2018unreasonable", "van der Westhuizen & Lasenby 2018"),
    ],
)
def test_a_reference_is_named_as_texts_name_it(key: str, short: str):
    assert citations.reference(key).short == short


def test_a_reference_prints_without_the_braces_of_bibtex():
    entry = citations.reference("cho2014learning")
    assert entry.title.startswith("Learning Phrase Representations Using RNN Encoder–Decoder")
    assert entry.authors.startswith("Kyunghyun Cho, Bart van Merriënboer")
    assert citations.reference("le2015simple").venue == "arXiv:1504.00941"
    assert citations.reference("graves2016hybrid").authors.endswith("et al.")


def test_an_unknown_key_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"got 'gu2020improvin'; the nearest are gu2020improving"):
        citations.bibtex("gu2020improvin")
    with pytest.raises(ValueError, match=r"references\.bib lists them all"):
        citations.reference("zzzzzz")


def test_a_key_that_stands_twice_is_refused():
    once = citations.bibtex("elman1990finding")
    with pytest.raises(ValueError, match="'elman1990finding' twice"):
        citations.parse(f"{once}\n\n{once}\n")


def test_an_entry_that_does_not_end_is_refused():
    with pytest.raises(ValueError, match="expected 1 whole entries, read 0"):
        citations.parse("@misc{a2000b,\n  title = {B},\n")


def test_every_key_named_in_the_package_is_in_the_bibliography():
    """Wherever a word looks like a key, in a docstring or a tuple of sources: a dangling one cites nothing."""
    for path in sorted((ROOT / "src" / "holdfast").rglob("*.py")):
        for key in re.findall(r"\b[a-z]{2,}(?:19|20)\d\d[a-z]{3,}\b", path.read_text(encoding="utf-8")):
            assert key in citations.references(), f"{path} names {key!r}"
