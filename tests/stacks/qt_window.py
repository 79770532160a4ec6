"""Runs sources in a qtconsole window and prints what each has added to it; in the stack's Python.

The sources come as JSON on stdin, the texts go as JSON to the last line of stdout.
"""

import json
import sys
import time

from qtconsole.manager import QtKernelManager
from qtconsole.rich_jupyter_widget import RichJupyterWidget
from qtpy import QtWidgets

application = QtWidgets.QApplication([])
manager = QtKernelManager(kernel_name="python3")
manager.start_kernel()
client = manager.client()
client.start_channels()
widget = RichJupyterWidget()
widget.kernel_manager, widget.kernel_client = manager, client
widget.show()


def wait(ready, what, patience=60):
    end = time.monotonic() + patience
    while not ready():
        if time.monotonic() > end:
            raise SystemExit(f"waited for {what}: {widget._control.toPlainText()[-1000:]}")
        application.processEvents()
        time.sleep(0.01)


wait(lambda: "In [1]" in widget._control.toPlainText(), "the first prompt")
texts = []
for source in json.load(sys.stdin):
    before = len(widget._control.toPlainText())
    ended = []
    widget.executed.connect(ended.append)
    widget.execute(source)
    if "for ever" in source:
        until = time.monotonic() + 1.5
        wait(lambda until=until: time.monotonic() > until, "the beginning")
        manager.interrupt_kernel()
    wait(lambda ended=ended: bool(ended), source)
    until = time.monotonic() + 0.2  # what is displayed comes on a channel of its own
    wait(lambda until=until: time.monotonic() > until, "the rest")
    texts.append(widget._control.toPlainText()[before:])
    widget.executed.disconnect(ended.append)
client.stop_channels()
manager.shutdown_kernel(now=True)
print(json.dumps(texts))
