"""Data in, results out, in a real kernel against the emulator, whose sandbox really runs code."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_magic.emulator import Emulator

from ..kernel import Kernel, Ran
from ..published import problems

TURN = "application/vnd.gemini-magic.turn+json"

FRAME = """
from pathlib import Path
import numpy as np, pandas as pd
rows = 5000
random = np.random.default_rng(7)
text = ["plain", "with, comma", 'with "quotes"', "two\\nlines", "a\\r\\nDOS line", " spaces "]
text.append("Zürich, 東京 🍣")
sales = pd.DataFrame({
    "day": pd.date_range("2021-03-01", periods=rows, freq="7h").floor("s"),
    "region": random.choice(["North", "Süd", "東"], rows),
    "amount": np.where(random.random(rows) < 0.1, np.nan, random.normal(1e3, 250, rows)),
    "count": random.integers(-5, 10**12, rows),
    "paid": random.random(rows) < 0.5,
    "note": random.choice(text, rows),
})
"""
READ = """%%gemini -a sales -o turn
Read it back.
```python
import pandas as pd
df = pd.read_csv("input_file_0.csv", parse_dates=["day"])
print(pd.util.hash_pandas_object(df.astype({"day": "datetime64[ns]"}), index=False).sum())
print(df.shape, *df.dtypes.astype(str))
```
"""


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(scope="module")
def kernel(
    shared_kernel: Kernel, tmp_path_factory: pytest.TempPathFactory, emulator: Emulator
) -> Kernel:
    folder = tmp_path_factory.mktemp("data")
    shared_kernel.renew(folder, GEMINI_API_KEY=emulator.key, GOOGLE_GEMINI_BASE_URL=emulator.url)
    ran = shared_kernel.run(f"{FRAME}_began = {{*globals()}}")
    assert ran.ok, ran.error
    return shared_kernel


ANEW = """
%gemini conversation main
%gemini reset
for _name in {*globals()} - _began:
    if not _name.startswith("_"):
        del globals()[_name]
