"""A table of command lines and exactly what becomes of each (see `test_command_lines`)."""
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gemini_magic.magics.commands.table import SUBCOMMANDS
from gemini_magic.magics.options import help_table


@dataclass(frozen=True)
class Refused:
    """An error in the cell, nothing sent and nothing printed. PRICES, FOLDER: as they are."""

    name: str
    message: str


@dataclass(frozen=True)
class Said:
    """Printed exactly, and nothing asked of a model."""

    text: str


@dataclass(frozen=True)
class Sent:
    """One request, exactly; ``attached``: files before the prompt."""

    prompt: str
    model: str = "gemini-3.8-flash"
    method: str = "streamGenerateContent"
    attached: int = 0
    tools: Any = field(default_factory=lambda: [{"codeExecution": {}}])
    generation: dict[str, Any] = field(default_factory=dict)
    system: str | None = None


CELL_HELP = Said(f"%%gemini [options]\nthe prompt\n\n{help_table()}\n")
_WIDTH = max(len(command.usage) for command in SUBCOMMANDS)
HELP = Said(
    f"%%gemini [options], the prompt on the lines below it\n{help_table()}\n\n%gemini SUBCOMMAND\n"
    + "\n".join(f"  {command.usage:<{_WIDTH}}  {command.help}" for command in SUBCOMMANDS)
    + "\n\nIn a prompt, $`expr` is replaced by the value of the expression.\n"
)

