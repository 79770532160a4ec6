"""The emulator of ``%gemini backend emulator`` has a key that only its kernel knows."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

from gemini_magic.emulator import Emulator

from ..kernel import Kernel

SECRET = "correct-horse-battery-staple"
PLACE = (
    "backend = get_ipython()._gemini_magic.magics.session.connect().backend\n"
    "open('place.json', 'w').write(__import__('json').dumps([backend.base_url, backend.api_key]))"
)


def place(kernel: Kernel) -> tuple[str, str]:
    ran = kernel.run(PLACE + "; None")
    assert ran.ok, ran.error
    url, key = json.loads((kernel.folder / "place.json").read_text())
    return url, key


def status(url: str, key: str) -> int:
    asked = urllib.request.Request(f"{url}/v1beta/models", headers={"x-goog-api-key": key})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_kernels_emulator_answers_its_kernel_alone(tmp_path: Path):
    log = tmp_path / "kernel.log"
    with (
        Emulator() as other,
        Kernel(tmp_path, log=log, GEMINI_API_KEY="the-users-real-key-1") as kernel,
    ):
        kernel.run("import logging; logging.basicConfig(level=logging.DEBUG)")
        cells = (
            "%gemini backend emulator",
            "%%gemini -o answer\nWhat is the sum of the first 50 prime numbers?",
            "%gemini",
            "%gemini doctor",
            "%gemini models",
            "%%gemini --preview\nhello",
            "repr(get_ipython()._gemini_magic.magics.session.connect())",
            "%config GeminiMagics.show_tracebacks = True",
            "%%gemini -m nothing\nhello",
        )
        ran = [kernel.run(cell) for cell in cells]
        assert ran[1].ok and "5117" in json.dumps(ran[1].turn)
        url, key = place(kernel)
        told = json.dumps([one.messages for one in ran], default=str)
        assert status(url, key) == 200
        assert status(url, "the-users-real-key-1") == status(url, other.key) == 400
        assert status(other.url, key) == 400
    assert key not in told and "the-users-real-key-1" not in told
    assert key not in log.read_text()
    (tmp_path / "place.json").unlink()
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in written if key.encode() in path.read_bytes()]


def test_its_key_can_be_set_and_one_that_is_too_short_is_told(tmp_path: Path):
    with Kernel(
        tmp_path, GEMINI_MAGIC_BACKEND="emulator", GEMINI_MAGIC_EMULATOR_KEY="short"
    ) as kernel:
        ran = kernel.run("%%gemini\nhello")
        assert ran.error["ename"] == "NoBackend"
        assert ran.error["traceback"] == [
            "NoBackend: GEMINI_MAGIC_EMULATOR_KEY has 5 characters, and takes at least 16.",
            'Make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"',
        ]
        kernel.run(f"import os; os.environ['GEMINI_MAGIC_EMULATOR_KEY'] = {SECRET!r}")
        assert place(kernel)[1] == SECRET
        assert kernel.run("%%gemini\nhello").ok
        raising = f"from gemini_magic.errors import GeminiError; raise GeminiError({SECRET!r})"
        ran = kernel.run(raising)
        assert ran.error["evalue"] == "[key]"
