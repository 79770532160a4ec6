"""Plain nbclient over many notebooks: what the runner is measured against.

Run as ``python plain.py JOBS NOTEBOOK...``; each result is written over its input.
"""

from __future__ import annotations

import asyncio
import sys

import nbformat
from nbclient import NotebookClient


async def main(jobs: int, paths: list[str]) -> None:
    places = asyncio.Semaphore(jobs)

    async def one(path: str) -> None:
        async with places:
            notebook = nbformat.read(path, as_version=4)
            await NotebookClient(notebook, kernel_name="python3").async_execute()
            nbformat.write(notebook, path)

    await asyncio.gather(*map(one, paths))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
