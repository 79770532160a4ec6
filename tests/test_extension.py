"""Loading is light and leaves a way back; a name that is taken is told."""

from __future__ import annotations

from pathlib import Path

from .kernel import FreshKernel, Kernel

HEAVY = ("google.genai", "ipywidgets", "nbformat", "nbconvert", "pydantic", "httpx2", "tornado")
LATER = ("gemini_magic.catalog", "gemini_magic.here", "gemini_magic.text", "gemini_magic.turn")

STATE = """
def state():
    shell = get_ipython()
    manager = shell.magics_manager
    return {
        "magics": {kind: sorted(names) for kind, names in manager.magics.items()},
        "registry": sorted(manager.registry),
        "configurables": [id(one) for one in shell.configurables],
        "transforms": [id(one) for one in shell.input_transformers_cleanup],
        "matchers": [id(one) for one in shell.Completer.custom_matchers],
        "events": {name: [id(f) for f in fs] for name, fs in shell.events.callbacks.items()},
        "targets": sorted(shell.kernel.comm_manager.targets),
        "comms": sorted(shell.kernel.comm_manager.comms),
        "attributes": sorted(vars(shell)),
    }
"""


def test_loading_imports_nothing_heavy(tmp_path: Path, start_kernel: type[Kernel]):
    with start_kernel(tmp_path, load=False) as kernel:
        ran = kernel.run(
            "import sys; before = set(sys.modules)\n"
            "get_ipython().run_line_magic('load_ext', 'gemini_magic')\n"
            f"print([n for n in {HEAVY + LATER!r} if n in set(sys.modules) - before])"
        )
        assert ran.ok, ran.error
        assert ran.stdout == "[]\n"


def test_unloading_leaves_no_trace(tmp_path: Path, start_kernel: type[Kernel]):
    with start_kernel(tmp_path, load=False) as kernel:
        kernel.run("%unload_ext nothing")  # IPython loads its own extension magics on first use
        kernel.run(STATE + "before = state()")
        assert kernel.run("%load_ext gemini_magic").ok
        assert kernel.value("before == state()") is False
        kernel.run("%gemini")
        assert kernel.run("%unload_ext gemini_magic").ok
        difference = kernel.value(
            "{k: (before[k], state()[k]) for k in before if before[k] != state()[k]}"
        )
        assert difference == {}
        assert "gemini" in str(kernel.run("%gemini").stream("stderr"))
        assert kernel.run("%load_ext gemini_magic").ok
        assert "backend" in kernel.run("%gemini").stdout


def test_a_magic_of_the_same_name_is_refused_by_name(tmp_path: Path, start_kernel: type[Kernel]):
    with start_kernel(tmp_path, load=False) as kernel:
        kernel.run(
            "def other(line, cell=None): return 'theirs'\n"
            "get_ipython().register_magic_function(other, 'line_cell', 'gemini')"
        )
        ran = kernel.run("%load_ext gemini_magic")
        assert ran.error["ename"] == "OptionError"
        assert "registered already, by __main__" in "\n".join(ran.error["traceback"])
        assert kernel.run("%gemini").ok, "theirs is untouched"
        kernel.run("get_ipython().config.GeminiMagics.magic_name = 'gem'")
        assert kernel.run("%load_ext gemini_magic").ok
        assert "backend" in kernel.run("%gem").stdout


def test_a_setting_that_cannot_be_used_is_told_and_can_be_mended(
    tmp_path: Path, fresh_kernel: FreshKernel
):
    with fresh_kernel(tmp_path, load=False) as kernel:
        kernel.run("get_ipython().config.GeminiMagics.timeout = -1")
        ran = kernel.run("%load_ext gemini_magic")
        assert ran.error["ename"] == "OptionError"
        assert len(ran.error["traceback"]) == 2
        kernel.run("del get_ipython().config['GeminiMagics']")
        assert kernel.run("%load_ext gemini_magic").ok


def test_the_name_cannot_be_changed_once_it_is_in_use(tmp_path: Path, fresh_kernel: FreshKernel):
    with fresh_kernel(tmp_path) as kernel:
        kernel.run("%config GeminiMagics.magic_name = 'gem'")
        assert kernel.run("%unload_ext gemini_magic").ok
        assert kernel.value("'gemini' in get_ipython().magics_manager.magics['cell']") is False


def test_loading_where_nobody_watches_opens_no_comm(tmp_path: Path, fresh_kernel: FreshKernel):
    with fresh_kernel(tmp_path, load=False) as kernel:
        quiet = kernel.run("%load_ext gemini_magic", watched=False)
        assert not [m for m in quiet.messages if m["msg_type"] == "comm_open"]


