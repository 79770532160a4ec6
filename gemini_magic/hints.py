"""Says what to do next: facts (`Hint`) that errors carry, in the words of a `Surface`.

Below the surfaces nothing knows whether a cell, a script or a shell asked. An error there carries
a fact, with its data (`Hint.THINKING_LEVELS(levels="low or medium")`), and the surface in force
says it: ``--thinking`` in a cell, ``thinking=`` in a script. Each fact has one sentence here, that
of ``ask()``, with places for the words in which surfaces differ; what another surface says in a
sentence of its own stands in `gemini_magic.magics.hints` and `gemini_magic.batch.hints`. A fact may
be given more data than a surface says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, unique
from typing import Any

_MAGIC = re.compile(r"(?<![\w%])(%%?)gemini\b")


@unique
class Hint(Enum):
    """Names what to do next; a call of one gives it data."""

    ADDRESS_REFUSED = (
        "Download it and attach the file itself: the service cannot read that address."
    )
    ALLOW_TOOL = "{Again}, or allow the tool it asked for (code execution is off with code=False)."
    ANSWER_MISFIT = (
        "{Again}, say in the prompt what the field means, or let the type allow it; the error's "
        ".turn has the text."
    )
    ASK_AGAIN = "{Again}; if it happens again, rephrase the prompt or try another model ({model})."
    ASK_AGAIN_KEPT = "{Again}; what had arrived is not sent with later prompts."
    ASK_AGAIN_OR_REPHRASE = "{Again}, or rephrase; the model tried a call it may not make."
    ASK_AGAIN_PROXY = "{Again}; if it happens again, a proxy on the way may alter the response."
    ASK_AGAIN_REPORT = "{Again}; if it happens again, it is worth a report."
    ASK_AGAIN_SOMETHING_BETWEEN = (
        "{Again}; if it happens again, something between here and Gemini answered."
    )
    ASK_LATER = "{Again} in a while; if it keeps failing, try another model ({model})."
    ATTACH_ADDRESS = (
        "Put it into a bucket and attach its address (attach='gs://BUCKET/NAME'), or send less of "
        "it."
    )
    ATTACH_AS_DICT = (
        "Install kaleido and a Chrome for it (pip install kaleido; plotly_get_chrome), or attach "
        "its data: attach={name}.to_dict()."
    )
    ATTACH_COLLECTED = "Write attach={name}.collect()."
    ATTACH_EACH = (
        "Attach values of other kinds (DataFrame, figure, ...) one by one, each an item of "
        "attach=[...]."
    )
    ATTACH_EACH_ADDRESS = "Write each address as an item of attach=[...]."
    ATTACH_FILE_OR_TEXT = (
        "For the file: attach=pathlib.Path({text!r}); for the text itself: attach={name}.encode()."
    )
    ATTACH_FILE_OR_VALUE = "For the file: attach='./{word}'; for the value: attach={word}."
    ATTACH_LESS = (
        "Two ways on: send less ({smaller}); or put it into a bucket and attach its address: "
        "attach='gs://BUCKET/NAME' (Vertex)."
    )
    ATTACH_OFFICE = "{read}, or ask a model of Gemini 4 (model='{newer}')."
    ATTACH_PATTERN = "Attach its files by a pattern: attach='{path}/*.csv'."
    ATTACH_ROWS = "Drop or convert it{others}, or attach rows as JSON: attach={name}.to_dicts()."
    BILLING = (
        "Set up billing for the project of the key or account at {page}, wait a minute and {again}."
    )
    BUCKET_REFUSED = (
        "Give the account the role Storage Object Viewer on that bucket, or attach the bytes "
        "themselves."
    )
    CHANGE_REQUEST = "Change the prompt, the attachments or the options."
    CHECK_ADDRESS = (
        "Check the base URL (GOOGLE_GEMINI_BASE_URL, GOOGLE_VERTEX_BASE_URL) and its port; if it "
        "is the emulator, start it again (jupyter gemini emulator)."
    )
    CHECK_KEY = "Check {name}: copy the key again, or make a new one at {page}."
    CHECK_KEY_OF_TWO = (
        "Check the key or get one at {page}; GOOGLE_API_KEY is used before GEMINI_API_KEY when "
        "both are set."
    )
    CHECK_SETUP = (
        "Something it is made from is not as expected: the credentials file, the proxy or the "
        "certificates of the environment. `jupyter gemini doctor` looks at them."
    )
    CHOOSE_BACKEND = (
        "Set GEMINI_API_KEY ({key_page}), or GOOGLE_GENAI_USE_VERTEXAI=true with "
        "GOOGLE_CLOUD_PROJECT, or try without either: GEMINI_MAGIC_BACKEND=emulator in the "
        "environment."
    )
    CHOOSE_MODEL = (
        "Choose another model ({model}), or another api_version; Google lists the models at "
        "https://ai.google.dev/gemini-api/docs/models."
    )
    CHOOSE_MODEL_OR_REGION = (
        "Choose another model ({model}), or a region that has it: GOOGLE_CLOUD_LOCATION (global "
        "has most)."
    )
    CHOOSE_THINKING_MODEL = "Leave thinking out, or choose a model that thinks."
    CLOSE_FOLDER = (
        "Look at it, then close the folder to others (chmod o-w {folder} and the files in it), or "
        "delete the file."
    )
    CLOUD_CREDENTIALS = (
        "Vertex takes Google Cloud credentials: run `gcloud auth application-default login`, or "
        "choose the Gemini API with a key ({developer})."
    )
    CONTINUE = "Ask for less at once, or ask for the rest in a new prompt."
    CONTINUE_AGAIN = "What had come before it is kept."
    CREDITS_GONE = (
        "Waiting does not help: buy credits for the project at {page}, or use a key of another "
        "project."
    )
    ENABLE_API = "Switch the API on for the project{where}, wait a minute and {again}."
    FILE_REFUSED = (
        "Attach it anew: an uploaded file lives 48 hours and belongs to the project of the key "
        "that sent it."
    )
    FRESH = "Delete that file: the next call asks the model and writes it anew."
    IGNORED_OPTIONS = "{served} ignores {options}: an answer is the same without."
    KEPT_IN_HISTORY = "It is not sent with later prompts. {Again} for a whole answer."
    KEY_NOT_FOR_VERTEX = (
        "Vertex does not take what {name} holds: make a key for it at {page}, or use it with the "
        "Gemini API ({developer})."
    )
    KEY_OF_OTHER = (
        "The Gemini API does not take what {name} holds: make a key for it at {page}, or choose "
        "Vertex if it is one for that (GOOGLE_GENAI_USE_VERTEXAI=true)."
    )
    KEY_RESTRICTED = (
        "The key may not do this: check its restrictions (APIs, addresses, referrers) at {page}."
    )
    KEY_UNUSED = (
        "{key} is set, and not used because of {way}: unset {way} to ask Vertex with the key, or "
        "run `gcloud auth application-default login`."
    )
    LEAVE_OUT_ONE = (
        "They do not go together here: leave out {options}, all but one, or choose another model "
        "({model})."
    )
    LEAVE_OUT_OR_DEVELOPER = "Leave out {options}, or use the Developer API ({developer})."
    LEAVE_OUT_OR_MODEL = "Leave out {options}, or choose another model ({model})."
    LEAVE_OUT_OR_NEWER = "Leave out {options}, or use a model of Gemini 3 or later ({model})."
    LEAVE_OUT_TOOL = "Change or leave out the function in tools=[...]."
    LIST_CONVERSATIONS = "Name a conversation that exists."
    LOG_IN = "Run `gcloud auth application-default login`, or use a key ({developer})."
    LOGIN_FILE = (
        "{name} is set, and the file it names is used before any login: correct it, or unset "
        "{name} and run `gcloud auth application-default login`."
    )
    NAME_FUNCTION = "Give a function in tools=[...]."
    NEW_KEY = (
        "Make a new key at {page}, put it into {name} and delete the old one there: this one stays "
        "refused."
    )
    OFFICE_IN_HISTORY = (
        "Ask a model of Gemini 4 (model='{newer}'), or go on in a conversation of another name "
        "(conversation='NAME') or without history (stateless=True)."
    )
    PROJECT_SUSPENDED = (
        "Use a key of another project (made at {page}), or ask Google's support about this one."
    )
    QUOTA = "{Again}, or use another model or key.{over}"
    QUOTA_DAY = (
        "It begins anew at {when}; until then choose another model ({model}), or raise it with "
        "billing: {page}.{over}"
    )
    QUOTA_LONG = (
        "Waiting here does not help: choose another model ({model}), or raise it with billing: "
        "{page}.{over}"
    )
    QUOTA_NEVER = (
        "Waiting does not help: choose another model ({model}), or set up billing for the project "
        "of the key: {page}.{over}"
    )
    QUOTA_NEVER_VERTEX = (
        "Waiting does not help: choose another model ({model}), another GOOGLE_CLOUD_LOCATION "
        "(global), or ask for quota at {page}.{over}"
    )
    QUOTA_WAIT = "{wait} and {again}, or use another model or key.{over}"
    RAISE_MAX_TOKENS = "max_tokens=... raises it."
    RAISE_TIMEOUT = (
        "The call may have been billed. {Again}, or allow more time with timeout=SECONDS."
    )
    REFUSED_HISTORY = (
        "That is about the history{where}, not about this prompt: go on in a conversation of "
        "another name (conversation='NAME'), or without history (stateless=True)."
    )
    REGION = "Set GOOGLE_CLOUD_LOCATION to another region (global is one), or ask from elsewhere."
    REPHRASE = "Rephrase the prompt. The exchange is not sent with later prompts."
    ROLE = (
        "Give the account the role Vertex AI User in this project, and check GOOGLE_CLOUD_PROJECT "
        "and the model's name."
    )
    SAVE_WRITES = "Check the path of the conversation file."
    SAVE_WRITES_JSON = "Name a saved conversation; this one is not JSON."
    SEND_LESS = "Send less: a smaller attachment, or a fresh conversation."
    SET_KEY = "Set GEMINI_API_KEY, or choose another backend (GEMINI_MAGIC_BACKEND)."
    SPENDING_CAP = (
        "Waiting does not help before the next month: raise the cap of the project at {page}, or "
        "use a key of another project."
    )
    STORED_MISFIT = (
        "It was stored when the type allowed it: delete its file from the answer store, or let the "
        "type allow it."
    )
    STORE_REFUSED = (
        "Without store=false the service may keep prompt, data and answer (paid projects: up to 55 "
        "days). Allow that with store=True, or choose another model ({model})."
    )
    THINKING_LEVELS = "This model takes thinking={levels}."
    UPLOADED = "It stays there for 48 hours."
    UPLOAD_REFUSED = (
        "It does not fit into the request itself, either (100 MB, {size} here): attach less of it."
    )

    def __call__(self, **data: Any) -> Advice:
        """The fact with ``data``, which the sentences name."""
        return Advice(self, data)


@dataclass(frozen=True)
class Advice:
    """A fact and its data: texts, numbers, or names of options (a sequence of them)."""

    fact: Hint
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Surface:
    """Says facts in the words of one way to ask.

    ``words``: for the places ``{Again}``, ``{again}``, ``{model}`` and ``{developer}`` (how to
    choose that backend). ``options``: the names of options here. ``own``: sentences that take the
    place of a fact's. ``magic``: the name under which the magic is registered, for ``{magic}``.
    """

    words: Mapping[str, str]
    options: Mapping[str, str]
    own: Mapping[Hint, str] = field(default_factory=dict)
    magic: str = "gemini"

    @property
    def sentences(self) -> dict[Hint, str]:
        """The sentence for each fact, with places for its data."""
        return {fact: self._sentence(fact) for fact in Hint}

    def _sentence(self, fact: Hint) -> str:
        said: str = self.own.get(fact, fact.value)
        for place, word in self.words.items():
            said = said.replace(f"{{{place}}}", word)
        return said

    def say(self, hint: str | Hint | Advice) -> str:
        """The sentence for ``hint``; a text is a sentence already, but for the magic's name."""
        if isinstance(hint, str):
            return self.named(hint)
        advice = Advice(hint) if isinstance(hint, Hint) else hint
        data = {name: self._told(value) for name, value in advice.data.items()}
        return self._sentence(advice.fact).format(magic=self.magic, **data)

    def named(self, text: str) -> str:
        """``text`` of ours (never one of the user's), with the magic under its name.

        >>> Surface({}, {}, magic="gem").named("%gemini help, %%gemini, %config GeminiMagics.model")
        '%gem help, %%gem, %config GeminiMagics.model'
        """
        return _MAGIC.sub(lambda found: found[1] + self.magic, text)

    def _told(self, value: Any) -> Any:
        if isinstance(value, Sequence) and not isinstance(value, str):
            return " and ".join(self.options[name] for name in value)
        return value


_OPTIONS = (
    *("max_tokens", "schema", "search", "seed", "system", "temperature", "thinking", "tier"),
    *("tools", "urls"),
)
API = Surface(
    words={
        "Again": "Ask again",
        "again": "ask again",
        "model": "model=...",
        "developer": "GEMINI_MAGIC_BACKEND=developer in the environment",
    },
    options={"code": "the sandbox (code=False)", **{name: name for name in _OPTIONS}},
)
"""The words of ``ask()``: in force where no other surface is (`gemini_magic.errors.speak`)."""
