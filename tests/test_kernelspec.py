"""The kernel "Python 3 (Gemini)" loads the extension by itself."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from .kernel import Kernel, Ran

KERNELS = Path(__file__).parents[1] / "jupyter-config" / "kernels"


class GeminiKernel(Kernel):
    """Started from our kernelspec, loading nothing itself."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, load=False)

    def make_manager(self) -> KernelManager:
        specs = KernelSpecManager(kernel_dirs=[str(KERNELS)], ensure_native_kernel=False)
        return KernelManager(kernel_name="gemini", kernel_spec_manager=specs)


def test_the_kernel_has_the_magic_when_it_starts(tmp_path: Path):
    with GeminiKernel(tmp_path) as kernel:
        ran: Ran = kernel.run("%gemini")
        assert ran.ok
        assert "gemini-3.8-flash" in ran.stdout
        assert kernel.manager.kernel_spec is not None
        assert kernel.manager.kernel_spec.display_name == "Python 3 (Gemini)"


def test_its_logo_is_a_picture_and_nothing_else():
    root = ElementTree.parse(KERNELS / "gemini" / "logo-svg.svg").getroot()
    assert {node.tag.rpartition("}")[2] for node in root.iter()} == {"svg", "title", "path"}
