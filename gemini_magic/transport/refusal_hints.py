"""Which way is out of a refusal: by its facts, and by what was asked (`gemini_magic.hints`)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from gemini_magic.hints import Advice, Hint
from gemini_magic.transport.asked import (
    VERTEX_KEY_PAGE,
    VERTEX_QUOTA_PAGE,
    named_options,
    refused_options,
)
from gemini_magic.transport.quotas import day_ends, of_money
from gemini_magic.transport.refusal_facts import Found, one_line, refuses_store

_ABOUT_MODEL = re.compile(
    r"\bmodel\b.{0,300}?(support|format)|(support|enabled).{0,300}?\bmodels?\b"
)
_ABOUT_TIER = re.compile(r"service[ _]?tier|\b(flex|priority) (tier|inference|processing)\b")
# Known from public reports, in several wordings each.
_ABOUT_HISTORY = re.compile(
    r"thought[ _]?signature|function (call|response) (turn|part)|"
    r"function_?(call|response)\b.{0,300}?missing|"
    r"(multi-?turn requests|roles?) (must )?alternate|history altered|answers no call of the turn"
)
_REFUSED_LEVEL = re.compile(r"thinking level (\w+) is not supported", re.IGNORECASE)
_OTHER_KEY = re.compile(r"API keys are not supported by this API", re.IGNORECASE)


def key_hint(found: Found) -> Advice:
    """For a key that is wrong."""
    asked = found.asked
    both = {"GOOGLE_API_KEY", "GEMINI_API_KEY"} <= set(asked.environment)
    if both or not asked.backend:
        return Hint.CHECK_KEY_OF_TWO(page=asked.key_page)
    return Hint.CHECK_KEY(name=asked.key_name, page=asked.key_page)


def new_key(found: Found) -> Advice:
    """For a key that stays refused."""
    return Hint.NEW_KEY(name=found.asked.key_name, page=found.asked.key_page)


def access_hint(found: Found) -> str | Hint | Advice:
    """For 401 and 403."""
    asked = found.asked
    if found.reason == "SERVICE_DISABLED":
        link = found.link()
        where = f" at {one_line(link)}" if link else ""
        return Hint.ENABLE_API(where=where)
    unused, way = asked.key_unused
    if unused and found.code == 401:
        return Hint.KEY_UNUSED(key=unused, way=way)
    if (
        found.reason in ("ACCESS_TOKEN_TYPE_UNSUPPORTED", "CREDENTIALS_MISSING")
        or "OAuth" in found.message
        or _OTHER_KEY.search(found.message)
    ):
        if asked.backend == "developer":
            return Hint.KEY_OF_OTHER(name=asked.key_name, page=asked.key_page)
        if asked.backend == "vertex" and asked.key_source:
            return Hint.KEY_NOT_FOR_VERTEX(name=asked.key_name, page=asked.key_page)
        return Hint.CLOUD_CREDENTIALS
    if "unregistered callers" in found.message or "without established identity" in found.message:
        return f"No key arrived: set GEMINI_API_KEY (get one at {asked.key_page})."
    if found.reason == "CONSUMER_SUSPENDED" or "has been suspended" in found.message:
        return Hint.PROJECT_SUSPENDED(page=asked.key_page)
    if found.reason.startswith("API_KEY_") or _RESTRICTED.search(found.message):
        return Hint.KEY_RESTRICTED(page=VERTEX_KEY_PAGE)
    if asked.backend == "developer" or (asked.backend == "vertex" and asked.key_source):
        if found.code == 401:
            return key_hint(found)
        return Hint.KEY_RESTRICTED(page=VERTEX_KEY_PAGE)
    if found.code == 401:
        return "Check the key or token; for Vertex run `gcloud auth application-default login`."
    if asked.by_login:
        return Hint.ROLE
    return (
        "The key or account may not do this: check the key's restrictions, or on Vertex that the "
        "account has the role Vertex AI User in this project."
    )


_RESTRICTED = re.compile(r"requests? (from|to) .{1,200}? (is|are) blocked", re.IGNORECASE)


def quota_hint(found: Found) -> Advice:
    """For a quota that is used up, or was never there."""
    scope, asked = found.quota.scope, found.asked
    over = f" Quota: {one_line(', '.join(found.quota.names), 160)}." if found.quota.names else ""
    if scope in ("credits", "cap", "billing"):
        return money_hint(found)
    told = " ".join((found.message, *found.quota.names, *found.quota.metrics))
    options = named_options(told, asked) if scope in ("day", "long", "never") else ()
    if options:  # the quota of an option (Google Search has one of its own), not of the model
        return option_hint(options, together=False)
    if scope == "long":
        return Hint.QUOTA_LONG(page=asked.billing_page, over=over)
    if scope == "never":
        if asked.backend == "vertex":
            return Hint.QUOTA_NEVER_VERTEX(page=VERTEX_QUOTA_PAGE, over=over)
        return Hint.QUOTA_NEVER(page=asked.billing_page, over=over)
    if scope == "day":
        when = day_ends(datetime.datetime.now().astimezone())
        return Hint.QUOTA_DAY(when=when, page=asked.billing_page, over=over)
    match found.retry_after:
        case None:
            wait = "Wait a while"
        case 0:
            return Hint.QUOTA(over=over)
        case seconds:
            wait = f"Wait {seconds:g} s"
    return Hint.QUOTA_WAIT(wait=wait, over=over)


def money_hint(found: Found) -> Advice:
    """For credits, caps and billing."""
    scope = of_money(found.message, found.reason)
    if scope == "cap":
        return Hint.SPENDING_CAP(page=_SPEND_PAGE)
    if scope == "credits":
        return Hint.CREDITS_GONE(page=_PROJECTS_PAGE)
    link = one_line(found.link())
    return Hint.BILLING(page=link if "billing" in link else found.asked.billing_page)


# Where the service's own messages send the user.
_SPEND_PAGE = "https://ai.studio/spend"
_PROJECTS_PAGE = "https://ai.studio/projects"


def option_hint(options: Sequence[str], together: bool) -> Advice:
    """For options that the model does not take, alone or together."""
    return (Hint.LEAVE_OUT_ONE if together else Hint.LEAVE_OUT_OR_MODEL)(options=options)


def request_hint(found: Found) -> Hint | Advice:
    """For a request that the service could not use."""
    message = found.message.lower()
    if _ABOUT_HISTORY.search(message):
        return Hint.REFUSED_HISTORY(where="")
    if refuses_store(found):
        return Hint.STORE_REFUSED
    if _ABOUT_TIER.search(message):
        return option_hint(["tier"], together=False)
    level = _REFUSED_LEVEL.search(message)
    if level:
        # The levels every thinking model since Gemini 3 is known to take.
        left = [name for name in ("low", "medium", "high") if name != level[1]]
        return Hint.THINKING_LEVELS(levels=" or ".join(left))
    if "thinking" in message:
        return Hint.CHOOSE_THINKING_MODEL
    options, together = refused_options(found.message, found.asked)
    if options:
        return option_hint(options, together)
    if found.code == 413 or "token count" in message or "payload size" in message:
        return Hint.SEND_LESS
    if _ABOUT_MODEL.search(message):
        return Hint.CHOOSE_MODEL
    return Hint.CHANGE_REQUEST
