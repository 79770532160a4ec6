"""The conversations of a kernel: their names, forks, and which one is current."""

from __future__ import annotations

import pytest

from gemini_magic.errors import OptionError
from gemini_magic.session.conversation import Conversation
from gemini_magic.session.conversations import Conversations

from ..strategies import answered


def ask(conversation: Conversation, text: str) -> None:
    turn = answered(id=text, cell=None)
    user = {"role": "user", "parts": [{"text": text}]}
    conversation.put(conversation.place(None), turn, user)


def prompts(conversation: Conversation) -> list[str]:
    return [exchange.user["parts"][0]["text"] for exchange in conversation]


def test_a_fork_goes_on_by_itself():
    conversations = Conversations()
    ask(conversations.get(), "a")
    fork = conversations.fork("main", "idea")
    ask(fork, "b")
    assert prompts(conversations.get("main")) == ["a"]
    assert prompts(conversations.get("idea")) == ["a", "b"]
    with pytest.raises(OptionError):
        conversations.fork("main", "idea")


@pytest.mark.parametrize("name", [" ", "\t", " idea", "idea\n"])
def test_no_way_of_naming_a_conversation_takes_a_name_that_a_file_would_change(name: str):
    conversations = Conversations()
    with pytest.raises(OptionError, match="without spaces around it"):
        conversations.get(name)
    with pytest.raises(OptionError, match="without spaces around it"):
        conversations.fork("main", name)
    assert [one.name for one in conversations] == ["main"]


def test_deleting_the_current_conversation_goes_back_to_main():
    conversations = Conversations()
    conversations.current = conversations.get("x").name
    conversations.delete("x")
    assert conversations.current == "main"
    with pytest.raises(OptionError, match="no conversation"):
        conversations.delete("x")


def test_adding_a_conversation_never_replaces_one_that_holds_something():
    conversations = Conversations()
    ask(conversations.get(), "a")
    added = conversations.add(Conversation("main"))
    assert added.name == "main-2"
    assert prompts(conversations.get("main")) == ["a"]
