"""The scripted model's words are scripted, its code really runs."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date
from math import factorial, gcd
from typing import Any

import docx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gemini_magic.emulator import Emulator
from gemini_magic.sandbox import SandboxProcess

from .asking import CODE_EXECUTION, VERTEX, ask, csv, model, user

PRIMES = (
    "What is the sum of the first 50 prime numbers? Generate and run code for the calculation, "
    "and make sure you get all 50."
)
PRICES = (
    "Add up these prices and give me their total and mean: "
    "$1,299.00; 45 EUR; 1.250,50; n/a; 89.9; twelve"
)
SALES = b"region,year,sales\nNorth,2022,10\nNorth,2023,15\nSouth,2022,20\nSouth,2023,22\n"
RAN = "(offline emulator: scripted words, code really run)"
NOT_RUN = "(offline emulator: scripted words, no code was run)"


def test_a_computation_is_really_computed(emulator: Emulator) -> None:
    answer = ask(emulator, PRIMES)
    assert answer.kinds == ["text", "executableCode", "codeExecutionResult", "text"]
    assert answer.outputs == ["count: 50\nlast: 229\nsum: 5117\n"]
    assert "**5117**" in answer.text
    assert answer.text.endswith(RAN)


class Unclosed(Emulator):
    """An emulator on a system that closes no door."""

    def open_session(self, files: Mapping[str, bytes]) -> SandboxProcess:
        return SandboxProcess(files=files, isolate=False)


def test_what_the_code_could_reach_is_said() -> None:
    with Unclosed() as emulator:
        answer = ask(emulator, PRIMES)
    assert answer.outputs == ["count: 50\nlast: 229\nsum: 5117\n"]
    assert answer.text.endswith(
        "(offline emulator: scripted words, code really run; on this system it could reach "
        "the network, other processes, the user's files and Unix sockets)"
    )


def test_a_failed_attempt_is_followed_by_one_that_works(emulator: Emulator) -> None:
    answer = ask(emulator, PRICES)
    outcomes = [
        part["codeExecutionResult"]["outcome"]
        for part in answer.parts
        if "codeExecutionResult" in part
    ]
    assert outcomes == ["OUTCOME_FAILED", "OUTCOME_OK"]
    assert "ValueError: could not convert string to float: '$1,299.00'" in answer.outputs[0]
    assert "**2684.40**" in answer.text
    assert "2 of 6 entries" in answer.text


def test_a_plot_comes_back_as_png(emulator: Emulator) -> None:
    pytest.importorskip("matplotlib")
    answer = ask(emulator, "Plot sine and cosine from 0 to 2π and mark where they cross.")
    assert answer.kinds == ["text", "executableCode", "codeExecutionResult", "inlineData", "text"]
    image = next(part["inlineData"] for part in answer.parts if "inlineData" in part)
    assert image["mimeType"] == "image/png"
    assert base64.b64decode(image["data"], validate=True)[:4] == b"\x89PNG"


def test_follow_ups_use_the_conversation(emulator: Emulator) -> None:
    first = ask(emulator, PRIMES)
    history = [user(PRIMES), model(first.parts)]
    second = ask(emulator, *history, "Now the same for the first 100.")
    assert "sum: 24133\n" in second.outputs[0]
    assert "(there: `sum: 5117`)" in second.text
    third = ask(
        emulator, *history, user("Now the same for the first 100."), model(second.parts),
        "And plot them.",
    )  # fmt: skip
    assert "(there: `sum: 24133`)" in third.text
    assert "count: 100\n" in third.outputs[0]
    assert "inlineData" in third.kinds


def test_a_follow_up_without_a_conversation_is_not_guessed(emulator: Emulator) -> None:
    answer = ask(emulator, "Now the same for the first 100.")
    assert "executableCode" not in answer.kinds
    assert "offline emulator of Gemini" in answer.text


def test_a_note_says_what_the_prompt_says_and_has_no_code(emulator: Emulator) -> None:
    answer = ask(emulator, "Draft an e-mail to our team, in short: the sum of rows was 3.")
    assert answer.text.startswith("Dear team,\n\nthe sum of rows was 3.\n\nRegards")
    assert answer.kinds == ["text"]


def test_a_story_has_no_code(emulator: Emulator) -> None:
    answer = ask(emulator, "Write a four-line story about a lazy kernel.")
    assert answer.kinds == ["text"]
    assert "a lazy kernel" in answer.text
    assert answer.text.endswith(NOT_RUN)


def test_without_the_tool_nothing_runs(emulator: Emulator) -> None:
    answer = ask(emulator, PRIMES, tools=())
    assert answer.kinds == ["text"]
    assert "no codeExecution tool" in answer.text
    assert "```python" in answer.text
    assert answer.text.endswith(NOT_RUN)


def test_anything_else_gets_an_honest_answer(emulator: Emulator) -> None:
    answer = ask(emulator, "Who will win the cup?", systemInstruction=user("Answer in verse."))
    assert "no model read this prompt" in answer.text
    assert "System instruction received: Answer in verse." in answer.text
    assert answer.text.endswith(NOT_RUN)


def test_python_of_the_prompt_runs_as_it_is(emulator: Emulator) -> None:
    prompt = "Run:\n```python\nx = 6\nprint(x)\n```\nthen\n```python\nprint(x * 7)\n1/0\n```"
    answer = ask(emulator, prompt)
    codes = [p["executableCode"]["code"] for p in answer.parts if "executableCode" in p]
    assert codes == ["x = 6\nprint(x)\n", "print(x * 7)\n1/0\n"]
    assert answer.outputs[0] == "6\n"
    assert answer.outputs[1].startswith("stdout: 42\n\n\nstderr: Traceback")
    assert "block 1 ran without an error; block 2 failed" in answer.text


def test_code_that_takes_too_long_is_out_of_time() -> None:
    with Emulator(sandbox_timeout=1) as emulator:
        answer = ask(emulator, "```python\nprint('on it')\nwhile True: pass\n```")
    result = next(p["codeExecutionResult"] for p in answer.parts if "codeExecutionResult" in p)
    assert result["outcome"] == "OUTCOME_DEADLINE_EXCEEDED"
    assert "on it" in result["output"]


def asked(emulator: Emulator, prompt: str) -> str:
    return ask(emulator, prompt, stream=False).outputs[-1].strip()


STEADY = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@given(st.integers(1, 400), st.integers(1, 400))
@STEADY
def test_number_theory_is_right(emulator: Emulator, one: int, two: int) -> None:
    assert asked(emulator, f"What is the gcd of {one} and {two}?") == str(gcd(one, two))
    assert asked(emulator, f"Compute the factorial of {one}.") == str(factorial(one))
    factors = [int(each) for each in asked(emulator, f"Factorise {one + 1}").split(" x ")]
    product = 1
    for factor in factors:
        product *= factor
        assert all(factor % divisor for divisor in range(2, factor))
    assert product == one + 1
    prime = "is prime" in asked(emulator, f"Is {one} prime?")
    assert prime == (one > 1 and all(one % divisor for divisor in range(2, one)))


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.dates(date(1900, 1, 1), date(2100, 1, 1)))
@STEADY
def test_dates_are_right(emulator: Emulator, one: date, two: date) -> None:
    prompt = f"How many days are between {one} and {two:%B %d, %Y}?"
    assert asked(emulator, prompt) == str(abs((one - two).days))
    assert asked(emulator, f"What day of the week was {one}?") == f"{one:%A}"


@pytest.mark.parametrize(
    ("prompt", "output"),
    [
        ("How many r's are in strawberry?", "3"),
        ("Count the words: the quick brown fox", "4"),
        ('Reverse "stressed" please', "desserts"),
        ("How many letters does 'A b-c!' have?", "3"),
        ("What is 65465-6544 * 65464-6+1.02255 ?", "-428330955.97745"),
        ("How many steps does the Collatz sequence take from 27?", "steps: 111\nhighest: 9232"),
        ("The 10th fibonacci number? I mean index 10 fibonacci", "55"),
    ],
)
def test_small_tasks_are_right(emulator: Emulator, prompt: str, output: str) -> None:
    assert asked(emulator, prompt) == output


@pytest.mark.parametrize(
    ("table", "fastest"),
    [
        (b"month,amount\nJan,1.5\nFeb,3.0\nMar,\nApr,4.5\n", "Feb (+100.0% in amount)"),
        (b"year,n\n2023,2\n2022,1\n2024,3\n", "2023 (+100.0% in n)"),
        (b"n\n1\n2\n8\n", "2 (+300.0% in n)"),
    ],
)
def test_growth_without_groups_is_from_row_to_row(
    emulator: Emulator, table: bytes, fastest: str
) -> None:
    pytest.importorskip("pandas")
    answer = ask(emulator, user("Which grew fastest?", csv(table)))
    assert f"**{fastest}**" in answer.text


def test_a_table_is_read_described_and_plotted(emulator: Emulator) -> None:
    pytest.importorskip("pandas")
    question = user("Which region grew fastest? Plot it.", csv(SALES, "sales.csv"))
    answer = ask(emulator, question, path=VERTEX)  # displayName is published there only
    assert "fastest: North (+50.0% in sales)" in answer.outputs[1]
    assert "**North (+50.0% in sales)**" in answer.text
    assert "inlineData" in answer.kinds
    described = ask(emulator, user("Describe the data", csv(SALES)))
    assert "4 rows, columns: region, year, sales" in described.outputs[0]


def test_attachments_are_files_under_both_names(emulator: Emulator) -> None:
    code = "import os\nprint(sorted(os.listdir()))\nprint(open('input_file_1.csv').read())"
    question = user(csv(b"a\n1", "../../etc/one.csv"), csv(b"b\n2"), f"```python\n{code}\n```")
    answer = ask(emulator, question, path=VERTEX)
    assert answer.outputs == ["['input_file_0.csv', 'input_file_1.csv', 'one.csv']\nb\n2\n"]


def test_earlier_attachments_stay(emulator: Emulator) -> None:
    pytest.importorskip("pandas")
    question = user("Describe the data", csv(SALES))
    first = ask(emulator, question)
    second = ask(emulator, question, model(first.parts), "Now plot it")
    assert "inlineData" in second.kinds


def test_max_output_tokens_cut_the_text(emulator: Emulator) -> None:
    answer = ask(emulator, "Write a story", generationConfig={"maxOutputTokens": 10})
    assert answer.finish == "MAX_TOKENS"
    assert 0 < len(answer.text.encode()) <= 40
    assert "thoughtSignature" not in answer.parts[-1]


def test_stop_sequences_end_the_text(emulator: Emulator) -> None:
    answer = ask(emulator, "Write a story", generationConfig={"stopSequences": ["wanted"]})
    assert answer.finish == "STOP"
    assert answer.text.endswith("that ")


def test_thoughts_come_only_when_asked_for(emulator: Emulator) -> None:
    thinking = {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}
    assert ask(emulator, PRIMES, **thinking).kinds[0] == "thought"
    assert "thought" not in ask(emulator, PRIMES).kinds


def test_json_is_json_when_asked_for(emulator: Emulator) -> None:
    config = {"responseMimeType": "application/json"}
    answer = ask(emulator, "Anything", tools=(), stream=False, generationConfig=config)
    assert json.loads(answer.text)["prompt"] == "Anything"


SCHEMA = {"type": "object", "properties": {"total": {"type": "integer"}}, "required": ["total"]}
TYPED = {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}


@pytest.mark.parametrize("stream", [True, False])
def test_a_schema_is_answered_with_what_code_computed(emulator: Emulator, stream: bool) -> None:
    answer = ask(emulator, PRIMES, stream=stream, generationConfig=TYPED)
    assert json.loads(answer.text) == json.loads(answer.outputs[-1])
    assert str(json.loads(answer.text)["total"]) in answer.outputs[0], "what the first code printed"


@pytest.mark.parametrize(
    ("config", "tools", "said"),
    [
        (TYPED, CODE_EXECUTION, "Tool use with a response mime type: 'application/json' is unsup"),
        (TYPED, ({"functionDeclarations": [{"name": "f"}]},), "Function calling with a response"),
        ({"responseJsonSchema": SCHEMA}, (), "only supported with mime type 'application/json'"),
    ],
)
def test_a_schema_beside_tools_is_refused_before_gemini_3(
    emulator: Emulator, config: Any, tools: Any, said: str
) -> None:
    path = "/v1beta/models/gemini-2.5-flash-lite"
    answer = ask(emulator, PRIMES, path=path, tools=tools, generationConfig=config)
    assert answer.status == 400
    assert said in answer.error["message"]


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def office(kind: str) -> bytes:
    made = io.BytesIO()
    if kind == "docx":
        document = docx.Document()
        document.add_paragraph("Sales rose in February.")
        document.save(made)
        return made.getvalue()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("content.xml", "<office><p>Sales rose</p><p>in February.</p></office>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("kind", "mime_type"),
    [
        ("docx", DOCX),
        ("odt", "application/vnd.oasis.opendocument.text"),
        ("odp", "application/vnd.oasis.opendocument.presentation"),
    ],
)
def test_an_office_file_is_read_in_the_sandbox(
    emulator: Emulator, kind: str, mime_type: str
) -> None:
    data = base64.b64encode(office(kind)).decode()
    blob = {"inlineData": {"mimeType": mime_type, "data": data}}
    asked = user(blob, {"text": "What does it say?"})
    answer = ask(emulator, asked, path="/v1beta/models/gemini-4-argon")
    assert answer.status == 200, answer.error
    assert "Sales rose" in answer.outputs[-1] and "February" in answer.outputs[-1]
    refused = ask(emulator, asked)
    assert (refused.status, refused.error["message"]) == (
        400,
        f"Unsupported MIME type: {mime_type}",
    )


TOOLS = (
    {
        "functionDeclarations": [
            {
                "name": "weather",
                "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}},
            },
            {"name": "now"},
        ]
    },
)


@pytest.mark.parametrize("stream", [False, True])
def test_functions_are_called_and_their_answers_quoted(emulator: Emulator, stream: bool) -> None:
    prompt = 'Call weather with {"city": "Bern"}, then use now.'
    asked_for = ask(emulator, prompt, tools=TOOLS, stream=stream)
    calls = [part for part in asked_for.parts if "functionCall" in part]
    assert [(c["functionCall"]["name"], c["functionCall"]["args"]) for c in calls] == [
        ("weather", {"city": "Bern"}),
        ("now", {}),
    ]
    assert ["thoughtSignature" in call for call in calls] == [True, False]
    responses = [
        {
            "functionResponse": {
                "id": call["functionCall"]["id"],
                "name": call["functionCall"]["name"],
                "response": {"result": f"value {index}"},
            }
        }
        for index, call in enumerate(calls)
    ]
    final = ask(
        emulator, prompt, model(asked_for.parts), user(*responses), tools=TOOLS, stream=stream
    )
    assert '`weather` answered: `{"result": "value 0"}`' in final.text
    assert '`now` answered: `{"result": "value 1"}`' in final.text
    short = ask(
        emulator, prompt, model(asked_for.parts), user(responses[0]), tools=TOOLS, stream=stream
    )
    assert (short.status, "number of function response parts" in short.error["message"]) == (
        400,
        True,
    )


def test_pairs_after_the_name_are_arguments(emulator: Emulator) -> None:
    answer = ask(emulator, "use weather city=Bern days=3", tools=TOOLS)
    assert answer.parts[0]["functionCall"]["args"] == {"city": "Bern", "days": 3}


def test_search_is_grounded_and_labelled_as_emulated(emulator: Emulator) -> None:
    answer = ask(emulator, "What is the latest <b>news</b>?", tools=({"googleSearch": {}},))
    grounding = answer.chunks[-1]["candidates"][0]["groundingMetadata"]
    assert "(emulated)" in grounding["groundingChunks"][0]["web"]["title"]
    assert "<b>" not in grounding["searchEntryPoint"]["renderedContent"]
    text = answer.text.encode()
    for support in grounding["groundingSupports"]:
        segment = support["segment"]
        assert text[segment.get("startIndex", 0) : segment["endIndex"]].decode() == segment["text"]


def test_urls_are_named_not_read(emulator: Emulator) -> None:
    tools = ({"urlContext": {}},)
    answer = ask(emulator, "Summarise https://example.com/page", tools=tools)
    metadata = answer.chunks[-1]["candidates"][0]["urlContextMetadata"]["urlMetadata"]
    assert metadata[0]["retrievedUrl"] == "https://example.com/page"
    assert "reads no pages" in answer.text


@pytest.mark.parametrize(
    ("prompt", "output"),
    [
        ("What is the sum of the first 5 prime numbers?", "count: 5\nlast: 11\nsum: 28\n"),
        ("Plot sine and cosine from 0 to 2 pi", "they cross at 0.7854, 3.9270\n"),
        ("What is the largest of the first 3 squares, and the sum?", "sum: 14\n"),
        ("Print a table of the first 4 cubes", "[1, 8, 27, 64]\n"),
        ("What weekday is 2026-12-01?", "Tuesday\n"),
        ("How many words are in this file?", "4 rows, columns: region, year, sales\n"),
        ("Plot the first 10 numbers in the column sales", "4 rows, columns: region, year, sales\n"),
        ("Which region grew fastest, of the first 2 numbers?", "4 rows, columns: region"),
        ("What is the mean?", "4 rows, columns: region, year, sales\n"),
        ("Draw a chart", "4 rows, columns: region, year, sales\n"),
    ],
)
def test_the_prompt_chooses_what_is_answered_and_not_what_was_attached_before(
    emulator: Emulator, prompt: str, output: str
) -> None:
    pytest.importorskip("pandas")
    before = user("Describe the data", csv(SALES, "sales.csv"))
    later = ask(emulator, before, model([{"text": "It has 4 rows."}]), prompt, path=VERTEX)
    beside = ask(emulator, user(csv(SALES, "sales.csv"), prompt), path=VERTEX)
    assert output in "".join(later.outputs)
    assert output in "".join(beside.outputs)