"""


@pytest.fixture(autouse=True)
def clean(kernel: Kernel, emulator: Emulator) -> None:
    """No test sees what another has asked or named."""
    ran = kernel.run(ANEW)
    assert ran.ok, ran.error
    emulator.requests.clear()


def bodies(emulator: Emulator) -> list[Any]:
    """The generate requests, each checked against the published schema."""
    found = [request.body for request in emulator.generate_requests]
    for body in found:
        assert not problems(body, api="developer", message="request")
    return found


def uploads(emulator: Emulator) -> int:
    """How many uploads were begun."""
    paths = [request.path for request in emulator.requests]
    return sum("/upload/" in path and "upload_id" not in path for path in paths)


def refusal(ran: Ran) -> str:
    assert not ran.ok
    assert ran.error["ename"] == "OptionError", ran.error
    return "\n".join(ran.error["traceback"])


def test_a_frame_reads_back_equal_in_the_sandbox(kernel: Kernel, emulator: Emulator):
    ran = kernel.run(READ, cell="a")
    assert ran.ok, ran.error
    output = kernel.value("turn.results[0].output")
    expected = kernel.value(
        "int(pd.util.hash_pandas_object("
        "sales.astype({'day': 'datetime64[ns]'}), index=False).sum())"
    )
    assert int(output.split()[0]) == expected, output
    assert "(5000, 6)" in output
    told = bodies(emulator)[0]["contents"][0]["parts"][0]["text"]
    assert "5,000 rows x 6 columns" in told
    assert "sales.csv" in told
    assert "input_file_0.csv" in told
    assert "day (datetime64" in told


def test_statistics_and_a_plot_over_it_are_really_computed(kernel: Kernel):
    ran = kernel.run(
        "%%gemini -a \"sales[['amount', 'count']]\" -o turn\nDescribe the columns.", cell="a"
    )
    assert ran.ok, ran.error
    mean = kernel.value("float(sales['amount'].mean())")
    assert kernel.value("float(turn.table(0)['amount']['mean'])") == pytest.approx(mean, rel=1e-5)
    ran = kernel.run("%%gemini -a 'sales.iloc[:400]' -o turn\nPlot it as a chart.", cell="b")
    assert ran.ok, ran.error
    assert kernel.value("turn.images[0].to_pil().size[0]") > 300
    assert kernel.value("turn.images[0].save('plot.png').stat().st_size") > 1000


def test_no_content_is_left_in_the_notebook(kernel: Kernel):
    secret = "correct-horse-battery-staple"
    assert kernel.run(f"hidden = pd.DataFrame({{'password': [{secret!r}] * 20}})").ok
    ran = kernel.run(
        "%%gemini -a hidden -o turn\nWhat is in the file's columns?\n"
        "```python\nimport os\nprint(os.path.getsize('input_file_0.csv'))\n```",
        cell="s",
    )
    assert ran.ok, ran.error
    stored = json.dumps(
        [message["content"] for message in ran.messages if message["msg_type"] != "execute_input"]
    )
    assert secret not in stored
    attached = ran.turn["request"]["attachments"]
    assert [set(one) for one in attached] == [{"name", "mime_type", "bytes", "sha256"}]
    size = kernel.value("turn.results[0].output")
    assert attached[0]["bytes"] == int(size)
    # The conversation's own file has it: the exchange must be sent again.
    assert kernel.run("%gemini save kept.json").ok
    assert kernel.value("len(open('kept.json').read())") > attached[0]["bytes"]


def test_attachments_are_repeated_and_sent_once_each(kernel: Kernel, emulator: Emulator):
    kernel.run(
        "Path('a.txt').write_text('one')\n"
        "Path('b.txt').write_text('two')\nPath('copy.txt').write_text('one')"
    )
    ran = kernel.run(
        "%%gemini -a '*.txt' -a \"{'n': [1, 2]}\" -a sales.head(3) -a a.txt\nWhat is it?", cell="a"
    )
    assert ran.ok, ran.error
    names = [one["name"] for one in ran.turn["request"]["attachments"]]
    assert names == ["a.txt", "b.txt", "n_1_2.json", "sales_head_3.csv"]


def test_the_preview_shows_every_size_and_sends_nothing(kernel: Kernel, emulator: Emulator):
    ran = kernel.run("%%gemini --preview -a sales.head(3) -a \"b'bytes'\"\nWhat is it?", cell="a")
    assert ran.ok, ran.error
    size = kernel.value("len(sales.head(3).to_csv(index=False, lineterminator='\\r\\n').encode())")
    assert f"attached: sales_head_3.csv, text/csv, {size:,} bytes, sha256" in ran.stdout
    assert "attached: b_bytes.txt, text/plain, 5 bytes" in ran.stdout
    ran = kernel.run("%%gemini --preview -a https://host/x.csv?sig=SECRET\nWhat is it?", cell="a")
    assert ran.ok, ran.error
    assert '"fileUri": "https://host/x.csv?... (10 characters)"' in ran.stdout
    assert "SECRET" not in ran.stdout
    assert not emulator.requests


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nothing_here", "neither a value nor a file"),
        ("sale", "Did you mean sales?"),
        ("folder", "is a directory"),
        ("fifo", "is a named pipe"),
        ("sock", "is a socket"),
        ("/dev/zero", "is a device"),
        ("loop", "leads in a circle"),
        ("hole", "that is not there"),
        ("sparse.bin", "is 3.0 GB"),
        ("empty.csv", "is empty"),
        ("noise.bin", "binary data"),
        ("noise.csv", "binary data"),
        ("big", "about"),
        ("both", "both a value here and a file"),
        ("1/0", "raised ZeroDivisionError"),
        ("print", "neither a value nor a file"),
        ("http://a/b.csv", "not an address"),
        ("sales.region.unique", "cannot be attached"),
        ("pd.DataFrame()", "is empty"),
        ("path", "is the name of a file"),
    ],
)  # fmt: skip
def test_what_cannot_be_attached_is_told_and_nothing_is_sent(
    kernel: Kernel, emulator: Emulator, what: str, said: str
):
    ran = kernel.run("""
