"""Each profile answers in the shapes recorded from its model."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gemini_magic.emulator import Emulator

from .asking import VERTEX, Answer, ask

TWO_RUNS = "Add up these prices: $1.50; 2; n/a"


def total(answer: Answer) -> None:
    usage = answer.usage
    parts = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    counted = sum(usage.get(name, 0) for name in (*parts, "toolUsePromptTokenCount"))
    assert usage["totalTokenCount"] == counted
    assert usage["toolUsePromptTokenCount"] > 0


def chunk_of(answer: Answer, kind: str, number: int = 0) -> dict[str, object]:
    found = [c for c in answer.chunks if f"'{kind}'" in repr(c)]
    return dict(found[number])


def test_gemini_3_signs_code_and_end_and_pairs_by_id(emulator: Emulator) -> None:
    answer = ask(emulator, TWO_RUNS)
    codes = [part for part in answer.parts if "executableCode" in part]
    results = [part for part in answer.parts if "codeExecutionResult" in part]
    assert [part["executableCode"]["id"] for part in codes] == [
        part["codeExecutionResult"]["id"] for part in results
    ]
    assert len({part["executableCode"]["id"] for part in codes}) == 2
    assert all("thoughtSignature" in part for part in codes)
    assert not any("thoughtSignature" in part for part in results)
    last = answer.chunks[-1]["candidates"][0]
    assert last["content"]["parts"][0]["text"] == ""
    assert last["content"]["parts"][0]["thoughtSignature"]
    assert last["finishReason"] == "STOP"


def test_gemini_3_sends_an_empty_text_beside_the_code_and_no_index_on_results(
    emulator: Emulator,
) -> None:
    answer = ask(emulator, TWO_RUNS)
    for chunk in answer.chunks:
        candidate = chunk["candidates"][0]
        parts = candidate["content"]["parts"]
        if "executableCode" in parts[0]:
            assert parts[1] == {"text": ""}
        assert ("index" in candidate) == ("codeExecutionResult" not in parts[0])


def test_gemini_3_resets_usage_within_the_stream(emulator: Emulator) -> None:
    answer = ask(emulator, TWO_RUNS)
    totals = [chunk["usageMetadata"]["totalTokenCount"] for chunk in answer.chunks]
    assert any(two < one for one, two in pairwise(totals))
    assert totals[-1] > 2 * max(totals[:-2])
    assert not any("toolUsePromptTokenCount" in c["usageMetadata"] for c in answer.chunks[:-1])
    total(answer)


def test_gemini_3_unary_signs_its_last_text(emulator: Emulator) -> None:
    answer = ask(emulator, TWO_RUNS, stream=False)
    assert answer.kinds == [
        *("text", "executableCode", "codeExecutionResult"),
        *("executableCode", "codeExecutionResult", "text"),
    ]
    assert answer.parts[-1]["thoughtSignature"]
    assert answer.parts[-1]["text"]
    total(answer)


@pytest.mark.parametrize("way", ["profile", "model"])
def test_gemini_25_has_no_ids_counts_up_and_stops_in_the_middle(
    emulator: Emulator, way: str
) -> None:
    if way == "profile":
        with Emulator(profile="gemini-2.5") as old:
            answer = ask(old, TWO_RUNS)
    else:
        answer = ask(emulator, TWO_RUNS, path="/v1beta/models/gemini-2.5-flash")
    assert "thoughtSignature" not in answer.body.decode()
    assert '"id"' not in answer.body.decode()
    finishes = [chunk["candidates"][0].get("finishReason") for chunk in answer.chunks]
    early = finishes.index("STOP")
    assert "executableCode" in answer.chunks[early]["candidates"][0]["content"]["parts"][0]
    assert len(finishes) - early > 3
    assert finishes.count("STOP") == 2
    totals = [chunk["usageMetadata"]["totalTokenCount"] for chunk in answer.chunks]
    assert totals == sorted(totals)
    assert answer.parts[-1]["text"].endswith(")")
    total(answer)


def test_vertex_counts_only_at_the_end_and_stamps_every_chunk() -> None:
    with Emulator(profile="vertex") as emulator:
        answer = ask(emulator, TWO_RUNS, path=VERTEX)
    for chunk in answer.chunks:
        assert chunk["createTime"].endswith("Z")
        assert "index" not in chunk["candidates"][0]
    assert {str(c["usageMetadata"]) for c in answer.chunks[:-1]} == {"{'trafficType': 'ON_DEMAND'}"}
    assert answer.usage["trafficType"] == "ON_DEMAND"
    total(answer)


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(ValueError, match=r"gemini-3, gemini-2\.5, vertex"):
        Emulator(profile="gpt")
