"""The bundle holds every form, can be stored, and survives nbconvert."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from markdown_it import MarkdownIt
from nbconvert import HTMLExporter, MarkdownExporter, get_exporter

from gemini_magic.render.bundle import bundle
from gemini_magic.turn.parts import Call, Code, Image, Result, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.turn import MIME, Turn

from ..hostile import HOSTILE
from ..strategies import PNG, answered, turns
from .reading import read
from .test_html import everywhere

ALL = {"text/plain", "text/markdown", "text/html", MIME}


def notebook(*turns: Turn, **options: Any) -> nbformat.NotebookNode:
    """A notebook with one cell, whose outputs are the turns."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%%gemini\nx")])
    for turn in turns:
        data, metadata = bundle(turn, **options)
        output = nbformat.v4.new_output("display_data", data, metadata=metadata)
        book.cells[0].outputs.append(output)
    return book


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(turns)
def test_any_turn_can_be_saved_in_a_notebook(turn: Turn) -> None:
    nbformat.writes(notebook(turn)).encode()


def test_what_tells_of_a_code_is_looked_for_once_for_all_forms(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []

    def telling(code: str) -> str:
        looked.append(code)
        return "what it does"

    monkeypatch.setattr("gemini_magic.render.bundle.telling", telling)
    data, _ = bundle(answered(Code("a = f()"), Text("then"), Code("b = g(a)")))
    assert looked == ["a = f()", "b = g(a)"]
    assert all("what it does" in data[form] for form in ("text/html", "text/markdown"))


def test_the_turn_in_it_is_the_record_whatever_is_shown() -> None:
    turn = answered(Text("x"), Code("y"), Result("OUTCOME_OK", "1"))
    for show in ("all", "answer", "code", "results"):
        data, _ = bundle(turn, show=show)
        assert Turn.from_dict(json.loads(json.dumps(data[MIME]))) == turn


def test_the_metadata_names_turn_model_status_and_usage() -> None:
    turn = answered(Text("x"))
    assert bundle(turn)[1] == {
        "gemini_magic": {
            "turn": "t1",
            "model": "gemini-3.8-flash",
            "status": "complete",
            "usage": turn.usage.to_dict(),
        }
    }


@pytest.mark.parametrize(
    ("view", "forms"),
    [
        *(("auto", ALL), ("html", ALL), ("widget", ALL), ("plain", {"text/plain", MIME})),
        ("markdown", {"text/plain", "text/markdown", MIME}),
    ],
)
def test_a_view_has_its_forms(view: str, forms: set[str]) -> None:
    assert set(bundle(answered(Text("x")), view=view)[0]) == forms


@pytest.mark.parametrize("option", ["show", "view"])
def test_an_unknown_option_is_refused(option: str) -> None:
    with pytest.raises(ValueError, match="sideways"):
        bundle(answered(), **{option: "sideways"})


def test_the_bytes_of_a_picture_stand_twice() -> None:
    image = Image("image/png", PNG + bytes(range(200)))
    data, _ = bundle(answered(Code("x"), Result("OUTCOME_OK"), image))
    assert json.dumps(data).count(base64.b64encode(image.data).decode()) == 2


def test_it_says_a_notice_in_every_form() -> None:
    data, _ = bundle(answered(Text("x")), notice="The kernel was restarted")
    for mime_type in ALL - {MIME}:
        assert "The kernel was restarted" in data[mime_type]


def test_converted_to_html_it_still_folds_and_runs_nothing() -> None:
    book = notebook(*map(everywhere, HOSTILE.values()))
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(book)
    shown = page[page.index("</head>") : page.index("</main>")].split('<div class="gm-Turn"')[1:]
    assert len(shown) == len(HOSTILE)
    for name, piece in zip(HOSTILE, shown, strict=True):
        problems = set(read('<div class="gm-Turn"' + piece).problems) - _AROUND
        assert problems == set(), name
        assert '<details class="gm-Code"' in piece, name


@pytest.mark.parametrize("name", ["html", "slides", "markdown"])
def test_converted_without_a_kernel_an_answer_keeps_all_that_it_says_and_shows(name: str) -> None:
    image = Image("image/png", PNG)
    failed = (Code("print(sum(primes))"), Result("OUTCOME_FAILED", "NameError: primes"))
    late = (Code("while True: pass"), Result("OUTCOME_DEADLINE_EXCEEDED", None))
    well = (Code("print(6 * 7)"), Result("OUTCOME_OK", "forty-two"), image)
    turn = answered(Text("First *words*."), *failed, *late, *well, Text("The conclusion."))
    book = notebook(turn)
    book.metadata["kernelspec"] = {"name": "gone", "display_name": "Gone", "language": "python"}
    page, _ = get_exporter(name)().from_notebook_node(book)
    said = page[page.index('<div class="gm-Turn"') :]
    reader = read(said)
    for expected in (
        *("words", "The conclusion.", "print(sum(primes))", "NameError: primes", "failed"),
        *("while True: pass", "out of time", "print(6 * 7)", "forty-two", "OK"),
    ):
        assert expected in reader.text, expected
    folds = [attributes.get("class") for tag, attributes in reader.tags if tag == "details"]
    assert folds == ["gm-Code", "gm-Result"] * 3
    ours = [attributes for _, attributes in reader.tags if attributes.get("class") == "gm-Image"]
    picture = base64.b64encode(PNG).decode()
    assert [one["src"] for one in ours] == [f"data:image/png;base64,{picture}"]
    fetched = [attributes.get("src") for _, attributes in reader.tags if "src" in attributes]
    assert fetched == [ours[0]["src"]], "nothing behind the answer is fetched, either"


# Of nbconvert's own elements between two outputs.
_AROUND = {
    *("</div> inside []", "left open: ['div', 'div']"),
    *("attribute tabindex on div", "attribute data-mime-type on div"),
}


def test_converted_to_markdown_each_answer_is_one_block_of_html() -> None:
    book = notebook(*map(everywhere, HOSTILE.values()))
    page, _ = MarkdownExporter().from_notebook_node(book)
    shown = page[page.index('<div class="gm-Turn"') :]
    tokens = MarkdownIt("commonmark", {"html": True}).parse(shown)
    assert {token.type for token in tokens} == {"html_block"}
    assert sum('<div class="gm-Turn"' in token.content for token in tokens) == len(HOSTILE)


def test_without_html_nbconvert_shows_the_markdown() -> None:
    turn = answered(Code("print(1)"), Result("OUTCOME_OK", "<img src=x onerror=alert(1)>"))
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(notebook(turn, view="markdown"))
    assert "ran in Google's sandbox</summary>" in page
    assert "<img src=x" not in page


def test_a_turn_draws_itself_as_its_bundle() -> None:
    turn = answered(Text("x"))
    assert turn._repr_mimebundle_() == bundle(turn)


def test_a_lone_surrogate_in_any_field_of_a_part_can_be_sent_and_saved():
    odd = "a\ud800b"
    parts = (Code(odd, odd, id=odd), Result("OUTCOME_" + odd, odd, id=odd), Call(odd, {odd: odd}))
    turn = Turn("t", Request("p", "m", "developer"), status="failed", parts=parts, message=odd)
    for value in bundle(turn):
        json.dumps(value, ensure_ascii=False).encode()


def test_json_that_was_asked_for_by_a_schema_is_shown_as_code_in_every_form():
    text = '[{"a_b_c": "*x* <b>"}]'
    asked = Request("p", "m", "emulator", {"code": True, "schema": {"type": "array"}})
    ran = Code("print(1)"), Result("OUTCOME_OK", "1")
    made = Turn("t", asked, status="complete", parts=(Text("I compute."), *ran, Text(text)))
    shown = bundle(made)[0]
    assert f"```json\n{text}\n```" in shown["text/markdown"]
    assert "<em>" not in shown["text/html"] and "I compute." in shown["text/html"]
    plain = replace(made, request=Request("p", "m", "emulator"))
    assert "```json" not in bundle(plain)[0]["text/markdown"]
