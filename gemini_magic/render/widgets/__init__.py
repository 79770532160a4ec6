"""Draws a turn as ipywidgets: a folding section per code, result and thought; live.

For front ends without our extension, when the user asks for it (``--view widget``). The widgets
stand in one bundle with the static forms, so that a reader without a kernel (nbconvert, a code
host, an untrusted notebook) gets those. Its one limit: reopened in a trusted notebook without
saved widget state, a front end shows only an error for it; ``%gemini show N`` draws it again.

A front end runs handlers in the HTML of a widget, so all HTML here comes from the same escaping
functions as the static form. The only importer of ipywidgets.
"""

from gemini_magic.render.widgets.buttons import Button
from gemini_magic.render.widgets.view import WIDGET, WidgetView

__all__ = ["WIDGET", "Button", "WidgetView"]
