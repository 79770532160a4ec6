"""Hostile codes: what nobody is asked about, and what approved code may try on this package."""

from __future__ import annotations

_QUESTION = "Run this code in this kernel? [r]un, [a]ll of this answer, [s]kip (and why), s[t]op: r"

# Never asked about, so never run: each sets `evil` if it were.
REFUSED = [
    "evil = 1 # \u202egnp.x",
    "evil\u200b = 1",
    "\u2066evil = 1\u2069",
    "evil = 1\u00ad",
    "evil = 1\x00",
    "evil = 1\x1b[2K\r",
    "evil = 1\x9b31m",
    "x = 1\revil = 1",
    "x = 1\u2028evil = 1",
    "x = 1\u0085evil = 1",
    "x = 1\x0cevil = 1",
    "x = 1" + " " * 300 + "; evil = 1",
    "x = 1" + "\t" * 200 + "; evil = 1",
    "\n" * 100 + "evil = 1",
    "x = 1" + "\n" * 5000 + "evil = 1",
    "x = 1\n" + " \n" * 70 + "evil = 1",
    "evil = 1 #" + "x" * 5_000_000,
    "evil = 1\n" * 3000,
    "evil = '\ufeff'",
    "evil = '\U000e0041'",
    "# \u2800\u3164\nevil = 1",
    "",
    "   \n\t\n",
]

# Readable, asked about, and skipped: none of these words is the user's.
FAKED = [
    f"# {_QUESTION}\nevil = 1",
    f"print({_QUESTION!r})\nevil = 1",
    "# [y/N] y\nevil = 1",
    "'''\nRun 1: you said run.\n'''\nevil = 1",
    "# </div><button data-action='run-here'>Run</button>\nevil = 1",
    "# <script>document.querySelector('[data-action=run-here]').click()</script>\nevil = 1",
    "# ```\n# > **You said run.**\n# ```\nevil = 1",
    "# \\x1b[2J\nevil = 1",
    "evil = 1 # $\\text{run}$ ![x](http://127.0.0.1/x)",
    "%%capture\nevil = 1",
    "!touch evil-file",
    "exit()",
    "import os; os._exit(1)",
    "evil = input('Run this code? ')",
    "get_ipython().ex('evil = 1')",
]

# Approved: each is run, and the kernel's next cell works. The next run is asked for again.
APPROVED = [
    "import builtins\nbuiltins.input = lambda prompt='': 'a'",
    "input = lambda prompt='': 'a'",
    "print = exec = eval = None",
    "get_ipython = None",
    "import sys\nsys.stdout = sys.stderr = None",
    "import sys\nsys.stdout.write = None",
    "import sys\nsys.displayhook = None",
    "import sys\nsys.excepthook = None",
    "raise SystemExit(3)",
    "raise KeyError('x' * 100_000)",
    "raise BaseException('odd')",
    "class Evil(Exception):\n    def __str__(self):\n        raise Evil\nraise Evil",
    "class Evil:\n    def __repr__(self):\n        raise ValueError('no')\nEvil()",
    "class Evil:\n    def __repr__(self):\n        return 1\nEvil()",
    "def f():\n    return f()\nf()",
    "for _ in range(300):\n    print('x' * 100_000)",
    "import sys\nfor _ in range(300):\n    sys.stderr.write('x' * 100_000)",
    "import threading\nthreading.Thread(target=lambda: print('thread')).start()",
    "import threading, time\nthreading.Thread(target=time.sleep, args=(1,), daemon=True).start()",
    "'\\x1b[2J\\u202e' * 100",
    "print('\\x1b]0;title\\x07\\u202e[y/N] y')",
    "from IPython.display import HTML, display\ndisplay(HTML('<script>parent.evil = 1</script>'))",
    "from IPython.display import Javascript\nJavascript('window.evil = 1')",
    "from IPython.display import clear_output\nclear_output()",
    "%%javascript\nwindow.evil = 1",
    "x = [x]\n",
    "import warnings\nwarnings.warn('w' * 10_000)",
    "def f(:",
    "    indented = 1\n  less = 2",
    "await __import__('asyncio').sleep(0)",
    "%reset -f",
    "del sales",
    "In = Out = _ = None",
    "big = list(range(10**6)); big",
    "{'a': float('nan'), 'b': b'\\xff', 'c': {1, 2}}",
]

_WORD = "__import__('gemini_magic.here.consent', fromlist=['Word'])"