import os, socket
if not os.path.exists("folder"):
    os.mkdir("folder"); os.mkfifo("fifo"); os.symlink("loop", "loop"); os.symlink("gone", "hole")
    listening = socket.socket(socket.AF_UNIX); listening.bind("sock")
    with open("sparse.bin", "wb") as file:
        file.truncate(3_000_000_000)
    open("empty.csv", "w").close()
    for name in ("noise.bin", "noise.csv"):
        with open(name, "wb") as file:
            file.write(bytes(range(256)))
    open("both", "w").write("x")
both, path = 1, "noise.csv"
big = pd.DataFrame({"x": np.random.default_rng(1).random(2_000_000)})
""")
    assert ran.ok, ran.error
    ran = kernel.run(f"%%gemini -a {what}\nWhat is it?", cell="x")
    assert said in refusal(ran)
    assert ran.seconds < 20
    assert not emulator.requests
    assert len(ran.error["traceback"]) == 2


def test_over_the_cap_three_ways_on_are_named(kernel: Kernel, emulator: Emulator):
    assert kernel.run("%config GeminiMagics.max_attachment_bytes = 100_000").ok
    try:
        said = refusal(kernel.run("%%gemini -a sales\nWhat is it?", cell="x"))
    finally:
        assert kernel.run("%config GeminiMagics.max_attachment_bytes = 20_000_000").ok
    assert "5,000 rows x 6 columns" in said
    assert "100.0 kB" in said
    for way in ("send less", "GeminiMagics.max_attachment_bytes = ", "gs://"):
        assert way in said
    assert not emulator.requests


def test_a_large_file_is_uploaded_once_in_ten_turns_and_again_when_expired(
    kernel: Kernel, emulator: Emulator
):
    assert kernel.run(
        "Path('large.csv').write_text('n\\n' + '\\n'.join(map(str, range(1_200_000))))"
    ).ok
    # Without pandas, which each of the runs would import anew.
    read = "```python\nprint(sum(1 for line in open('input_file_0.csv')) - 1)\n```"
    for turn in range(10):
        ran = kernel.run(f"%%gemini -a large.csv\nCount.\n{read}", cell=f"t{turn}")
        assert ran.ok, ran.error
        outputs = [part["output"] for part in ran.turn["parts"] if part["kind"] == "result"]
        assert outputs == ["1200000\n"]
    assert uploads(emulator) == 1
    last = bodies(emulator)[-1]
    uris = {
        part["fileData"]["fileUri"]
        for content in last["contents"]
        for part in content["parts"]
        if "fileData" in part
    }
    assert len(uris) == 1
    assert len(json.dumps(last)) < 60_000
    # The 48 hours are over, the history still holds the file.
    emulator.files.expire(uris.pop().rpartition("/")[2])
    ran = kernel.run("%%gemini\nAnd now?\n" + read, cell="after")
    assert ran.ok, ran.error
    assert [p["output"] for p in ran.turn["parts"] if p["kind"] == "result"] == ["1200000\n"]
    assert uploads(emulator) == 2


TOOLS = """
import time
def price(item: str, count: int = 1) -> float:
    "The price of items in euros."
    return {"tea": 2.5, "cake": 4.0}[item] * count

def slow(seconds: float) -> str:
    "Waits."
    time.sleep(seconds)
    return "done"

def stock() -> dict:
    "What is there."
    return {"tea": np.int64(7), "when": pd.Timestamp("2024-05-01")}

def untyped(x):
    return x
