"""What is said of an Office file that the model does not take, of this prompt or an earlier one."""

from __future__ import annotations

import pytest

from gemini_magic import catalog
from gemini_magic.attach.taken import refuse_files
from gemini_magic.errors import OptionError

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ASKED = {
    "role": "user",
    "parts": [
        {"inlineData": {"mimeType": SHEET, "data": "", "displayName": "report.xlsx"}},
        {"text": "Summarise."},
    ],
}
LATER = {"role": "user", "parts": [{"text": "And now?"}]}
OLDER, NEWER = catalog.of("gemini-3.8-flash"), catalog.of("gemini-4-hydrogen")


def test_a_file_of_this_prompt_can_be_read_here_or_sent_to_another_model():
    with pytest.raises(OptionError, match=r"^report\.xlsx is an Office file") as refused:
        refuse_files(OLDER, [ASKED])
    assert "pandas.read_excel('report.xlsx')" in refused.value.hint
    assert "gemini-4-hydrogen" in refused.value.hint


def test_a_file_of_an_earlier_exchange_can_be_left_behind():
    answer = {"role": "model", "parts": [{"text": "Two sheets."}]}
    with pytest.raises(OptionError, match="of an earlier exchange is an Office file") as refused:
        refuse_files(OLDER, [ASKED, answer, LATER])
    assert "stateless" in refused.value.hint
    assert "conversation=" in refused.value.hint
    assert "read_excel" not in refused.value.hint


def test_a_model_that_takes_it_and_one_that_nobody_knows_are_asked():
    refuse_files(NEWER, [ASKED, LATER])
    refuse_files(catalog.of("a-model-of-a-gateway"), [ASKED, LATER])
