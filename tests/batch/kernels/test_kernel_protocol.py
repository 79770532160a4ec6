"""The forked kernel speaks Jupyter's protocol as `jupyter_kernel_test` wants it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

jupyter_kernel_test = pytest.importorskip("jupyter_kernel_test")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks on Linux alone")
SPEC = {
    "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
    "display_name": "Forked",
    "language": "python",
    "metadata": {"kernel_provisioner": {"provisioner_name": "gemini-fork"}},
}


@pytest.fixture(scope="class", autouse=True)
def kernelspec(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("jupyter")
    path = folder / "kernels" / "forked" / "kernel.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(SPEC))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "JUPYTER_PATH", os.pathsep.join([str(folder), os.environ.get("JUPYTER_PATH", "")])
        )
        yield Path(folder)


class TestForkedKernel(jupyter_kernel_test.KernelTests):  # type: ignore[misc, name-defined]
    kernel_name = "forked"
    language_name = "python"
    file_extension = ".py"
    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples = ({"text": "zi", "matches": {"zip"}},)
    complete_code_samples = ("1", "print('hello, world')", "def f(x):\n  return x*2\n\n")
    incomplete_code_samples = ("print('''hello", "def f(x):\n  x*2")
    invalid_code_samples = ("import = 7q",)
    code_page_something = "zip?"
    code_generate_error = "raise ValueError"
    code_execute_result = ({"code": "6*7", "result": "42"},)
    code_display_data = (
        {
            "code": "from IPython.display import HTML, display; display(HTML('x'))",
            "mime": "text/html",
        },
    )
    code_history_pattern = "1?2*"
    # Not "search": with IPython 9.18 it finds nothing in an ordinary kernel either.
    supported_history_operations = ("tail",)
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output; clear_output()"
