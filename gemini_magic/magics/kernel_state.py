"""Keeps what one kernel has beside its `Session`: shell, front end, cells, their answers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gemini_magic.errors import GeminiError
from gemini_magic.magics.executions import Executions
from gemini_magic.magics.situation import Situation, request, situation
from gemini_magic.session import forking

if TYPE_CHECKING:
    from gemini_magic.frontend.link import FrontEnd
    from gemini_magic.here.recorder import Recorder
    from gemini_magic.here.seal import Seal
    from gemini_magic.magics.front_ends import FrontEndKind
    from gemini_magic.magics.printed import Printed
    from gemini_magic.magics.traits import GeminiTraits
    from gemini_magic.session.options import AskOptions, Place
    from gemini_magic.session.session import Session
    from gemini_magic.turn.turn import Turn


class KernelState:
    """What is IPython's and the notebook's, for the commands; one for each shell.

    ``handed_over``: by the cell that asked, the turn whose code a front end without our extension
    was given last, and that code. ``ran_here``: hashes of sources that ``%gemini run`` has run.
    ``told_of_verify``: that verify is no security boundary was said. ``running``: code of the model
    runs inside of a cell now. ``closed``: the extension is being unloaded; verifications under way
    end. ``failure``: the last exception of a cell that is not ours, and the cell's source.
    ``bound``: the ids of the turns that variables were given by ``--output``. ``recorder``: the
    cells that ran, for ``--context``. ``seal``: puts back what runs of an answer's code change.

    `_lock` guards what calls of cells change, the counts of executions and `_answers`: ``ask()``
    may be called in threads. The rest belongs to the main thread.
    """

    def __init__(self, traits: GeminiTraits) -> None:
        self.traits = traits
        self.shell: Any = traits.shell
        self.front_end: FrontEnd | None = None
        self.handed_over: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.ran_here: set[str] = set()
        self.told_of_verify = False
        self.running = False
        self.closed = threading.Event()
        self.failure: tuple[BaseException, str] | None = None
        self.recorder: Recorder | None = None
        self.new_recorder: Callable[[], Recorder] | None = None
        self.seal: Seal | None = None
        self.bound: dict[str, str] = {}
        self._lock = threading.Lock()
        self._executions = Executions()
        self._printed: Printed | None = None
        self._answers: dict[str, tuple[str | None, list[str]]] = {}
        forking.watch(self)

    @property
    def name(self) -> str:
        """The magic's name."""
        name: str = self.traits.magic_name
        return name

    def named(self, text: str) -> str:
        """``text`` of ours with the magic under its name."""
        from gemini_magic.magics.hints import magic_words

        return magic_words(self.name).named(text)

    @property
    def recording(self) -> Recorder | None:
        """The recorder of cells, which begins with the first that needs it; None without cells."""
        if self.recorder is None and self.new_recorder is not None:
            self.recorder = self.new_recorder()
        return self.recorder

    @property
    def situation(self) -> Situation:
        """The situation of the code that calls; of no cell where it has outlived its cell.

        IPython knows one request, the last one: for a thread that was started by an earlier cell,
        it is somebody else's.
        """
        now = situation(self.shell)
        execution = self._executions.current(now)
        if execution is None or execution.ended:
            return now._replace(cell=None)
        return now._replace(
            cell=execution.cell,
            execution=execution.id,
            page=execution.page,
            watched=now.watched or execution.page is not None,
        )

    @property
    def asking(self) -> Situation:
        """The situation of code that asks: where no request names the cell, a page is asked for it.

        Servers that execute send cells under a session of their own, and without their ids. Waits
        for the page, a few milliseconds and five seconds at most; once in an execution. In a kernel
        of such a server the page may still be on its way when the first cells run.
        """
        now, front_end = self.situation, self.front_end
        execution = self._executions.current(now)
        if now.cell or now.terminal or front_end is None or execution is None:
            return now
        if execution.ended or execution.located or now.callback:
            return now
        if front_end.watching(now.session):
            return now  # the page itself has sent it, and would have named a cell
        execution.located = True
        source = (request(self.shell).get("content") or {}).get("code")
        served = "JPY_SESSION_NAME" in os.environ and self.subshells
        found = front_end.locate(str(source), greeting=served) if source else None
        if found is None:
            return now
        execution.cell, execution.page = found
        return self.situation

    def watching(self, now: Situation) -> FrontEnd | None:
        """The front end with our extension that watches the executing cell, None without one."""
        front_end = self.front_end
        if front_end is None or now.callback:
            return None
        return front_end if now.page or front_end.watching(now.session) else None

    def front_end_kind(self, now: Situation) -> FrontEndKind:
        """How answers are shown to who watches."""
        from gemini_magic.magics.front_ends import captured, front_end_kind

        page = self.watching(now) is not None
        return front_end_kind(now, page=page, captured=captured(now.execution))

    def alone(self, now: Situation) -> bool:
        """Whether the cell that is executing is one question, and so shows its answer alone."""
        execution = self._executions.current(now)
        cells = [] if execution is None else execution.cells
        return len(cells) == 1 and cells[0].typed.lstrip().startswith(f"%%{self.name}")

    @contextmanager
    def noting_what_is_printed(self) -> Iterator[None]:
        """Note it where the end of the answer may clear the cell: `print_again` prints it then."""
        now = self.situation
        # A cell of no name may be one that a server executes for a page of ours.
        unnamed = now.cell is None and self.front_end is not None and not now.terminal
        if not (now.front_end == "VS Code" or unnamed) or not self.alone(now):
            yield
            return
        from gemini_magic.magics.printed import printed

        with printed() as self._printed:
            try:
                yield
            finally:
                self._printed = None

    def print_again(self) -> None:
        """Print what the executing cell has printed beside its answer, which was cleared."""
        if self._printed is not None:
            self._printed.again()

    @property
    def subshells(self) -> bool:
        """Whether messages reach the kernel while a cell runs."""
        info = getattr(getattr(self.shell, "kernel", None), "kernel_info", None) or {}
        return "kernel subshells" in info.get("supported_features", ())

    @property
    def hidden(self) -> Any:
        """Names that IPython itself has put among the user's variables."""
        return self.shell.user_ns_hidden if self.shell is not None else {}

    def locks(self) -> list[forking.Lock]:
        """What a fork waits for: nothing here is imported, and nothing takes long."""
        return []

    def forked(self) -> None:
        """In a forked process: no front end listens to it."""
        self._lock = threading.Lock()
        self._executions.forked()
        self.front_end = None

    # -- cells and their calls -------------------------------------------------------------------

    def loaded(self) -> None:
        """The extension was loaded, by the cell that is executing if there is one."""
        self._executions.loaded(situation(self.shell))

    def began(self, info: Any) -> None:
        """``pre_run_cell``: a cell begins to run, perhaps inside of another."""
        self._executions.began(info, situation(self.shell))

    def body(self, cell: str) -> str:
        """The prompt as it was typed: without the newline that IPython adds to a cell."""
        if cell.endswith("\n"):
            source = self._executions.source(situation(self.shell))
            return cell if source.endswith("\n") else cell[:-1]
        return cell

    def place(
        self, session: Session, now: Situation, options: AskOptions, *, count: bool = True
    ) -> Place:
        """The cell that asks, and which call of its execution to its conversation this is.

        ``count``: the call will be made (a preview makes none). Stateless calls have no place, and
        calls of code that has outlived its cell are of no cell.
        """
        from gemini_magic.session.options import Place

        execution = self._executions.current(now)
        if now.cell is None or options.stateless or execution is None:
            return Place(now.cell)
        key = options.conversation or session.engine.conversations.current
        with self._lock:
            call = execution.calls.get(key, 0)
            if count:
                execution.calls[key] = call + 1
        return Place(now.cell, call)

    def ended(self, session: Session, result: Any) -> bool:
        """``post_run_cell``: whether an execution has ended with it, and not a cell inside of one.

        Forget then what an earlier run of the cell asked beyond this one. A cell that failed
        half-way may have asked less than it means to: nothing is forgotten. Its exception is noted.
        """
        execution = self._executions.ended(result, situation(self.shell))
        if result is None:
            return execution is not None
        if execution is not None and execution.cell and not session.idle and result.success:
            conversations = session.engine.conversations
            for conversation, calls in list(execution.calls.items()):
                if conversation in conversations:
                    conversations.get(conversation).settle(execution.cell, calls)
        error = result.error_before_exec or result.error_in_exec
        # Ours say themselves what to do; asking about the cell again after one is still possible.
        if error is not None and not isinstance(error, GeminiError | KeyboardInterrupt):
            self.failure = (error, result.info.raw_cell or "")
        return execution is not None

    def answered(self, now: Situation, turn: str) -> None:
        """Note that the executing cell has this answer; those of its earlier execution go."""
        if now.cell is None:
            return
        with self._lock:
            execution, turns = self._answers.get(now.cell, (None, []))
            if execution != now.execution:
                turns = []
            self._answers[now.cell] = (now.execution, [*turns, turn])

    def answers(self, cell: str) -> list[str]:
        """The turns that are answers of ``cell`` now, in the order asked, as far as is known."""
        return list(self._answers.get(cell, (None, []))[1])

    def bind(self, namespace: MutableMapping[str, Any], name: str, turn: Turn | None) -> None:
        """Give ``turn`` to the variable that ``--output`` names."""
        namespace[name] = turn
        if turn is not None:
            self.bound[name] = turn.id

    def rebind(self, namespace: MutableMapping[str, Any], turn: Turn) -> None:
        """Give a later state of a turn to the variables that still hold it by ``--output``."""
        for name, known in self.bound.items():
            held = namespace.get(name)
            if known == turn.id and type(held) is type(turn) and held.id == turn.id:
                namespace[name] = turn

    def run_code(self, source: str) -> BaseException | None:
        """Run ``source`` as a cell would be; shows its outputs and its traceback, and returns it.

        IPython's events of a cell are ours as well: they are not to take this for one. The empty
        line behind it keeps IPython from taking a single line for a magic that it has.
        """
        self.running = True
        try:
            result = self.shell.run_cell(f"{source}\n\n", store_history=False)
        finally:
            self.running = False
        failure: BaseException | None = result.error_before_exec or result.error_in_exec
        return failure