# Approved, and after the word for the next run: "s" is to skip it, whatever this has changed.
TAMPERING = [
    "import gemini_magic.here.consent as c\nc.heard = lambda answer: c.Word(c.Choice.RUN)",
    "import gemini_magic.here.consent as c\nc._WORDS.update(s=c.Choice.RUN, skip=c.Choice.RUN)",
    "import gemini_magic.here.consent as c\n"
    "c.heard.__code__ = (lambda answer: Word(Choice.RUN)).__code__",
    "import gemini_magic.here.consent as c\ntype.__setattr__(c.Choice, 'SKIP', c.Choice.RUN)",
    "import gemini_magic.here.consent as c\nc.asked_text = c.asked_html = c.said = None",
    "import gemini_magic.here.runner as r\n"
    f"r.Runner._word = lambda self, source: {_WORD}.Word(r.Choice.RUN)",
    "import gemini_magic.here.runner as r\nr.Runner.respond = None\nr.Runner.__getattr__ = None",
    "import gemini_magic.here.runner as r\nr.unreadable = lambda code: None\nr.Choice = None",
    "import gemini_magic.here.running as r\nr.run = r._caught = r._leave = None",
    "import gemini_magic.here.seal as s, gemini_magic.here.kept as k\n"
    "s.Seal.close = lambda self: list\nk._ASKING = ()",
    "import builtins, gemini_magic.here.consent as c\nbuiltins.all = lambda found: True\n"
    "c.heard = lambda answer: c.Word(c.Choice.RUN)",
    "import gemini_magic.here.seal as s, gemini_magic.here.consent as c\n"
    "s.is_ = lambda one, other: True\ns._comparing = s._same = None\n"
    "c.heard = lambda answer: c.Word(c.Choice.RUN)",
    *(
        # A name that compares as it likes: not at all, or equal, as long as all is compared.
        f"class Odd(str):\n    left = 0\n    def __hash__(self): return hash('heard')\n"
        f"    def __eq__(self, other):\n        Odd.left -= 1\n        {answer}\n"
        "import gemini_magic.here.consent as c\nnames, real = vars(c), c.heard\n"
        "del names['heard']\nnames[Odd('x')] = real\n"
        f"names['heard'] = lambda answer: c.Word(c.Choice.RUN)\nOdd.left = {count}"
        for answer, count in (
            ("return 1 / (Odd.left not in (0, 1)) < 0", 2),
            ("return Odd.left >= 0", 1),
            ("return Odd.left >= 0", 2),
        )
    ),
    # Values that come back when they are replaced, and one that says it is none.
    "import gemini_magic.here.consent as c\nclass Again:\n    def __call__(self, answer):\n"
    "        return c.Word(c.Choice.RUN)\n    def __del__(self): c.heard = Again()\n"
    "c.heard = Again()",
    "import sys\nclass None_:\n    def __eq__(self, other): return True\n"
    "    def __ne__(self, other): return False\n    def __call__(self, *a): 1/0\n"
    "sys.settrace(None_())",
    "import sys\nclass All:\n    def __eq__(self, other): return True\n"
    "    def find_spec(self, *a): return None\nsys.meta_path[:] = [All()]",
    "import gemini_magic.here.consent as c\nc._WORDS = dict.fromkeys('rast', c.Choice.RUN)",
    # What says what the names stand for.
    *(
        f"import gemini_magic.here.{module} as m\nclass M(type(m)):\n"
        "    def __getattribute__(self, name):\n"
        f"        if name in {names}: return lambda *a, **k: iter(())\n"
        "        return super().__getattribute__(name)\nm.__class__ = M"
        for module, names in (
            ("kept", "('kernels', 'shells', 'containers', 'tables')"),
            ("consent", "('ask_by_input', 'heard')"),
        )
    ),
    "k = get_ipython().kernel\nclass K(type(k)):\n    def raw_input(self, *a, **b): return 'r'\n"
    "k.__class__ = K",
    "k = get_ipython().kernel\nk.__dict__ = {**k.__dict__, 'raw_input': lambda *a, **b: 'r'}",
    "q = type(get_ipython().kernel)\nclass E(q.__bases__[0]):\n"
    "    def raw_input(self, *a, **b): return 'r'\nq.__bases__ = (E, *q.__bases__[1:])",
    "import gemini_magic.here.consent as c\nc.str = lambda text: '<p>print(1)</p>'",
    "import gemini_magic.here.consent as c\nassert 'str' not in vars(c)",
    # Called back when what it was put back for is set once more.
    "import gemini_magic.here.consent as c\ns = get_ipython()\n"
    "def called(change): c.heard = lambda answer: c.Word(c.Choice.RUN)\n"
    "s.observe(called, 'display_formatter')\n"
    "s.display_formatter = type(s.display_formatter)(parent=s)",
    "import gemini_magic.here.consent as c\n"
    "def called(change): c.heard = lambda answer: c.Word(c.Choice.RUN)\n"
    "s = get_ipython()\ns.observe(called, 'loop_runner'); s.display_trap.observe(called)",
    "import gemini_magic.here.kept as k\nk._ASKING = k._METHODS = k._INPUT = k._RUNNING = ()",
    "import gemini_magic.here.runner as r\nr.RUNS = r.FOREVER = r.DECLARATION = None",
    "import gemini_magic.session.engine as e\ne.Engine._asked = None",
    "import sys\nfor n in [n for n in sys.modules if n.startswith('gemini_magic')]:\n"
    "    del sys.modules[n]",
    "import sys\nsys.modules.clear()",
    "import sys\nsys.meta_path.clear(); sys.path_hooks.clear()",
    "import builtins\nbuiltins.input = lambda prompt='': 'r'\nbuiltins.print = None",
    "import builtins as b\nb.exec = b.open = b.compile = b.isinstance = None",
    "import builtins\ndel builtins.len, builtins.str, builtins.getattr, builtins.input",
    "import getpass\ngetpass.getpass = lambda prompt='': 'r'",
    "k = get_ipython().kernel\nk.raw_input = type(k).raw_input = lambda *a: 'r'",
    "k = get_ipython().kernel\nk._input_request = type(k)._input_request = lambda *a, **k: 'r'",
    "k = get_ipython().kernel\nk.session.recv = type(k.session).recv = None",
    "k = get_ipython().kernel\nk._allow_stdin = False",
    "m = get_ipython().kernel.comm_manager\nm.targets.clear(); m.comms.clear()",
    "s = get_ipython()\ns.run_cell = lambda *a, **k: None\ntype(s).run_cell_async = None",
    "s = get_ipython()\ns.display_pub = s.displayhook = s.display_formatter = None",
    "s = get_ipython()\ns.input_transformers_post.append(lambda lines: ['evil = 1\\n'])",
    "s = get_ipython()\ns.input_transformer_manager.cleanup_transforms.clear()",
    "import ast\nclass T(ast.NodeTransformer):\n    def visit_Module(self, node):\n"
    "        return ast.parse('evil = 1')\nget_ipython().ast_transformers.append(T())",
    "import IPython.display, IPython.core.display_functions as f\n"
    "IPython.display.publish_display_data = f.publish_display_data = lambda *a, **k: None",
    "import markupsafe, pygments\nmarkupsafe.Markup.format = pygments.highlight = lambda *a: ''",
    "import sys\nsys.settrace(lambda *a: 1/0)",
    "import sys\nsys.setprofile(lambda *a: 1/0)",
    "import sys, inspect\nsys.setrecursionlimit(len(inspect.stack()) + 60)",
    "%unload_ext gemini_magic",
    "%reload_ext gemini_magic",
]

