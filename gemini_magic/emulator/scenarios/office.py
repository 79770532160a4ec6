"""Reads an attached Office file in the sandbox: each sheet of a workbook, the words of the rest."""

from __future__ import annotations

import re

from gemini_magic.emulator.conversation import Attachment, Conversation
from gemini_magic.emulator.script import Say, Script, Think, attempts

_ENDINGS = ("xlsx", "xls", "ods", "docx", "dotx", "doc", "odt", "pptx", "ppt", "odp")
_TOPIC = re.compile(
    r"\b(sheets?|workbook|excel|spreadsheet|document|report|slides?|presentation|file|attached)\b",
    re.I,
)
_WORKBOOK = """\
import openpyxl

book = openpyxl.load_workbook({name!r}, data_only=True)
for sheet in book:
    rows = list(sheet.iter_rows(values_only=True))
    header, body = (rows[0], rows[1:]) if rows else ((), [])
    print(f"sheet {{sheet.title}}: {{len(body)}} rows, columns: {{', '.join(map(str, header))}}")
    for at, column in enumerate(header):
        numbers = [row[at] for row in body if isinstance(row[at], (int, float))]
        if numbers:
            print(f"  {{column}}: sum {{sum(numbers):g}}, mean {{sum(numbers) / len(numbers):g}}")
"""
_DOCUMENT = """\
import docx

document = docx.Document({name!r})
words = [paragraph.text for paragraph in document.paragraphs if paragraph.text.strip()]
words += [" | ".join(cell.text for cell in row.cells) for table in document.tables
          for row in table.rows]
print(f"{{len(document.paragraphs)}} paragraphs, {{len(document.tables)}} tables")
print("\\n".join(words)[:2000])
"""
# What these files are without a library: XML in an archive.
_ARCHIVE = """\
import re
import zipfile

with zipfile.ZipFile({name!r}) as archive:
    for member in sorted(archive.namelist()):
        if re.fullmatch(r"content.xml|word/document.xml|(ppt/slides/slide|xl/worksheets/sheet)"
                        r"\\d+.xml|xl/sharedStrings.xml", member):
            words = re.sub(r"<[^>]+>", " ", archive.read(member).decode("utf-8"))
            print(f"{{member}}: {{' '.join(words.split())[:500]}}")
"""


def script(prompt: str, conversation: Conversation) -> Script | None:
    """Answers prompts that speak of the last attachment, when that is an Office file."""
    return anyhow(prompt, conversation) if _TOPIC.search(prompt) else None


def anyhow(prompt: str, conversation: Conversation) -> Script | None:
    """As `script`, whatever the prompt says."""
    last = conversation.attachments[-1] if conversation.attachments else None
    if last is None or last.name.rpartition(".")[2] not in _ENDINGS:
        return None
    return _answer(last)


def _answer(file: Attachment) -> Script:
    shown = f" ({file.display_name})" if file.display_name else ""
    yield Think("**Looking at the file**\n\nA library of the sandbox reads it.\n")
    yield Say(f"I read the attached file `{file.name}`{shown}.\n\n")
    ending = file.name.rpartition(".")[2]
    first = {"xlsx": _WORKBOOK, "docx": _DOCUMENT, "dotx": _DOCUMENT}.get(ending)
    codes = [code.format(name=file.name) for code in (first, _ARCHIVE) if code is not None]
    result = yield from attempts(*codes)
    if result.outcome != "OUTCOME_OK":
        yield Say("It could not be read here; the output above says why.")
        return
    sheets = re.findall(r"^sheet (.*?): (\d+) rows", result.stdout, re.M)
    if sheets:
        told = ", ".join(f"**{name}** ({count} rows)" for name, count in sheets)
        word = "sheet" if len(sheets) == 1 else "sheets"
        yield Say(f"The workbook has {len(sheets)} {word}: {told}. The output above has the rest.")
    else:
        yield Say("The output above has what it says.")