"""


def responses(ran: Ran) -> list[Any]:
    return [part["response"] for part in ran.turn["parts"] if part["kind"] == "response"]


def test_functions_are_called_and_shown_and_echoed(kernel: Kernel, emulator: Emulator):
    assert kernel.run(TOOLS).ok
    ran = kernel.run(
        '%%gemini --tool price --tool stock\ncall price with {"item": "tea", "count": 3} and stock',
        cell="a",
    )
    assert ran.ok, ran.error
    kinds = [part["kind"] for part in ran.turn["parts"] if part["kind"] not in ("text", "thought")]
    assert kinds == ["call", "call", "response", "response"]
    assert responses(ran) == [
        {"output": 7.5},
        {"output": {"tea": 7, "when": "2024-05-01T00:00:00"}},
    ]
    html = ran.displays[-1]["data"]["text/html"]
    assert "gm-Call" in html
    assert "gm-Response" in html
    assert "7.5" in html
    ran = kernel.run("%%gemini\nThanks. And 2 + 2?", cell="b")
    assert ran.ok, ran.error
    contents = bodies(emulator)[-1]["contents"]
    assert [content["role"] for content in contents] == ["user", "model", "user", "model", "user"]
    calls = [p["functionCall"] for p in contents[1]["parts"] if "functionCall" in p]
    answers = [p["functionResponse"] for p in contents[2]["parts"]]
    assert [(c["id"], c["name"]) for c in calls] == [(a["id"], a["name"]) for a in answers]
    assert "thoughtSignature" in json.dumps(contents[1])
    first = bodies(emulator)[0]
    assert first["toolConfig"] == {"includeServerSideToolInvocations": True}
    assert {"codeExecution": {}} in first["tools"]


def test_what_goes_wrong_in_a_call_is_told_to_the_model(kernel: Kernel, emulator: Emulator):
    assert kernel.run(TOOLS).ok
    wrong = '{"item": 5, "many": 2}'
    ran = kernel.run(
        f'%%gemini --tool price --tool slow --timeout 1\ncall price with {{"item": "gold"}} and '
        f'call price with {wrong} and call slow with {{"seconds": 30}} '
        'and slow with {"seconds": 0}',
        cell="a",
    )
    assert ran.ok, ran.error
    raised, unfit, ended, done = responses(ran)
    assert raised == {"error": "KeyError: 'gold'"}
    assert "'many' is not a parameter" in unfit["error"]
    assert "'item': Input should be a valid string" in unfit["error"]
    assert ended == {"error": "slow was ended after 1 s."}
    assert done == {"output": "done"}
    assert ran.seconds < 20
    assert kernel.run("%%gemini\nGo on.", cell="b").ok
    bodies(emulator)


def test_an_interrupt_inside_a_function_leaves_a_usable_conversation(
    kernel: Kernel, emulator: Emulator
):
    assert kernel.run(
        TOOLS + "\nstarted = []\ndef hang() -> str:\n    'Hangs.'\n"
        "    print('started', flush=True)\n    time.sleep(60)\n    return 'late'\n"
    ).ok
    request = kernel.send("%%gemini --tool hang\ncall hang", cell="a")
    while True:
        message = kernel.client.get_iopub_msg(timeout=60)
        if message["msg_type"] == "stream" and "started" in message["content"]["text"]:
            break
    kernel.manager.interrupt_kernel()
    began = time.monotonic()
    ran = kernel.collect(request)
    assert time.monotonic() - began < 20
    assert ran.error["ename"] == "AnswerInterrupted"
    assert ran.turn["status"] == "interrupted"
    after = kernel.run("%%gemini\nWhat is 6 * 7?", cell="b")
    assert after.ok, after.error
    contents = bodies(emulator)[-1]["contents"]
    assert [content["role"] for content in contents] == ["user"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--tool untyped", "has no type hint"),
        ("--tool prise", "Did you mean price?"),
        ("--tool sales", "not a function"),
        ("--tool price --tool price", "given twice"),
        ("--tool price -m gemini-2.5-flash-lite", "--no-code"),
        ("--tool price.x", "cannot be"),
    ],
)
def test_what_cannot_be_a_tool_is_refused_before_sending(
    kernel: Kernel, emulator: Emulator, line: str, said: str
):
    assert kernel.run(TOOLS).ok
    assert said in refusal(kernel.run(f"%%gemini {line}\nhello", cell="x"))
    assert not emulator.requests


def test_ask_takes_values_and_functions(kernel: Kernel, emulator: Emulator):
    assert kernel.run(TOOLS + "\nfrom gemini_magic import ask").ok
    ran = kernel.run("turn = ask('Describe the data.', attach={'figures.csv': sales.head(50)})")
    assert ran.ok, ran.error
    assert kernel.value("turn.request.attachments[0].name") == "figures.csv"
    ran = kernel.run("turn = ask('call stock', tools=[stock])")
    assert ran.ok, ran.error
    assert kernel.value("turn.calls[0].name") == "stock"
    ran = kernel.run("ask('hello', attach='no-such-file.csv')")
    assert "no file 'no-such-file.csv'" in refusal(ran)


SALES = """
import datetime, enum
from pydantic import BaseModel
class Colour(enum.Enum):
    RED, BLUE = "red", "blue"
