"""Calls and responses of ``run_python`` are read as code, results and pictures."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gemini_magic.cells.extract import extract
from gemini_magic.render.bundle import bundle
from gemini_magic.render.plain import plain
from gemini_magic.session.sendable import Receiver, Variant, form_of
from gemini_magic.text import b64encode
from gemini_magic.turn.kernel_runs import changes_of, code_of, images_of, result_of
from gemini_magic.turn.parts import Call, Code, Image, Response, Text
from gemini_magic.turn.request import Request
from gemini_magic.turn.steps import CodeRun, steps
from gemini_magic.turn.turn import Turn
from gemini_magic.turn.wire import part_from_wire, part_to_wire

from ..strategies import PNG

CALL = Call("run_python", {"code": "print(1)\n2"}, "c1", signature="c2ln")
PICTURE = {"inlineData": {"mimeType": "image/png", "data": b64encode(PNG)}}
RESPONSE = Response(
    "run_python",
    {
        "outcome": "OUTCOME_OK",
        "stdout": "1\n",
        "value": "2",
        "variables": {"new": ["growth (float)", "plt (module matplotlib.pyplot)"], "gone": ["x"]},
    },
    "c1",
    extra={"functionResponse": {"parts": [PICTURE]}},
)
SKIP = Response("run_python", {"not_run": "The user did not run this.", "reason": "no"}, "c2")
SKIPPED = Call("run_python", {"code": "boom()"}, "c2")


def turn(*parts: object) -> Turn:
    request = Request("go", "gemini-3.8-flash", "developer", {"tools": ["run_python"]})
    return Turn("t", request, status="complete", parts=parts)  # type: ignore[arg-type]


def test_the_turn_lists_them_as_code_results_and_pictures() -> None:
    answer = turn(CALL, RESPONSE, SKIPPED, SKIP, Text("Done."))
    assert answer.code == ["print(1)\n2", "boom()"]
    assert [(one.outcome, one.output) for one in answer.results] == [
        ("OUTCOME_OK", "1\n2\n"),
        ("SKIPPED", "no"),
    ]
    assert [image.data for image in answer.images] == [PNG]
    assert answer.calls == [CALL, SKIPPED]
    assert Turn.from_dict(answer.to_dict()) == answer


def test_every_form_shows_them_as_code_that_ran_in_this_kernel() -> None:
    answer = turn(CALL, RESPONSE, SKIPPED, SKIP)
    text = plain(answer)
    assert "Python, 2 lines, ran in this kernel" in text
    assert "Result: OK, 2 lines of output; new: growth, plt; gone: x" in text
    assert "Python, 1 line, not run: skipped by you" in text and "Result: skipped, no" in text
    page = bundle(answer)[0]["text/html"]
    assert page.count('data-where="kernel"') == 2 and 'data-outcome="SKIPPED"' in page
    assert page.count("<img") == 1


def test_on_the_wire_they_stay_calls_and_responses_with_their_pictures() -> None:
    for part in (CALL, RESPONSE, SKIP):
        assert part_from_wire(part_to_wire(part)) == part
    assert part_to_wire(RESPONSE)["functionResponse"]["parts"] == [PICTURE]
    contents = form_of(turn(CALL, RESPONSE, Text("Done.")), {"role": "user"}, Variant()).contents
    assert [content["role"] for content in contents[1:]] == ["model", "user", "model"]
    assert contents[1]["parts"] == [part_to_wire(CALL)]
    assert contents[2]["parts"] == [part_to_wire(RESPONSE)]
    assert Receiver.of("developer", "gemini-3.8-flash", config()).takes(frozenset({"run_python"}))


def config() -> object:
    from gemini_magic.transport.protocol import Config

    return Config(code=False)


def test_runs_are_paired_by_id_and_without_ids_in_order() -> None:
    calls = [Call("run_python", {"code": str(number)}) for number in range(2)]
    back = [Response("run_python", {"outcome": "OUTCOME_OK", "stdout": str(n)}) for n in range(2)]
    runs = [step for step in steps([*calls, *back]) if isinstance(step, CodeRun)]
    assert [(run.code and run.code.code, run.results[0].output) for run in runs] == [
        ("0", "0\n"),
        ("1", "1\n"),
    ]
    swapped = steps([CALL, SKIPPED, SKIP, RESPONSE])
    assert [run.outcome for run in swapped if isinstance(run, CodeRun)] == ["OUTCOME_OK", "SKIPPED"]


def test_other_functions_and_damaged_calls_stay_what_they_are() -> None:
    other = Call("double", {"code": "1"})
    damaged = Call("run_python", {"code": 1})
    assert code_of(other) is None and code_of(damaged) is None and code_of(Text("x")) is None
    assert result_of(Response("double", {"outcome": "OUTCOME_OK"})) is None
    assert steps([other, damaged]) == [other, damaged]
    assert images_of(Response("run_python", {}, extra={"functionResponse": {"parts": 1}})) == ()
    assert images_of(Image("image/png", PNG)) == () and changes_of(CALL) == ""
    assert code_of(CALL) == Code("print(1)\n2", id="c1")


TABLE = {"mime_type": "text/html", "data": "<table><tr><td>North<td>12</table>", "only": True}
LIVE = {"mime_type": "text/html", "data": "<p>4</p><script>1</script>", "frame": "live"}
FIGURE = {
    "mime_type": "application/vnd.plotly.v1+json",
    "data": "{}",
    "title": "Plotly figure: bar",
}
DRAWN = {"mime_type": "image/png", "data": b64encode(PNG)}
LOST = {"mime_type": "text/html", "size": 6_000_000}
PROSE = {"mime_type": "text/markdown", "data": "**bold**", "only": True}
SHOWN = replace(RESPONSE, shown=[TABLE, LIVE, FIGURE, DRAWN, LOST, PROSE])


def test_what_a_run_has_shown_is_no_part_of_any_request() -> None:
    assert part_to_wire(SHOWN) == part_to_wire(RESPONSE)
    answer = turn(CALL, SHOWN, Text("Done."))
    for variant in (Variant(), Variant(own=False), Variant(functions=False), Variant(newer=False)):
        sent = json.dumps(form_of(answer, {"role": "user"}, variant).contents)
        assert "North" not in sent and "Plotly" not in sent and "bold" not in sent
    assert Turn.from_dict(answer.to_dict()) == answer
    assert [image.data for image in answer.images] == [PNG, PNG]


def test_every_form_shows_it_as_it_can() -> None:
    data = bundle(turn(CALL, SHOWN))[0]
    page, text, prose = data["text/html"], data["text/plain"], data["text/markdown"]
    assert '<div class="gm-Shown' in page and "<td>North</td><td>12</td>" in page
    assert "<script" not in page and "<strong>bold</strong>" in page
    for form in (page, text, prose):
        assert "HTML with scripts, 26 characters; JupyterLab shows it with the extension" in form
        assert "Plotly figure: bar, 2 characters" in form
        assert "HTML, 6,000,000 characters, too large to be kept" in form
    assert "North  12" in text and "North  12" in prose and "**bold**" in prose
    assert text.index("Result: OK") < text.index("North  12") < text.index("[image ")


def test_a_failed_attempt_folds_what_it_has_shown() -> None:
    failed = replace(SHOWN, response={"outcome": "OUTCOME_FAILED", "traceback": "ValueError: 1"})
    page = bundle(turn(CALL, failed))[0]["text/html"]
    assert page.index("gm-Shown") < page.index("</details>", page.index("gm-Result"))


def test_the_cell_that_is_made_of_it_holds_its_table_as_an_output() -> None:
    [cell] = extract(turn(CALL, SHOWN), "code")
    outputs = [one["data"] for one in cell.outputs if one["output_type"] == "display_data"]
    assert {"text/plain": "North  12", "text/html": outputs[1]["text/html"]} == outputs[1]
    assert "<td>North</td>" in outputs[1]["text/html"]
    assert "script" not in json.dumps(outputs) and "**bold**" in json.dumps(outputs)


def test_a_damaged_record_is_refused_or_shown_as_nothing() -> None:
    stored = turn(CALL, SHOWN).to_dict()
    for damaged in ("text", [1], {"a": 1}):
        stored["parts"][1]["shown"] = damaged  # type: ignore[typeddict-unknown-key]
        with pytest.raises(ValueError, match="shown"):
            Turn.from_dict(stored)
    odd = [{}, {"mime_type": 5, "data": []}, {"mime_type": "image/png", "data": "no base64!"}]
    answer = turn(CALL, replace(RESPONSE, shown=odd))
    assert len(answer.images) == 1 and bundle(answer)
