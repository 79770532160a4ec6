"""Remembers which fields services have refused, so that they are asked without them from then on.

Of the process, like its environment: a script's calls of ``ask()`` each have a session of their
own, and none is to be refused for what another has learnt. A 400 is not billed.
"""

from __future__ import annotations

import threading
from typing import Literal, TypeAlias

Field: TypeAlias = Literal["store", "thoughts"]


class Learned:
    """Fields that services refused, by who was asked (`Backend.issuer`). Any thread may call.

    ``model``: where another model of the same service may well take the field.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._refused: set[tuple[str, str, Field]] = set()

    def refused(self, issuer: str, field: Field, model: str = "") -> bool:
        """Whether ``field`` is to be left out."""
        with self._lock:
            return (issuer, model, field) in self._refused

    def learn(self, issuer: str, field: Field, model: str = "") -> bool:
        """Leave ``field`` out from now on; False when that was known."""
        with self._lock:
            known = (issuer, model, field)
            news = known not in self._refused
            self._refused.add(known)
            return news

    def forget(self) -> None:
        """Forget all of it."""
        with self._lock:
            self._refused.clear()


LEARNED = Learned()