class Sale(BaseModel):
    n: int
    day: datetime.date
    colour: Colour
    amount: float
total_schema = {"type": "object", "properties": {"total": {"type": "integer"}},
                "required": ["total"]}
"""


def test_a_cell_asks_for_values_of_a_type_and_a_frame(kernel: Kernel, emulator: Emulator):
    assert kernel.run(SALES).ok
    ran = kernel.run("%%gemini --schema list[Sale] -o answer\nTwenty sales.", cell="a")
    assert ran.ok, ran.error
    (body,) = bodies(emulator)
    assert body["generationConfig"]["responseJsonSchema"]["type"] == "array"
    assert kernel.value("(len(answer.value), type(answer.value[0]) is Sale)") == (20, True)
    assert kernel.value("[str(kind) for kind in answer.frame().dtypes][::2]") == [
        "int64",
        "category",
    ]
    assert ran.turn["request"]["config"]["schema"] == body["generationConfig"]["responseJsonSchema"]
    restored = "__import__('gemini_magic').Turn.from_dict(answer.to_dict())"
    assert kernel.value(f"{restored}.value[0]['colour']") == "red"
    assert kernel.value(f"{restored}.frame().equals(answer.frame())")

    # The next prompt is sent the typed answer, and asks for no type itself.
    ran = kernel.run("%%gemini --schema total_schema --no-code -o total\nThe total?", cell="b")
    assert ran.ok, ran.error
    assert kernel.value("list(total.value)") == ["total"]
    assert kernel.run("%%gemini\nhello", cell="c").ok
    assert "responseJsonSchema" not in bodies(emulator)[-1].get("generationConfig", {})


def test_an_answer_that_does_not_fit_fails_in_the_cell_and_stays(
    kernel: Kernel, emulator: Emulator
):
    assert kernel.run(SALES).ok
    asked = '%%gemini --schema total_schema -o answer\n```json\n{"total": "<b>28</b>"}\n```'
    ran = kernel.run(asked, cell="a")
    assert ran.error["ename"] == "AnswerFailed"
    assert "total: '<b>28</b>' is not of type 'integer'" in ran.error["evalue"]
    assert ran.turn["status"] == "failed"
    assert kernel.value("answer.text") == '{"total": "<b>28</b>"}'
    after = kernel.run("%%gemini\nhello", cell="b")
    assert after.ok, after.error
    assert len(bodies(emulator)[-1]["contents"]) == 1, "it is not sent with later prompts"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--schema Sal", "Did you mean Sale?"),
        ("--schema sales", "not a type that an answer may have"),
        ("--schema Sale -m gemini-2.5-flash-lite", "--no-code"),
        ("--schema list[Sale", "SyntaxError"),
    ],
)
def test_what_cannot_be_a_schema_is_refused_before_sending(
    kernel: Kernel, emulator: Emulator, line: str, said: str
):
    assert kernel.run(SALES).ok
    assert said in refusal(kernel.run(f"%%gemini {line}\nhello", cell="x"))
    assert not emulator.requests


WORKBOOK = """
import openpyxl
book = openpyxl.Workbook()
for name, amounts in (("North", [10, 12.5]), ("South", [7])):
    sheet = book.active if name == "North" else book.create_sheet(name)
    sheet.title = name
    sheet.append(["month", "amount"])
    for month, amount in enumerate(amounts, 1):
        sheet.append([month, amount])
