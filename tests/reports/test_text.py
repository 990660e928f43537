"""Remote text does nothing, wherever it is shown."""

from __future__ import annotations

import doctest
import importlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import text

MODULES = ("reports.text", "reports.findings", "reports.html.page")
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted and not done.failed


@given(ANY_TEXT)
def test_what_is_shown_has_no_control_format_or_surrogate(value: str) -> None:
    shown = text.plain(value)
    assert not {char for char in shown if unicodedata.category(char) in ("Cc", "Cs", "Cf")} - {"\n", "\t"} - ALLOWED


# Signs of Arabic, Syriac and Kaithi that are seen, although Unicode calls them format characters.
ALLOWED = {chr(code) for code in (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)}


@given(ANY_TEXT, st.integers(8, 120))
def test_a_fitted_text_is_one_line_and_fits(value: str, cells: int) -> None:
    shown = text.fit(value, cells)
    assert text.width(shown) <= cells
    assert "\n" not in shown


@given(ANY_TEXT, st.integers(20, 120))
def test_wrapped_lines_fit(value: str, cells: int) -> None:
    lines = text.wrap(value, cells, "    ", lines=5)
    assert len(lines) <= 5
    assert all(text.width(line) <= cells for line in lines)


def test_a_megabyte_is_cut() -> None:
    assert len(text.plain("A" * 1_000_000)) < 4_100
