"""Asks for the user's word by buttons in a page, while the main thread waits for it.

The question goes to every page of the kernel with a token of its own; the word comes back on a
subshell, with that token and the hash of the code that the page has shown. The first word wins, and
what belongs to no standing question does nothing. Of a token only the hash is kept: nothing that
can be reached from the user's variables could give the word. A page that is reloaded meanwhile is
asked anew, with another token.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gemini_magic.here.consent import Choice, Word, heading, said
from gemini_magic.render.highlight import tokens

if TYPE_CHECKING:
    from gemini_magic.frontend.messages import Asking, Push

SHOWING = 3.0  # seconds that a page has for saying that it shows the question
BEAT = 0.2  # seconds: Windows lets nothing interrupt a longer wait
CHOICES = {"run": Choice.RUN, "all": Choice.ALL, "skip": Choice.SKIP, "stop": Choice.STOP}


class Questions:
    """The question of a kernel that stands now, if one does.

    ``push`` takes a message for every page. `ask` belongs to the thread that runs the code; all
    else may be called from any thread.
    """

    def __init__(self, push: Callable[[Push], None]) -> None:
        self._push = push
        self._lock = threading.Lock()
        self._standing: _Question | None = None

    def ask(self, code: str, number: int, turn: str, *, surely: bool = False) -> Word | None:
        """Wait for the user's word on the ``number``-th code of the answer ``turn``.

        None when no page says that it shows the question, and nothing can come of it any more;
        ``surely``: wait for one. KeyboardInterrupt ends the question, too.
        """
        question = _Question(code, number, turn)
        with self._lock:
            self._standing = question
        word: Word | None = None
        try:
            self._push(question.message())
            while not (surely or question.shown.is_set()):
                if question.shown.wait(BEAT):
                    break
                question.waited += BEAT
                if question.waited >= SHOWING:
                    return None
            while not question.settled.wait(BEAT):
                pass
            word = question.word
            return word
        finally:
            with self._lock:
                # A word that comes at this very moment comes too late: nothing runs by it.
                self._standing = None
            line = "" if word is None else said(word, number)
            self._push({"type": "settled", "id": question.id, "said": line})

    def standing(self) -> Asking | None:
        """The question for a page that has just come, None where none stands."""
        with self._lock:
            return None if self._standing is None else self._standing.message()

    def seen(self, asked: str) -> None:
        """A page shows the question with this id."""
        with self._lock:
            if self._standing is not None and self._standing.id == asked:
                self._standing.shown.set()

    def answer(self, data: Mapping[str, Any]) -> bool:
        """Take the word that a page has sent; False when it is not, or no longer, wanted."""
        choice, why = CHOICES.get(str(data.get("choice"))), data.get("why")
        with self._lock:
            question = self._standing
            if question is None or choice is None or not question.is_meant(data):
                return False
            reason = why if choice is Choice.SKIP and isinstance(why, str) else ""
            return question.settle(Word(choice, " ".join(reason.split())[:500]))

    def stop(self, turn: str | None = None) -> None:
        """Say stop to the question of this answer (None: to any), if one stands."""
        with self._lock:
            question = self._standing
            if question is not None and turn in (None, question.turn):
                question.settle(Word(Choice.STOP))


class _Question:
    def __init__(self, code: str, number: int, turn: str) -> None:
        self.id = secrets.token_hex(8)
        self.turn = turn
        self.waited = 0.0
        self.shown = threading.Event()
        self.settled = threading.Event()
        self.word: Word | None = None
        self._code, self._number = code, number
        self._digest = hashlib.sha256(code.encode()).hexdigest()
        self._tokens: list[bytes] = []  # their hashes, one for each time that it was sent

    def message(self) -> Asking:
        token = secrets.token_urlsafe(32)
        self._tokens.append(_hash(token))
        return {
            "type": "asking",
            "id": self.id,
            "token": token,
            "turn": self.turn,
            "heading": heading(self._code, self._number),
            "tokens": [[kind, text] for kind, text in tokens(self._code)],
        }

    def is_meant(self, data: Mapping[str, Any]) -> bool:
        """Whether the sender was asked this very question, and has shown this very code."""
        token, digest = _hash(str(data.get("token"))), str(data.get("code")).encode()
        known = [hmac.compare_digest(token, one) for one in self._tokens]
        return any(known) and hmac.compare_digest(digest, self._digest.encode())

    def settle(self, word: Word) -> bool:
        if self.settled.is_set():
            return False
        self.word = word
        self.settled.set()
        return True


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