book.save("report.xlsx")
"""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def test_both_sheets_of_a_workbook_are_read_under_a_model_that_takes_it(
    kernel: Kernel, emulator: Emulator
):
    assert kernel.run(WORKBOOK).ok
    ran = kernel.run("%%gemini -m gemini-4-hydrogen -a report.xlsx -o answer\nSummarise.", "a")
    assert ran.ok, ran.error
    (body,) = bodies(emulator)
    assert body["contents"][0]["parts"][1]["inlineData"]["mimeType"] == XLSX
    output = kernel.value("answer.results[-1].output")
    assert "sheet North: 2 rows, columns: month, amount" in output
    assert "amount: sum 22.5" in output
    assert "sheet South: 1 rows" in output

    # In the history it is as much in the way of another model as in the prompt.
    sent = len(emulator.requests)
    said = refusal(kernel.run("%%gemini -m gemini-3.8-flash\nAnd the mean?", cell="b"))
    assert "Office file, which gemini-3.8-flash does not take" in said
    assert len(emulator.requests) == sent


@pytest.mark.parametrize("line", ["", "--preview"])
def test_an_office_file_is_not_sent_to_a_model_that_does_not_take_it(
    kernel: Kernel, emulator: Emulator, line: str
):
    assert kernel.run(WORKBOOK).ok
    said = refusal(kernel.run(f"%%gemini {line} -a report.xlsx\nSummarise.", cell="x"))
    assert "nothing was sent" in said
    assert "pandas.read_excel('report.xlsx')" in said
    assert "-m gemini-4-hydrogen" in said
    assert not emulator.requests


def test_a_large_office_file_is_uploaded_under_its_type(kernel: Kernel, emulator: Emulator):
    large = (
        "import random\nwide = openpyxl.load_workbook('report.xlsx')\n"
        "for _ in range(60):\n"
        "    wide['South'].append([random.randbytes(40_000).hex()[:32_000] for _ in range(5)])\n"
        "wide.save('large.xlsx')\n"
        "assert __import__('os').path.getsize('large.xlsx') > 4_000_000\n"
    )
    ran = kernel.run(WORKBOOK + large)
    assert ran.ok, ran.error
    ran = kernel.run("%%gemini -m gemini-4-argon -a large.xlsx -o answer\nSummarise.", cell="l")
    assert ran.ok, ran.error
    part = bodies(emulator)[-1]["contents"][0]["parts"][1]
    assert part["fileData"]["mimeType"] == XLSX
    assert uploads(emulator) == 1
    assert "sheet South: 61 rows" in kernel.value("answer.results[-1].output")


def test_the_code_of_a_turn_runs_here_when_asked(kernel: Kernel):
    assert kernel.run("%%gemini -o turn\n```python\nvalue_from_gemini = 6 * 7\n```", cell="r").ok
    assert kernel.run("kept = turn.run({})").ok
    assert kernel.value("(kept['value_from_gemini'], 'value_from_gemini' in globals())") == (
        42,
        False,
    )
    assert kernel.run("_ = turn.run()").ok
    assert kernel.value("value_from_gemini") == 42
