"""A large picture stands once in a saved output, and everybody who reads the output gets it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import gemini_magic
from gemini_magic.render.bundle import bundle
from gemini_magic.render.live import Look
from gemini_magic.turn.parts import Call, Code, Image, Part, Response, Result, Text
from gemini_magic.turn.stored import LARGE
from gemini_magic.turn.turn import MIME, Turn

from ..strategies import PNG, answered

SCHEMA = json.loads((Path(gemini_magic.__file__).parent / "turn.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(
    SCHEMA
)  # once: to check the schema itself takes longer than a turn


def picture(fill: int = 1, *, more: int = 0, mime_type: str = "image/png", **shared: Any) -> Image:
    return Image(mime_type, PNG + bytes([fill]) * (LARGE + more), **shared)


def count(data: Any, image: Image) -> int:
    """How often the bytes of ``image`` stand in ``data``, saved."""
    return json.dumps(data).count(base64.b64encode(image.data).decode())


def saved(turn: Turn, **options: Any) -> Any:
    return json.loads(json.dumps(bundle(turn, **options)[0]))


RUN = (Code("plot()"), Result("OUTCOME_OK", "drawn"))
FAILED = (Code("plot()\n1 / 0"), Result("OUTCOME_FAILED", "ZeroDivisionError"))


@pytest.mark.parametrize(
    "parts",
    [
        (*RUN, picture()),
        (*RUN, picture(), picture()),
        (*RUN, picture(), *RUN, picture()),
        (*RUN, picture(signature="c2ln"), Text("and again"), *RUN, picture()),
        (*FAILED, picture(), *RUN, picture()),
        (picture(thought=True), *RUN, picture()),
        (Text("A drawing:"), picture(mime_type="image/webp")),
        (*RUN, picture(1), picture(2), picture(1)),
        (picture(mime_type="image/svg+xml"),),
        (picture(mime_type="image/svg+xml"), Text("again"), picture(mime_type="image/svg+xml")),
    ],
)
@pytest.mark.parametrize(
    "options", [{}, {"view": "markdown"}, {"show": "answer"}, {"markdown_only": True}]
)
def test_its_bytes_stand_once_and_the_turn_comes_back_whole(
    parts: tuple[Part, ...], options: dict[str, Any]
) -> None:
    turn = answered(*parts)
    data = saved(turn, **options)
    for image in {part for part in parts if isinstance(part, Image)}:
        assert count(data, image) == 1
    assert Turn.from_bundle(data) == turn
    VALIDATOR.validate(data[MIME])


def test_a_small_picture_stays_in_the_record_which_can_be_read_on_its_own() -> None:
    turn = answered(*RUN, Image("image/png", PNG))
    assert Turn.from_dict(saved(turn)[MIME]) == turn == Turn.from_bundle(saved(turn))


def test_a_page_shows_a_repeated_picture_where_it_is_seen_without_unfolding() -> None:
    html = saved(answered(*FAILED, picture(), *RUN, picture()))["text/html"]
    failed, good = html.split("</details>", 2)[1], html.rsplit("</details>", 1)[1]
    assert "The picture below once more" in failed
    assert 'img class="gm-Image"' in good
    html = saved(answered(*RUN, picture(), *RUN, picture()))["text/html"]
    assert html.index('img class="gm-Image"') < html.index("The picture above once more")


def test_without_thoughts_on_the_page_the_record_is_whole_all_the_same() -> None:
    turn = answered(*RUN, picture(), picture(2, thought=True))
    data, _ = Look(thoughts=False, show="answer").bundle(turn)
    assert Turn.from_bundle(data) == turn


def test_words_that_look_like_the_page_hide_no_picture() -> None:
    from hashlib import sha256

    digest = sha256(picture().data).hexdigest()
    said = f'<img data-sha256="{digest}" src="data:image/png;base64,AAAA"> <gm-picture 0>'
    turn = answered(Text(said), Text(f'`data-sha256="{digest}"`'), *RUN, picture())
    for show in ("all", "answer"):
        data = saved(turn, show=show)
        assert Turn.from_bundle(data) == turn
        assert count(data, picture()) == 1


def test_a_file_whose_page_was_taken_out_is_refused_with_the_reason() -> None:
    data = saved(answered(*RUN, picture()))
    with pytest.raises(ValueError, match="another form of its output"):
        Turn.from_dict(data[MIME])
    del data["text/html"]
    with pytest.raises(ValueError, match="another form of its output"):
        Turn.from_bundle(data)


def test_another_picture_in_its_place_is_not_taken_for_it() -> None:
    data = saved(answered(*RUN, picture()))
    other = base64.b64encode(picture(2).data).decode()
    data["text/html"] = data["text/html"].replace(base64.b64encode(picture().data).decode(), other)
    with pytest.raises(ValueError, match="another form of its output"):
        Turn.from_bundle(data)


def test_a_page_in_lines_as_a_notebook_file_has_it_is_read() -> None:
    turn = answered(*RUN, picture())
    data = saved(turn)
    data["text/html"] = data["text/html"].splitlines(keepends=True)
    assert Turn.from_bundle(data) == turn


def test_an_output_of_an_older_version_is_read() -> None:
    turn = answered(*RUN, picture(), picture())
    assert Turn.from_bundle({MIME: turn.to_dict(), "text/html": "<p>x</p>"}) == turn


@pytest.mark.parametrize("data", [{}, {MIME: "text"}, {"text/html": "<p>x</p>"}])
def test_an_output_without_a_turn_is_none(data: Any) -> None:
    with pytest.raises(ValueError, match="holds no"):
        Turn.from_bundle(data)


def ran(*images: Image, shown: tuple[Image, ...] = (), **response: Any) -> tuple[Part, ...]:
    """A run in the user's kernel: pictures that went to the model, then those that did not."""
    blobs = [
        {"inlineData": {"mimeType": each.mime_type, "data": base64.b64encode(each.data).decode()}}
        for each in images
    ]
    kept = [
        {"mime_type": each.mime_type, "data": base64.b64encode(each.data).decode()}
        for each in shown
    ]
    extra = {"functionResponse": {"parts": blobs}} if blobs else None
    told = {"outcome": "OUTCOME_OK", **response}
    call = Call("run_python", {"code": "plot()"}, "c1")
    return call, Response("run_python", told, "c1", kept or None, extra=extra)