LINES: list[tuple[str, Refused | Said | Sent]] = [
    ("%%gemini\nwhat is this?", Sent("what is this?")),
    ("%%gemini\n{a} $b \\frac ' \" %x", Sent("{a} $b \\frac ' \" %x")),
    ("%%gemini \n>>> x = 1\nIn [1]: y", Sent(">>> x = 1\nIn [1]: y")),
    ("%%gemini\n$`6 * 7` and $`word`", Sent("42 and blue")),
    ("%%gemini -m gemini-2.5-pro\nhi", Sent("hi", model="gemini-2.5-pro")),
    ("%%gemini --model=models/gemini-2.5-pro\nhi", Sent("hi", model="gemini-2.5-pro")),
    ("%%gemini -mgemini-2.5-pro\nhi", Sent("hi", model="gemini-2.5-pro")),
    (
        "%%gemini --max_tokens 5 --seed=-3 -t .5 -m gemini-3.5-flash-lite\nhi",
        Sent(
            "hi",
            model="gemini-3.5-flash-lite",
            generation={"temperature": 0.5, "maxOutputTokens": 5, "seed": -3},
        ),
    ),
    ("%%gemini --max-tokens=5\nhi", Sent("hi", generation={"maxOutputTokens": 5})),
    ("%%gemini --no-code\nhi", Sent("hi", tools=None)),
    ("%%gemini --no_code\nhi", Sent("hi", tools=None)),
    (
        "%%gemini --search --urls\nhi",
        Sent("hi", tools=[{"codeExecution": {}}, {"googleSearch": {}}, {"urlContext": {}}]),
    ),
    ('%%gemini --system "be brief, don\'t guess"\nhi', Sent("hi", system="be brief, don't guess")),
    ("%%gemini --system 'größe – 大きさ'\nhi", Sent("hi", system="größe – 大きさ")),
    ("%%gemini --system ''\nhi", Sent("hi", system="")),
    (
        "%%gemini --thinking HIGH\nhi",
        Sent(
            "hi",
            generation={"thinkingConfig": {"include_thoughts": True, "thinking_level": "HIGH"}},
        ),
    ),
    (
        "%%gemini --thinking=low\nhi",
        Sent(
            "hi", generation={"thinkingConfig": {"include_thoughts": True, "thinking_level": "LOW"}}
        ),
    ),
    (
        "%%gemini --thinking low -m gemini-2.5-flash\nhi",
        Sent(
            "hi",
            model="gemini-2.5-flash",
            generation={"thinkingConfig": {"include_thoughts": True, "thinking_budget": 1024}},
        ),
    ),
    ("%%gemini --stateless\nhi", Sent("hi")),
    ("%%gemini --no-stream\nhi", Sent("hi", method="generateContent")),
    ("%%gemini --conversation 'two words'\nhi", Sent("hi")),
    ("%%gemini -c größe\nhi", Sent("hi")),
    (
        "%%gemini --timeout 5 --max-cost 1 -m gemini-2.5-flash\nhi",
        Sent("hi", model="gemini-2.5-flash"),
    ),
    ("%%gemini -a word\nhi", Sent("hi", attached=1)),
    ("%%gemini -o answer --view plain\nhi", Sent("hi")),
    ("%%gemini --fresh\nhi", Sent("hi")),
    ("%gemini ask what is this?", Sent("what is this?")),
    ("%gemini ask is it 'quoted' or {braced}? $`word`", Sent("is it 'quoted' or {braced}? blue")),
    ("%gemini ask   spaced  out ", Sent("  spaced  out")),
    ("%gemini ask größe?", Sent("größe?")),
    ("%%gemini --help", CELL_HELP),
    ("%%gemini --help\n", CELL_HELP),
    ("%%gemini --help\nhi", CELL_HELP),
    ("%gemini --help", HELP),
    ("%gemini -h", HELP),
    ("%gemini help", HELP),
    (
        "%%gemini",
        Refused(
            "PromptError",
            "The prompt is empty: there is nothing to ask.\nWrite it on the lines below %%gemini.",
        ),
    ),
    (
        "%%gemini\n",
        Refused(
            "PromptError",
            "The prompt is empty: there is nothing to ask.\nWrite it on the lines below %%gemini.",
        ),
    ),
    (
        "%%gemini\n   \n",
        Refused(
            "PromptError",
            "The prompt is empty: there is nothing to ask.\nWrite it on the lines below %%gemini.",
        ),
    ),
    (
        "%%gemini -m x\n",
        Refused(
            "PromptError",
            "The prompt is empty: there is nothing to ask.\nWrite it on the lines below %%gemini.",
        ),
    ),
    (
        "%%gemini what is this?\n",
        Refused(
            "OptionError",
            "'what' on the %%gemini line is not an option.\nPut the prompt on the lines below it, or use %gemini ask TEXT for one line.",
        ),
    ),
    (
        "%%gemini hello\nworld",
        Refused(
            "OptionError",
            "'hello' on the %%gemini line is not an option.\nPut the prompt on the lines below it, or use %gemini ask TEXT for one line.",
        ),
    ),
    (
        "%%gemini -m x hello\nworld",
        Refused(
            "OptionError",
            "'hello' on the %%gemini line is not an option.\nPut the prompt on the lines below it, or use %gemini ask TEXT for one line.",
        ),
    ),
    (
        "%%gemini --modle x\nhi",
        Refused(
            "OptionError",
            "%%gemini has no option --modle.\nDid you mean --model or --no-code or --tool?",
        ),
    ),
    (
        "%%gemini --temprature 1\nhi",
        Refused("OptionError", "%%gemini has no option --temprature.\nDid you mean --temperature?"),
    ),
    (
        "%%gemini --stateles\nhi",
        Refused("OptionError", "%%gemini has no option --stateles.\nDid you mean --stateless?"),
    ),
    (
        "%%gemini --zzz\nhi",
        Refused("OptionError", "%%gemini has no option --zzz.\n%%gemini --help shows them."),
    ),
    (
        "%%gemini -x\nhi",
        Refused("OptionError", "%%gemini has no option -x.\n%%gemini --help shows them."),
    ),
    (
        "%%gemini --api-key AIzaSyTableTableTableTableTableTableTabl1\nhi",
        Refused(
            "OptionError",
            "%%gemini has no option --api-key.\nKeys are never an option: set GEMINI_API_KEY in the environment.",
        ),
    ),
    (
        "%%gemini --api_key=AIzaSyTableTableTableTableTableTableTabl1\nhi",
        Refused(
            "OptionError",
            "%%gemini has no option --api-key.\nKeys are never an option: set GEMINI_API_KEY in the environment.",
        ),
    ),
    (
        "%%gemini -m a -m b\nhi",
        Refused("OptionError", "--model is given twice.\nLeave one of them out."),
    ),
    (
        "%%gemini -m a --model=b\nhi",
        Refused("OptionError", "--model is given twice.\nLeave one of them out."),
    ),
    (
        "%%gemini --no-code --no_code\nhi",
        Refused("OptionError", "--no-code is given twice.\nLeave one of them out."),
    ),
    (
        "%%gemini --model\nhi",
        Refused("OptionError", "--model needs a value.\nWrite -m, --model NAME."),
    ),
    (
        "%%gemini --model --stateless\nhi",
        Refused("OptionError", "--model needs a value.\nWrite -m, --model NAME."),
    ),
    (
        "%%gemini --no-code=yes\nhi",
        Refused("OptionError", "--no-code takes no value.\nWrite --no-code alone."),
    ),
    ("%%gemini --model ''\nhi", Refused("OptionError", "--model cannot be ''.\nIt takes a name.")),
    (
        "%%gemini --thinking deep\nhi",
        Refused(
            "OptionError",
            "--thinking cannot be 'deep'.\nIt is one of minimal, low, medium, high, xhigh.",
        ),
    ),
    (
        "%%gemini --thinking hihg\nhi",
        Refused("OptionError", "--thinking cannot be 'hihg'.\nDid you mean high or xhigh?"),
    ),
    (
        "%%gemini --view htm\nhi",
        Refused("OptionError", "--view cannot be 'htm'.\nDid you mean html?"),
    ),
    (
        "%%gemini --show every\nhi",
        Refused(
            "OptionError", "--show cannot be 'every'.\nIt is one of all, answer, code, results."
        ),
    ),
    (
        "%%gemini -t hot\nhi",
        Refused("OptionError", "--temperature cannot be 'hot'.\nIt takes a number from 0 to 2."),
    ),
    (
        "%%gemini -t 3\nhi",
        Refused("OptionError", "--temperature cannot be '3'.\nIt takes a number from 0 to 2."),
    ),
    (
        "%%gemini -t nan\nhi",
        Refused("OptionError", "--temperature cannot be 'nan'.\nIt takes a number from 0 to 2."),
    ),
    (
        "%%gemini --max-tokens 0\nhi",
        Refused(
            "OptionError",
            "--max-tokens cannot be '0'.\nIt takes a whole number from 1 to 2,147,483,647.",
        ),
    ),
    (
        "%%gemini --max-tokens 1.5\nhi",
        Refused("OptionError", "--max-tokens cannot be '1.5'.\nIt takes a whole number."),
    ),
    (
        "%%gemini --seed 99999999999\nhi",
        Refused(
            "OptionError",
            "--seed cannot be '99999999999'.\nIt takes a whole number from -2,147,483,648 to 2,147,483,647.",
        ),
    ),
    (
        "%%gemini --timeout 0\nhi",
        Refused("OptionError", "--timeout cannot be '0'.\nIt takes a number of seconds above 0."),
    ),
    (
        "%%gemini --timeout inf\nhi",
        Refused("OptionError", "--timeout cannot be 'inf'.\nIt takes a number of seconds above 0."),
    ),
    (
        "%%gemini --max-cost much\nhi",
        Refused("OptionError", "--max-cost cannot be 'much'.\nIt takes an amount of US dollars."),
    ),
    (
        "%%gemini -o 1x\nhi",
        Refused("OptionError", "--output cannot be '1x'.\nIt takes the name of a variable."),
    ),
    (
        "%%gemini -o class\nhi",
        Refused("OptionError", "--output cannot be 'class'.\nIt takes the name of a variable."),
    ),
    (
        '%%gemini --system "open\nhi',
        Refused(
            "OptionError",
            'The option line cannot be read: no closing quotation.\nWrite values with spaces or apostrophes in double quotes: --system "don\'t guess".',
        ),
    ),
    (
        "%%gemini --system don't\nhi",
        Refused(
            "OptionError",
            'The option line cannot be read: no closing quotation.\nWrite values with spaces or apostrophes in double quotes: --system "don\'t guess".',
        ),
    ),
    (
        "%%gemini --reuse\nhi",
        Refused(
            "OptionError",
            "There is no answer store to reuse from.\nName a folder: %config GeminiMagics.answers_dir = 'answers' (or GEMINI_MAGIC_ANSWERS in the environment).",
        ),
    ),
    (
        "%%gemini --reuse --fresh\nhi",
        Refused("OptionError", "--reuse and --fresh cannot go together.\nLeave one of them out."),
    ),
    (
        "%%gemini -a nothing_here\nhi",
        Refused(
            "OptionError",
            "--attach nothing_here: there is neither a value nor a file of that name.\nThe working directory is FOLDER.",
        ),
    ),
    (
        "%%gemini -a wrod\nhi",
        Refused(
            "OptionError",
            "--attach wrod: there is neither a value nor a file of that name.\nDid you mean word?",
        ),
    ),
    (
        "%%gemini --tool nothing_here\nhi",
        Refused(
            "OptionError",
            "--tool nothing_here: there is no function of that name here.\nDefine it in a cell above.",
        ),
    ),
    (
        "%%gemini -c ' '\nhi",
        Refused("OptionError", "--conversation cannot be ' '.\nIt takes a name."),
    ),
    (
        "%%gemini --max-cost 0\nhi",
        Refused(
            "BudgetReached",
            "This call would go over the limit of $0 for this call: its input alone costs about $0.00000075, by the prices of PRICES.\nNothing was sent. Raise it with --max-cost, or send less.",
        ),
    ),
    (
        "%%gemini -m gemini-unknown-9 --max-cost 1\nhi",
        Refused(
            "OptionError",
            "gemini-unknown-9 has no known price, so a cost limit cannot be kept.\nLeave out the limit (--max-cost), or choose another model.",
        ),
    ),
    (
        "%%gemini\n$`wrod`",
        Refused(
            "PromptError", "The prompt uses $`wrod`, but 'wrod' is not defined.\nDid you mean word?"
        ),
    ),
    (
        "%%gemini\n$`1 /`",
        Refused(
            "PromptError",
            "The prompt uses $`1 /`, which raised SyntaxError: invalid syntax (<string>, line 1)\nCorrect the expression, or leave out the $ to send the text as it is.",
        ),
    ),
    (
        "%gemini",
        Said(
            "backend       developer (Gemini API v1beta, key from GEMINI_API_KEY, at SERVER)\nkept there    nothing: requests say store=false\nmodel         gemini-3.8-flash\nconversation  main, 0 exchanges\nthis session  0 calls, 0 tokens\n"
        ),
    ),
    (
        "%gemini status",
        Said(
            "backend       developer (Gemini API v1beta, key from GEMINI_API_KEY, at SERVER)\nkept there    nothing: requests say store=false\nmodel         gemini-3.8-flash\nconversation  main, 0 exchanges\nthis session  0 calls, 0 tokens\n"
        ),
    ),
    (
        "%gemini status now",
        Refused("OptionError", "%gemini status takes no value.\nWrite %gemini status alone."),
    ),
    ("%gemini model", Said("model: gemini-3.8-flash\n")),
    ("%gemini model gemini-2.5-pro", Said("model: gemini-2.5-pro\n")),
    ("%gemini model models/gemini-2.5-pro", Said("model: gemini-2.5-pro\n")),
    ('%gemini model "two words"', Said("model: two words\n")),
    (
        "%gemini model a b",
        Refused(
            "OptionError",
            "%gemini model takes one value.\nWrite %gemini model NAME; put one with spaces in double quotes.",
        ),
    ),
    (
        '%gemini model "open',
        Refused(
            "OptionError",
            "The line cannot be read: no closing quotation.\nPut names with spaces or apostrophes in double quotes.",
        ),
    ),
    (
        "%gemini model ''",
        Refused(
            "OptionError",
            "%gemini model takes one value.\nWrite %gemini model NAME; put one with spaces in double quotes.",
        ),
    ),
    (
        "%gemini backend",
        Said("backend: developer (Gemini API v1beta, key from GEMINI_API_KEY, at SERVER)\n"),
    ),
    (
        "%gemini backend vertx",
        Refused("OptionError", "There is no backend 'vertx'.\nDid you mean vertex?"),
    ),
    (
        "%gemini backend emulatr",
        Refused("OptionError", "There is no backend 'emulatr'.\nDid you mean emulator?"),
    ),
    (
        "%gemini backend developer",
        Said("backend: developer (Gemini API v1beta, key from GEMINI_API_KEY, at SERVER)\n"),
    ),
    (
        "%gemini backend DEVELOPER",
        Said("backend: developer (Gemini API v1beta, key from GEMINI_API_KEY, at SERVER)\n"),
    ),
    ("%gemini history", Said("conversation main: 0 exchanges\n")),
    (
        "%gemini files --delte",
        Refused("OptionError", "%gemini files has no option --delte.\nDid you mean --delete?"),
    ),
    (
        "%gemini continue 1 --foo",
        Refused("OptionError", "%gemini continue has no option --foo.\nDid you mean --tool?"),
    ),
    (
        "%gemini insert foo",
        Refused(
            "OptionError",
            "'foo' is neither a number nor code or all.\nWrite %gemini insert [N] [code|all].",
        ),
    ),
    (
        "%gemini config here=yes",
        Refused("OptionError", "here cannot be 'yes'.\nIt takes: true or false."),
    ),
    ("%gemini history 3", Said("conversation main: 0 exchanges\n")),
    ("%gemini history x", Refused("OptionError", "'x' is not a number.\nWrite %gemini history N.")),
    (
        "%gemini history -1",
        Refused("OptionError", "'-1' is not a number.\nWrite %gemini history N."),
    ),
    (
        "%gemini show",
        Refused(
            "OptionError", "Conversation main is empty.\nAsk something first: %gemini ask TEXT"
        ),
    ),
    (
        "%gemini show 9",
        Refused(
            "OptionError", "Conversation main is empty.\nAsk something first: %gemini ask TEXT"
        ),
    ),
    ("%gemini conversation", Said("conversation: main, 0 exchanges\n")),
    ("%gemini conversation plans", Said("conversation: plans, 0 exchanges\n")),
    ("%gemini conversation 'two words'", Said("conversation: two words, 0 exchanges\n")),
    ("%gemini conversation größe", Said("conversation: größe, 0 exchanges\n")),
    (
        "%gemini conversation a b",
        Refused(
            "OptionError",
            "%gemini conversation takes one name.\nPut a name with spaces in double quotes.",
        ),
    ),
    ("%gemini conversation --list", Said("* main, 0 exchanges\n")),
    (
        "%gemini conversation --lst",
        Refused(
            "OptionError",
            "%gemini conversation has no option --lst.\nDid you mean --list?",
        ),
    ),
    (
        "%gemini conversation --new",
        Refused(
            "OptionError",
            "%gemini conversation takes one name.\nPut a name with spaces in double quotes.",
        ),
    ),
    ("%gemini conversation --new plans", Said("conversation: plans, 0 exchanges\n")),
    ("%gemini conversation --fork other", Said("conversation: other, 0 exchanges\n")),
    (
        "%gemini conversation --fork other 1",
        Refused("OptionError", "There is no exchange 1.\n%gemini history shows the numbers."),
    ),
    (
        "%gemini conversation --fork",
        Refused(
            "OptionError",
            "%gemini conversation takes one name.\nPut a name with spaces in double quotes.",
        ),
    ),
    (
        "%gemini conversation --delete nothing",
        Refused(
            "OptionError",
            "There is no conversation called 'nothing'.\n%gemini conversation --list shows them.",
        ),
    ),
    (
        "%gemini conversation --delete main",
        Said("deleted: main\nconversation: main, 0 exchanges\n"),
    ),
    (
        "%gemini conversation --new --fork x",
        Refused("OptionError", "--new and --fork cannot go together.\nUse one at a time."),
    ),
    (
        "%gemini conversation --new --dashed",
        Said("conversation: --dashed, 0 exchanges\n"),
    ),
    (
        "%gemini conversation --new -- --list",
        Said("conversation: --list, 0 exchanges\n"),
    ),
    (
        "%gemini conversation --delete -- --list",
        Refused(
            "OptionError",
            "There is no conversation called '--list'.\n%gemini conversation --list shows them.",
        ),
    ),
    ("%gemini conversation -- --dashed", Said("conversation: --dashed, 0 exchanges\n")),
    (
        "%gemini conversation --delete --dashed",
        Refused(
            "OptionError",
            "There is no conversation called '--dashed'.\n%gemini conversation --list shows them.",
        ),
    ),
    ("%gemini undo", Said("nothing to undo\n")),
    (
        "%gemini undo 2",
        Refused("OptionError", "%gemini undo takes no value.\nWrite %gemini undo alone."),
    ),
    ("%gemini redo", Said("nothing to redo\n")),
    (
        "%gemini redo x",
        Refused("OptionError", "%gemini redo takes no value.\nWrite %gemini redo alone."),
    ),
    (
        "%gemini reset",
        Said("conversation main is empty\n"),
    ),
    (
        "%gemini reset now",
        Refused("OptionError", "%gemini reset takes no value.\nWrite %gemini reset alone."),
    ),
    (
        "%gemini save",
        Refused(
            "OptionError",
            "%gemini save needs a value.\nWrite %gemini save PATH; put one with spaces in double quotes.",
        ),
    ),
    (
        "%gemini save a b",
        Refused(
            "OptionError",
            "%gemini save takes one value.\nWrite %gemini save PATH; put one with spaces in double quotes.",
        ),
    ),
    (
        "%gemini save nowhere/at/all.json",
        Refused(
            "StorageError",
            "nowhere/at/all.json could not be written: No such file or directory.\nChoose a folder that exists and that you may write to.",
        ),
    ),
    (
        "%gemini load",
        Refused(
            "OptionError",
            "%gemini load needs a value.\nWrite %gemini load PATH; put one with spaces in double quotes.",
        ),
    ),
    (
        "%gemini load missing.json",
        Refused(
            "StorageError",
            "missing.json could not be read: No such file or directory.\nCheck the path; %gemini save PATH writes such a file.",
        ),
    ),
    (
        "%gemini restore",
        Refused(
            "OptionError",
            "%gemini restore needs a value.\nWrite %gemini restore NOTEBOOK; put one with spaces in double quotes.",
        ),
    ),
    (
        "%gemini restore missing.ipynb",
        Refused(
            "StorageError",
            "missing.ipynb could not be read: No such file or directory.\nCheck the path.",
        ),
    ),
    ("%gemini usage", Said("this session: 0 calls\n")),
    (
        "%gemini usage all",
        Refused("OptionError", "%gemini usage takes no value.\nWrite %gemini usage alone."),
    ),
    (
        "%gemini models",
        Said(
            "3 models of developer; in use: gemini-3.8-flash\n  gemini-3.8-flash      1,000 in         10 out  $0.75 / $3.75  thinking low medium* high\n  gemini-2.5-pro        1,000 in         10 out  $1.25 / $10.00  thinking by budget  until 2026-12-01, then gemini-3.8-flash\n  gemini-4-mystery      1,000 in         10 out  price unknown\nprices: US dollars for a million tokens, input / output, by PRICES\nthinking: levels (*: without being asked), as known on 2026-11-29\n"
        ),
    ),
    (
        "%gemini models pro",
        Said(
            "1 model of developer (of 3); in use: gemini-3.8-flash\n  gemini-2.5-pro      1,000 in         10 out  $1.25 / $10.00  thinking by budget  until 2026-12-01, then gemini-3.8-flash\nprices: US dollars for a million tokens, input / output, by PRICES\nthinking: levels (*: without being asked), as known on 2026-11-29\n"
        ),
    ),
    ("%gemini models qqq", Said("no model of 3 has 'qqq' in its name.\n")),
    ("%gemini config retries", Said("retries = 4  (default)\n")),
    ("%gemini config retries=3", Said("retries = 3  (%gemini)\n")),
    ("%gemini config retries = 3", Said("retries = 3  (%gemini)\n")),
    (
        "%gemini config retries=many",
        Refused(
            "OptionError",
            "retries cannot be 'many'.\nIt takes: a whole number, at least 0 and at most 20.",
        ),
    ),
    (
        "%gemini config retries=99",
        Refused(
            "OptionError",
            "retries cannot be '99'.\nIt takes: a whole number, at least 0 and at most 20.",
        ),
    ),
    (
        "%gemini config view=htm",
        Refused("OptionError", "view cannot be 'htm'.\nDid you mean html?"),
    ),
    ("%gemini config show-thoughts=false", Said("show_thoughts = False  (%gemini)\n")),
    (
        "%gemini config timeout=0",
        Refused("OptionError", "timeout cannot be '0'.\ntimeout is a number of seconds above 0."),
    ),
    (
        "%gemini config nothing",
        Refused("OptionError", "There is no setting 'nothing'.\nDid you mean thinking?"),
    ),
    (
        "%gemini config modle=x",
        Refused("OptionError", "There is no setting 'modle'.\nDid you mean model?"),
    ),
    (
        "%gemini config api_key=AIzaSyTableTableTableTableTableTableTabl1",
        Refused(
            "OptionError",
            "A key is not a setting.\nSet GEMINI_API_KEY in the environment; it is never stored.",
        ),
    ),
    (
        "%gemini config magic_name=x",
        Refused(
            "OptionError",
            "magic_name is read when the extension is loaded.\nSet it before: get_ipython().config.GeminiMagics.magic_name = ... (or in ipython_config.py).",
        ),
    ),
    ("%gemini config model=", Said("model = 'gemini-3.8-flash'  (default)\n")),
    (
        "%gemini config system=be brief, don't guess",
        Said('system = "be brief, don\'t guess"  (%gemini)\n'),
    ),
    (
        "%gemini doctor --aks",
        Refused("OptionError", "%gemini doctor does not take '--aks'.\nDid you mean --ask?"),
    ),
    (
        "%gemini doctor now",
        Refused(
            "OptionError",
            "%gemini doctor does not take 'now'.\nWrite %gemini doctor, or %gemini doctor --ask.",
        ),
    ),
    (
        "%gemini error",
        Refused(
            "OptionError",
            "No cell has raised an exception yet, but for those of %gemini itself.\n"
            "Run %gemini error after a cell whose own code raised one.",
        ),
    ),
    (
        "%gemini error --modle x",
        Refused(
            "OptionError",
            "%gemini error has no option --modle.\nDid you mean --model or --no-code or --tool?",
        ),
    ),
    (
        "%gemini error -o x",
        Refused(
            "OptionError",
            "%gemini error does not take --output.\nIt takes -m, --thinking, --system, --preview and the like.",
        ),
    ),
    (
        "%gemini what is this?",
        Refused(
            "OptionError",
            "%gemini has no subcommand 'what'.\nDid you mean %gemini ask what is this?",
        ),
    ),
    (
        "%gemini what",
        Refused("OptionError", "%gemini has no subcommand 'what'.\nDid you mean %gemini ask what?"),
    ),
    (
        "%gemini hlep",
        Refused("OptionError", "%gemini has no subcommand 'hlep'.\nDid you mean help?"),
    ),
    (
        "%gemini modles",
        Refused(
            "OptionError", "%gemini has no subcommand 'modles'.\nDid you mean models or model?"
        ),
    ),
    (
        "%gemini histroy 3",
        Refused(
            "OptionError",
            "%gemini has no subcommand 'histroy'.\nDid you mean history, or %gemini ask histroy 3?",
        ),
    ),
    (
        "%gemini größe",
        Refused(
            "OptionError", "%gemini has no subcommand 'größe'.\nDid you mean %gemini ask größe?"
        ),
    ),
    (
        "%gemini 'quoted text'",
        Refused(
            "OptionError",
            "%gemini has no subcommand \"'quoted\".\nDid you mean %gemini ask 'quoted text'?",
        ),
    ),
    (
        "%gemini help me",
        Refused("OptionError", "%gemini help takes no value.\nWrite %gemini help alone."),
    ),
    (
        "%gemini --modle",
        Refused(
            "OptionError", "%gemini has no subcommand '--modle'.\nDid you mean model or models?"
        ),
    ),
    (
        "%gemini ask",
        Refused("OptionError", "There is no text to ask.\nWrite it behind: %gemini ask TEXT"),
    ),
    (
        "%gemini ask  ",
        Refused("OptionError", "There is no text to ask.\nWrite it behind: %gemini ask TEXT"),
    ),
    (
        "%gemini HELP",
        Refused("OptionError", "%gemini has no subcommand 'HELP'.\nDid you mean help?"),
    ),
]
