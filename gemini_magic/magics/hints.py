"""Says hints in the words of the magic: its options, its subcommands, its name."""

from __future__ import annotations

from dataclasses import replace

from gemini_magic.hints import API, Hint, Surface

MAGIC = Surface(
    words={
        "Again": "Run the cell again",
        "again": "run the cell again",
        "model": "-m",
        "developer": "%{magic} backend developer",
    },
    options={
        **{name: f"--{name.replace('_', '-')}" for name in API.options},
        "code": "the sandbox (--no-code)",
        "tools": "--tool",
    },
    own={
        Hint.ALLOW_TOOL: "{Again}, or allow the tool it asked for (code execution is off with "
        "--no-code).",
        Hint.ANSWER_MISFIT: "{Again}, say in the prompt what the field means, or let the type "
        "allow it; the text above is kept, and is not sent with later prompts.",
        Hint.ASK_AGAIN_KEPT: "{Again}; what had arrived before is kept above.",
        Hint.ASK_AGAIN_REPORT: "{Again}; if it happens again, it is worth a report (%config "
        "GeminiMagics.show_tracebacks = True shows where).",
        Hint.ATTACH_ADDRESS: "Put it into a bucket and attach its address (--attach "
        "gs://BUCKET/NAME), or send less of it.",
        Hint.ATTACH_AS_DICT: "Install kaleido and a Chrome for it (pip install kaleido; "
        'plotly_get_chrome), or attach its data: --attach "{name}.to_dict()".',
        Hint.ATTACH_COLLECTED: 'Write --attach "{name}.collect()".',
        Hint.ATTACH_EACH: "Attach values of other kinds (DataFrame, figure, ...) one by one, each "
        "with --attach.",
        Hint.ATTACH_EACH_ADDRESS: "Write each address, each with --attach.",
        Hint.ATTACH_FILE_OR_TEXT: "For the file: --attach {text!r} (or a pathlib.Path); for the "
        'text itself: --attach "{name}.encode()".',
        Hint.ATTACH_FILE_OR_VALUE: "For the file write --attach ./{word} (or its full path); for "
        'the value --attach "({word})".',
        Hint.ATTACH_LESS: "Three ways on: send less ({smaller}); allow more: %config "
        "GeminiMagics.max_attachment_bytes = {needed}; or put it into a bucket and attach its "
        "address: --attach gs://BUCKET/NAME (Vertex).",
        Hint.ATTACH_OFFICE: "{read}, or ask a model of Gemini 4 (-m {newer}).",
        Hint.ATTACH_PATTERN: "Attach its files by a pattern: --attach '{path}/*.csv'.",
        Hint.ATTACH_ROWS: "Drop or convert it{others}, or attach rows as JSON: --attach "
        '"{name}.to_dicts()".',
        Hint.CHANGE_REQUEST: "Change the prompt, the attachments or the options; %%{magic} "
        "--preview shows the request.",
        Hint.CHECK_ADDRESS: "Check the base URL (GOOGLE_GEMINI_BASE_URL, GOOGLE_VERTEX_BASE_URL) "
        "and its port; if it is the emulator, start it again (%{magic} backend emulator).",
        Hint.CHECK_SETUP: "Something it is made from is not as expected: the credentials file, "
        "the proxy or the certificates of the environment. %{magic} doctor looks at them.",
        Hint.CHOOSE_BACKEND: "Set GEMINI_API_KEY ({key_page}), or GOOGLE_GENAI_USE_VERTEXAI=true "
        "with GOOGLE_CLOUD_PROJECT, or try without either: %{magic} backend emulator (without a "
        "notebook: GEMINI_MAGIC_BACKEND=emulator)",
        Hint.CHOOSE_MODEL: "%{magic} models lists the models; choose one with -m, or another "
        "api_version.",
        Hint.CHOOSE_MODEL_OR_REGION: "%{magic} models lists the models; choose one with -m, or "
        "set GOOGLE_CLOUD_LOCATION to a region that has it (global has most).",
        Hint.CHOOSE_THINKING_MODEL: "Leave --thinking out, or choose a model that thinks "
        "(%{magic} models).",
        Hint.CLOSE_FOLDER: "Look at it, then close the folder to others (chmod o-w {folder} and "
        "the files in it), or call the model with --fresh.",
        Hint.CONTINUE: "%{magic} continue asks for the rest; all of it is billed again as input.",
        Hint.CONTINUE_AGAIN: "What had come before it is kept, and is sent with later prompts; "
        "%{magic} continue asks for the rest again.",
        Hint.FRESH: "--fresh calls the model and {instead}.",
        Hint.KEPT_IN_HISTORY: "It is kept in %{magic} history, but is not sent with later "
        "prompts. {Again} to ask anew.",
        Hint.LEAVE_OUT_TOOL: "Change or leave out --tool.",
        Hint.UPLOADED: "It stays there for 48 hours; %{magic} files --delete deletes it.",
        Hint.LIST_CONVERSATIONS: "%{magic} conversation --list shows them.",
        Hint.NAME_FUNCTION: "Name a function with --tool.",
        Hint.RAISE_MAX_TOKENS: "--max-tokens raises it.",
        Hint.RAISE_TIMEOUT: "The call may have been billed. {Again}, or allow more time with "
        "--timeout SECONDS.",
        Hint.OFFICE_IN_HISTORY: "Ask a model of Gemini 4 (-m {newer}), or go on in a conversation "
        "of another name (-c NAME) or without history (--stateless).",
        Hint.REFUSED_HISTORY: "That is about the history{where}, not about this prompt: %{magic} "
        "undo takes back its last exchange, %{magic} conversation --new NAME starts afresh.",
        Hint.REPHRASE: "Rephrase the prompt. The exchange is shown here but is not sent with "
        "later prompts.",
        Hint.SAVE_WRITES: "Check the path; %{magic} save PATH writes such a file.",
        Hint.SAVE_WRITES_JSON: "%{magic} save PATH writes such a file; this one is not JSON.",
        Hint.SEND_LESS: "Send less: a smaller attachment, or %{magic} conversation --new for a "
        "fresh history.",
        Hint.SET_KEY: "Set GEMINI_API_KEY, or see %{magic} backend.",
        Hint.STORED_MISFIT: "It was stored when the type allowed it: --fresh asks anew, or let "
        "the type allow it.",
        Hint.STORE_REFUSED: "Without store=false the service may keep prompt, data and answer "
        "(paid projects: up to 55 days). Allow that with --store, or choose another model "
        "({model}).",
        Hint.THINKING_LEVELS: "This model takes --thinking {levels}.",
    },
)


def magic_words(name: str) -> Surface:
    """The words of the magic registered as ``name``."""
    return replace(MAGIC, magic=name)