@pytest.mark.parametrize(
    "parts",
    [
        ran(picture()),
        ran(picture(), picture()),
        ran(shown=(picture(),)),
        ran(picture(1), shown=(picture(2), picture(1))),
        (*ran(picture()), Text("again"), *ran(picture())),
        (*RUN, picture(), *ran(picture())),
        (*ran(picture(), outcome="OUTCOME_FAILED"), *ran(picture())),
    ],
)
@pytest.mark.parametrize(
    "options", [{}, {"view": "markdown"}, {"show": "answer"}, {"markdown_only": True}]
)
def test_a_large_picture_of_a_run_in_the_kernel_stands_once(
    parts: tuple[Part, ...], options: dict[str, Any]
) -> None:
    turn = answered(*parts)
    data = saved(turn, **options)
    assert turn.images
    for image in set(turn.images):
        assert count(data, image) == 1
    assert Turn.from_bundle(data) == turn
    VALIDATOR.validate(data[MIME])


def test_a_response_whose_picture_is_only_named_is_never_taken_for_whole() -> None:
    """It would be sent with the next question, without the picture."""
    for parts in (ran(picture()), ran(shown=(picture(),))):
        data = saved(answered(*parts))
        with pytest.raises(ValueError, match="another form of its output"):
            Turn.from_dict(data[MIME])


def test_small_pictures_of_a_run_and_what_it_has_shown_stay_as_they_are() -> None:
    html = {"mime_type": "text/html", "data": "<table>" + "x" * LARGE, "frame": "still"}
    svg = {"mime_type": "image/svg+xml", "data": "A" * (2 * LARGE), "frame": "still"}
    call, response = ran(Image("image/png", PNG))
    assert isinstance(response, Response)
    turn = answered(call, replace(response, shown=[html, svg]))
    assert Turn.from_dict(saved(turn)[MIME]) == turn
    assert turn.to_dict()["parts"][1] == answered(*turn.parts).to_dict()["parts"][1]
