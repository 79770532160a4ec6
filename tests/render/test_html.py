"""The HTML of a turn folds, says everything in words, and nothing in it can act."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from gemini_magic.render.html import html
from gemini_magic.text import visible
from gemini_magic.turn.parts import (
    Call,
    Code,
    File,
    Image,
    Opaque,
    Part,
    Response,
    Result,
    Text,
    Thought,
)
from gemini_magic.turn.turn import Turn

from ..examples import examples
from ..hostile import HOSTILE, HUGE
from ..strategies import PNG, answered, turns
from .reading import Reader, read

OK, FAILED, LATE = "OUTCOME_OK", "OUTCOME_FAILED", "OUTCOME_DEADLINE_EXCEEDED"


def drawn(*parts: Part, **fields: Any) -> Reader:
    reader = read(html(answered(*parts, **fields)))
    assert reader.problems == []
    return reader


def everything(text: str) -> list[dict[str, Any]]:
    """``text`` as all that a run can have shown."""
    kinds = ["text/html", "image/svg+xml", "application/javascript", "text/markdown", "text/latex"]
    items = [{"mime_type": kind, "data": text, "only": True} for kind in (*kinds, text)]
    return [*items, {**items[0], "frame": "live"}, {"mime_type": text, "title": text, "size": 3}]


def everywhere(text: str) -> Turn:
    """A turn that holds ``text`` in every place that something foreign can stand in."""
    return answered(
        *(Text(text), Thought(text), Code(text), Code(text, text, "i"), Result(text, text, "i")),
        *(Result(FAILED, text), Image(text, PNG), File(text, text), File(text, None, b"x")),
        *(Call(text, {text: text}), Response(text, {text: text}), Opaque({text: text})),
        Call("run_python", {"code": text}),
        Response("run_python", {"outcome": text, "stdout": text}, shown=everything(text)),
        id=text,
        status="failed",
        message=text,
        model_version=text,
        reused={"stored": text},
        grounding={
            "groundingMetadata": {
                "groundingChunks": [{"web": {"uri": text, "title": text}}],
                "searchEntryPoint": {"renderedContent": f'<a href="{text}">{text}</a>{text}'},
            },
            "urlContextMetadata": {"urlMetadata": [{"retrievedUrl": text}]},
            "citationMetadata": {"citations": [{"uri": text, "title": text}]},
        },
    )


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(turns)
def test_any_turn_gives_html_with_listed_tags_links_and_pictures_alone(turn: Turn) -> None:
    assert read(html(turn, notice=turn.id, progress=turn.id, cost=turn.id)).problems == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_acts_nowhere(name: str) -> None:
    text = HOSTILE[name]
    whole = html(everywhere(text), notice=text, progress=text, cost=text)
    assert read(whole).problems == []


@pytest.mark.parametrize("name", HUGE)
def test_an_answer_made_to_exhaust_a_parser_is_shown_whole(name: str) -> None:
    reader = drawn(Text(HUGE[name]))
    words = set(re.findall(r"[a-z]{3,}\d*", visible(HUGE[name]))[:20_000])
    shown = reader.text + " ".join(attributes.get("href") or "" for _, attributes in reader.tags)
    assert {word for word in words if word not in shown} == set()


@pytest.mark.parametrize("name", HOSTILE)
def test_code_and_output_are_shown_to_the_letter(name: str) -> None:
    seen = visible(HOSTILE[name])
    shown = drawn(Code(HOSTILE[name]), Result(OK, HOSTILE[name])).text
    assert shown.count(seen) >= 2


@pytest.mark.parametrize("name", HOSTILE)
def test_no_empty_line_ends_an_html_block_of_markdown(name: str) -> None:
    assert not re.search(r"\n[ \t]*\n", html(everywhere(HOSTILE[name])))


def test_element_names_are_those_of_the_contract() -> None:
    reader = drawn(
        Text("The answer"),
        Thought("Hm"),
        Code("print(1)"),
        Result(OK, "1\n"),
        Image("image/png", PNG),
    )
    found = [(tag, attributes.get("class")) for tag, attributes in reader.tags]
    for name in [
        *(("div", "gm-Turn"), ("div", "gm-Text"), ("details", "gm-Thought")),
        *(("details", "gm-Code"), ("details", "gm-Result"), ("img", "gm-Image")),
        ("p", "gm-Usage"),
    ]:
        assert name in found
    root = reader.tags[0][1]
    assert (root["data-turn"], root["data-status"]) == ("t1", "complete")


def test_failed_attempts_are_folded_and_the_last_good_result_is_open() -> None:
    reader = drawn(
        *(Code("a"), Result(OK, "1"), Code("b"), Result(FAILED, "no")),
        *(Code("c"), Result(OK, "3"), Code("d"), Result(LATE, "late")),
    )
    results = [
        (attributes["data-outcome"], "open" in attributes)
        for tag, attributes in reader.tags
        if attributes.get("class") == "gm-Result"
    ]
    assert results == [(OK, False), (FAILED, False), (OK, True), (LATE, False)]
    assert not any(
        "open" in attributes
        for _, attributes in reader.tags
        if attributes.get("class") in ("gm-Code", "gm-Thought")
    )


def test_the_outcome_is_in_words() -> None:
    shown = drawn(
        Code("a"),
        Result(OK, "1\n2"),
        Code("b"),
        Result(FAILED, "Traceback\nValueError: no"),
        Code("c"),
        Result(LATE, None),
        Result(None, None),
    ).text
    assert "Result: OK, 2 lines of output" in shown
    assert "Result: failed, ValueError: no" in shown
    assert "Result: out of time, no output" in shown
    assert "Result: no outcome given, no output" in shown


def test_code_folds_to_one_line_that_says_what_it_does_and_where_it_ran() -> None:
    shown = drawn(Code("a = 1\nb = 2\n\nprint(a)\n"), Result(OK, "1")).text
    assert "Python, 4 lines: print(a) \u00b7 ran in Google's sandbox\n" in shown


def test_a_picture_of_a_good_run_is_seen_without_unfolding_and_once_when_sent_twice() -> None:
    twice = [Image("image/png", PNG)] * 2
    whole = html(answered(Code("plot()"), Result(OK, "x"), *twice))
    assert whole.count(base64.b64encode(PNG).decode()) == 1
    assert whole.index("<img") > whole.rindex("</details>")
    assert "1200x750" in whole and "sent 2 times" in whole


def test_a_picture_of_a_failed_run_folds_with_it() -> None:
    whole = html(answered(Code("x"), Result(FAILED, "no"), Image("image/png", PNG)))
    assert whole.index("<img") < whole.rindex("</details>")


@pytest.mark.parametrize("mime_type", ["image/svg+xml", "image/tiff", "image/png\n", "image/x"])
def test_only_raster_pictures_are_embedded(mime_type: str) -> None:
    data = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"
    reader = drawn(Image(mime_type, data))
    if mime_type == "image/png\n":
        assert [tag for tag, _ in reader.tags].count("img") == 1
    else:
        assert "img" not in [tag for tag, _ in reader.tags]
        assert "Picture not shown" in reader.text
    assert mime_type.strip() in reader.text + str(reader.tags)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("interrupted", "Interrupted: why"),
        ("blocked", "Blocked: why"),
        ("truncated", "Cut short: why"),
        ("failed", "Failed: why"),
    ],
)
def test_an_ending_that_is_not_complete_is_said(status: str, said: str) -> None:
    assert said in drawn(Text("x"), status=status, message="why").text
    assert said.split(":")[0] in drawn(status=status).text


def test_a_streaming_turn_says_what_is_happening_and_has_no_usage_yet() -> None:
    turn = answered(Text("x"), Code("y"), status="streaming")
    shown = read(html(turn, progress="retrying in 3 s, 2 of 4")).text
    assert "Retrying in 3 s, 2 of 4" in shown
    assert "running in Google's sandbox" in shown
    assert "gm-Usage" not in html(turn)
    assert "Code running in the sandbox" in read(html(turn)).text


def test_a_stored_answer_is_labelled_with_its_date() -> None:
    assert "2026-11-02" in drawn(Text("x"), reused={"stored": "2026-11-02"}).text


def test_calls_responses_and_unknown_kinds_are_named_and_shown() -> None:
    shown = drawn(
        Call("load", {"path": "a.csv"}),
        Response("load", {"rows": 3}),
        Opaque({"toolCall": {"type": "GOOGLE_SEARCH_WEB"}, "thoughtSignature": "x"}),
        File("application/pdf", "https://example.org/a.pdf"),
        File("text/csv", None, b"a,b\n1,2\n"),
    ).text
    for words in [
        *("Call of load", "a.csv", "Returned by load", '"rows": 3'),
        *("Part of an unknown kind: toolCall", "GOOGLE_SEARCH_WEB"),
        *("https://example.org/a.pdf", "text/csv, 8 B", "a,b\n1,2\n"),
    ]:
        assert words in shown


@pytest.mark.parametrize(
    ("show", "there", "absent"),
    [
        ("answer", {"WORDS"}, {"CODE", "OUTPUT", "HM"}),
        ("code", {"CODE"}, {"WORDS", "OUTPUT", "HM"}),
        ("results", {"OUTPUT"}, {"WORDS", "CODE", "HM"}),
        ("all", {"WORDS", "CODE", "OUTPUT", "HM"}, set()),
    ],
)
def test_show_picks_what_is_seen(show: str, there: set[str], absent: set[str]) -> None:
    turn = answered(Thought("HM"), Code("CODE"), Result(OK, "OUTPUT"), Text("WORDS"))
    shown = read(html(turn, show=show)).text
    assert {word for word in there | absent if word in shown} == there


def test_show_of_what_is_not_there_says_so() -> None:
    shown = read(html(answered(Text("x")), show="code")).text
    assert "This answer has no code" in shown


def test_sources_are_numbered_links_and_suggestions_plain_links() -> None:
    whole = html(
        answered(
            Text("x"),
            grounding={
                "groundingMetadata": {
                    "groundingChunks": [
                        {"web": {"uri": "https://a.example/1", "title": "A"}},
                        {"web": {"uri": "javascript:alert(1)", "title": "B"}},
                    ],
                    "searchEntryPoint": {
                        "renderedContent": "<style>p{}</style><svg/><a class='chip' "
                        "href='https://google.example/q'>a query</a>"
                    },
                }
            },
        )
    )
    assert '<ol>\n<li><a href="https://a.example/1" rel="noopener noreferrer">A</a></li>' in whole
    assert "<li>B (javascript:alert(1))</li>" in whole
    assert '<a href="https://google.example/q" rel="noopener noreferrer">a query</a>' in whole
    assert read(whole).problems == []


def test_a_picture_stands_on_white_since_plots_without_a_ground_are_drawn_for_it() -> None:
    tags = drawn(Image("image/png", PNG)).tags
    (style,) = (attributes["style"] for tag, attributes in tags if tag == "img")
    assert style is not None and "background:#fff" in style