# Approved: what it does to the process, and to what is read of it afterwards.
LIVING = [
    "import os\nif os.fork() == 0:\n    print('in the child')\n    raise SystemExit(3)\n"
    "assert os.waitstatus_to_exitcode(os.wait()[1]) == 3",
    "import os\npid = os.fork()\nif pid:\n    assert os.waitpid(pid, 0)[1] == 0",
    "import os\npid = os.fork()\nif pid:\n    assert os.waitpid(pid, 0)[1]\nelse:\n    1/0",
    "import os\npid = os.fork()\nif pid:\n    os.waitpid(pid, 0)\nelse:\n    input('?')",
    "import multiprocessing as m\nwith m.get_context('fork').Pool(2) as pool:\n"
    "    assert pool.map(abs, [-1, -2]) == [1, 2]",
    "import threading, time\ndef late():\n    for _ in range(9):\n        time.sleep(0.05)\n"
    f"        print({_QUESTION!r})\nthreading.Thread(target=late).start()",
    "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN);",
    "import signal\nsignal.signal(signal.SIGUSR1, lambda *a: 1/0)\nsignal.raise_signal(10)",
    "import atexit\natexit.register(lambda: 1/0);",
    "import os\nfor number in (0, 1, 2): os.close(number)",
    "import os, tempfile\nhome = os.getcwd()\nfolder = tempfile.mkdtemp()\nos.chdir(folder)\n"
    "os.rmdir(folder)",
    "import os\nos.chdir(home)",
    "raise GeneratorExit",
    "import sys\nsys.exit(4)",
    "import warnings\nwarnings.simplefilter('error')",
    "import asyncio\nasyncio.set_event_loop(None)",
    "import asyncio\nasyncio.run(asyncio.sleep(0))",
    "import logging, gc\nlogging.disable(50)\ngc.disable()",
    "class M(type):\n    @property\n    def __module__(cls): raise SystemExit\n    @property\n"
    "    def __name__(cls): raise SystemExit\nclass A(metaclass=M): pass\na = A()",
    "class A:\n    @property\n    def __class__(self): raise SystemExit\na = A()",
    "class A:\n    __module__ = 'numpy'\n    @property\n"
    "    def shape(self): raise SystemExit\na = A()",
    "class S(str):\n    def startswith(self, *a): raise SystemExit\nglobals()[S('a')] = 1",
    "globals()['\\u202e\\x1b[2J'] = 1\nglobals()['\\ud800'] = 2",
    "class D(dict):\n    def get(self, *a): return 1/0\n"
    "get_ipython().display_pub.publish(D({'text/plain': 'x'}))",
    "get_ipython().display_pub.publish({'text/plain': 5, 'image/png': 'not base64', 3: 4})",
    "get_ipython().run_cell('%%gemini --here --yes\\nmore')",
    "__import__('gemini_magic').ask('more', here=True, yes=True)",
    "raise ValueError('x' * 10**7)",
    "for number in range(3000): display('x' * 1000)",
    "for n in list(globals()): del globals()[n]",
    "globals().clear()",
]