def test_without_a_backend_the_error_names_three_ways_on(tmp_path: Path, fresh_kernel: FreshKernel):
    with fresh_kernel(tmp_path) as kernel:
        ran = kernel.run("%%gemini\nhi")
        assert ran.error["ename"] == "NoBackend"
        lines = "\n".join(ran.error["traceback"])
        assert len(ran.error["traceback"]) == 2
        for way in ("GEMINI_API_KEY", "GOOGLE_GENAI_USE_VERTEXAI", "%gemini backend emulator"):
            assert way in lines


def test_a_preview_needs_no_backend_since_it_sends_nothing(
    tmp_path: Path, fresh_kernel: FreshKernel
):
    with fresh_kernel(tmp_path) as kernel:
        ran = kernel.run("%%gemini --preview\nhi")
        assert ran.ok, ran.error
        said = ran.stdout
        assert said.startswith("No backend is configured; this is what the Developer API would")
        assert '"text": "hi"' in said and "nothing was sent" in said and "no-key" not in said
        assert kernel.run("%%gemini\nhi").error["ename"] == "NoBackend", "asking still does"


def test_the_sdk_is_imported_after_the_loading_cell_in_the_background(
    tmp_path: Path, start_kernel: type[Kernel]
):
    with start_kernel(tmp_path, GEMINI_API_KEY="test-key-1234567890") as kernel:
        assert kernel.value(
            "__import__('time').sleep(0.01) or any("
            "__import__('time').sleep(0.05) or 'google.genai.types' in __import__('sys').modules"
            " for _ in range(400))"
        )
        assert not kernel.run("1").stream("stderr")


OTHER_NAME = (
    "%gem what",
    "%gem undo now",
    "%gem load",
    "%gem show",
    "%gem config zzz",
    "%gem conversation --fresh",
    "%gem insert 1 2",
    "%gem error",
    "%gem restore no-such.ipynb",
    "%gem load no-such.json",
    "%%gem --modl x\nhi",
    "%%gem\n ",
    "%%gem\nhi",
    "from gemini_magic import ask\nask('hi')",
    "%gem",
    "%gem help",
    "%gem reset",
    "%gem doctor",
    "%%gem --help\nhi",
    "%%gem?",
    "%gem?",
)


def test_a_magic_of_another_name_speaks_of_itself_by_that_name(
    tmp_path: Path, fresh_kernel: FreshKernel
):
    with fresh_kernel(tmp_path, load=False) as kernel:
        assert kernel.run("get_ipython().config.GeminiMagics.magic_name = 'gem'").ok
        assert kernel.run("%load_ext gemini_magic").ok
        heard = ""
        for source in OTHER_NAME:
            ran = kernel.run(source)
            said = [message["content"] for message in ran.messages[1:]] + [ran.reply]
            said = [one for one in said if "code" not in one]
            heard += str(said)
            assert "%gemini" not in str(said), source
        for own in ("%gem ask", "%gem save PATH", "%gem config", "%%gem --help", "%gem backend"):
            assert own in heard, own
        # What the user wrote is the user's.
        assert kernel.run("%gem config system=use %gemini").stdout.startswith(
            "system = 'use %gemini'  (%gem)"
        )
        assert kernel.run("%unload_ext gemini_magic").ok
        assert "not found" in kernel.run("%gem").stream("stderr")


def test_a_backend_misspelt_in_the_environment_is_told_by_the_variable(
    tmp_path: Path, fresh_kernel: FreshKernel
):
    with fresh_kernel(tmp_path, GEMINI_MAGIC_BACKEND="emulater") as kernel:
        ran = kernel.run("%%gemini\nhi")
        assert (ran.error["ename"], ran.error["evalue"]) == (
            "OptionError",
            "GEMINI_MAGIC_BACKEND is 'emulater', which is no backend.\nDid you mean emulator?",
        )
        assert "none: GEMINI_MAGIC_BACKEND is" in kernel.run("%gemini").stdout


def test_an_empty_prompt_from_python_is_told_in_terms_of_python(
    tmp_path: Path, fresh_kernel: FreshKernel
):
    with fresh_kernel(tmp_path) as kernel:
        ran = kernel.run("from gemini_magic import ask\nask(' ')")
        assert ran.error["ename"] == "PromptError"
        assert ran.error["evalue"].endswith('Pass some: ask("What is ...?").')
