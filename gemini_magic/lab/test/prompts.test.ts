import assert from 'node:assert/strict';
import { test } from 'node:test';

import { markdown, markdownLanguage } from '@codemirror/lang-markdown';
import { python, pythonLanguage } from '@codemirror/lang-python';
import { type Language, LanguageDescription, ensureSyntaxTree, language } from '@codemirror/language';
import { Compartment, EditorState } from '@codemirror/state';
import { highlightTree, tagHighlighter, tags } from '@lezer/highlight';
import { Signal } from '@lumino/signaling';

import { type Grammar, colouring, reread } from '../src/editor/colouring';
import { Prompts, optionLine, promptStart } from '../src/editor/grammar';
import { MagicNames, PromptType } from '../src/editor/plugin';

const PYTHON = python();
const PYTHON_FENCE = LanguageDescription.of({ name: 'python', support: PYTHON });
const MARKDOWN = markdown({
  base: markdownLanguage,
  codeLanguages: () => PYTHON_FENCE
}).language;

const COLOURS = tagHighlighter([
  { tag: tags.meta, class: 'meta' },
  { tag: tags.attributeName, class: 'option' },
  { tag: tags.string, class: 'string' },
  { tag: tags.heading, class: 'heading' },
  { tag: tags.emphasis, class: 'emphasis' },
  { tag: tags.quote, class: 'quote' },
  { tag: tags.keyword, class: 'keyword' }
]);

/** The editors of one page: `load` is as good as done. */
class Loaded implements Grammar {
  readonly changed = new Signal<this, undefined>(this);
  prompts = Prompts.of(MARKDOWN);
  name = 'gemini';
  load(): void {
    assert.fail('loaded already');
  }
}

function editor(doc: string, grammar: Loaded = new Loaded()): EditorState {
  return EditorState.create({
    doc,
    extensions: [PYTHON, colouring(grammar, () => grammar.name, () => undefined)]
  });
}

/** The pieces that have a colour, with its name. */
function colours(state: EditorState): string[] {
  const tree = ensureSyntaxTree(state, state.doc.length, 5000);
  assert(tree);
  const found: string[] = [];
  highlightTree(tree, COLOURS, (from, to, classes) => {
    found.push(`${classes}: ${state.sliceDoc(from, to)}`);
  });
  return found;
}

function read(state: EditorState): Language | null {
  return state.facet(language);
}

const PROMPT = [
  '%%gemini -m gemini-4-neon --attach "my file.csv" --max-cost 0.5',
  '# heading',
  'An *emphasis* in a line, isn\'t it?',
  '%time is a line of the prompt, 5 % "quoted"',
  '> said',
  '```python',
  'return 1',
  '```'
].join('\n');

test('a prompt is Markdown below its option line, fences in their language', () => {
  assert.deepEqual(colours(editor(PROMPT)), [
    'meta: %%gemini',
    'option: -m',
    'option: --attach',
    'string: "my file.csv"',
    'option: --max-cost',
    'string: 0.5',
    'heading meta: #',
    'heading:  heading',
    'emphasis meta: *',
    'emphasis: emphasis',
    'emphasis meta: *',
    'quote meta: >',
    'quote:  said',
    'meta: ```',
    'keyword: return',
    'meta: ```'
  ]);
});

test('a line of Markdown after the option line never makes a heading of it', () => {
  for (const next of ['---', '===', '| a |\n|---|', '* *']) {
    const found = colours(editor(`%%gemini --insert\n${next}`));
    assert.deepEqual(found.slice(0, 2), ['meta: %%gemini', 'option: --insert']);
    assert(!found.some(piece => piece.startsWith('heading: %%')), next);
  }
});

test('only the cell magic of this name, as its first words, makes a prompt', () => {
  const cases: [string, number][] = [
    ['%%gemini', 0],
    ['%%gemini\nwhat?', 0],
    ['\n  \n%%gemini -v', 4],
    ['   %%gemini', 0],
    ['%%gemini;', 0],
    ['%%gemini?', -1],
    ['%%gemini2', -1],
    ['%%geminiä', -1],
    ['%%gemini_x', -1],
    ['%%bash', -1],
    ['%gemini ask x', -1],
    ['# %%gemini', -1],
    ['x = 1\n%%gemini', -1],
    ['', -1],
    ['\n\n', -1]
  ];
  for (const [source, start] of cases) {
    assert.equal(promptStart(source.split('\n'), 'gemini'), start, JSON.stringify(source));
  }
});

test('indented and behind empty lines the option line is found, and only it', () => {
  const found = colours(editor('\n    %%gemini -v\n# one\n%%gemini -v\n'));
  assert.deepEqual(found, ['meta: %%gemini', 'option: -v', 'heading meta: #', 'heading:  one']);
});

test('options are read as a shell splits them', () => {
  const kinds = (line: string): string[] =>
    optionLine(line).map(({ kind, from, to }) => `${kind} ${line.slice(from, to)}`);
  assert.deepEqual(kinds('%%gemini --title="a b" -n3 name \'c d\' -x "open'), [
    'Magic %%gemini',
    'Option --title',
    'Value "a b"',
    'Option -n3',
    "Value 'c d'",
    'Option -x',
    'Value "open'
  ]);
  assert.deepEqual(kinds('  %%gemini - -- -5 a\\ b 1.5 \\'), ['Magic %%gemini', 'Value 1.5']);
  assert.deepEqual(kinds(''), []);
});

test('Python and other magics keep the language of their cell', () => {
  for (const source of ['x = 1', '%%bash\n# no heading', '%gemini ask what', '']) {
    assert.equal(read(editor(source)), pythonLanguage, source);
  }
});

test('edits of the first line change the language, others keep it', () => {
  let state = editor('# note\n%%gemini -v\n# one');
  assert.equal(read(state), pythonLanguage);
  state = state.update({ changes: { from: 0, to: 7 } }).state;
  assert.deepEqual(colours(state), ['meta: %%gemini', 'option: -v', 'heading meta: #', 'heading:  one']);
  const before = read(state);
  state = state.update({ changes: { from: state.doc.length, insert: '\n*two*' } }).state;
  assert.equal(read(state), before, 'the same object: the parser goes on from its tree');
  assert.equal(colours(state).at(-2), 'emphasis: two');
  state = state.update({ changes: { from: 8, insert: '2' } }).state;
  assert.equal(read(state), pythonLanguage);
});

test('a renamed magic is followed, and the old name is a stranger then', () => {
  const grammar = new Loaded();
  const [own, other] = ['%%ask\n*hi*', '%%gemini\n*hi*'].map(source => editor(source, grammar));
  assert(own && other);
  assert.equal(read(own), pythonLanguage);
  assert.equal(read(other)?.name, 'gemini');
  grammar.name = 'ask';
  const again = { effects: reread.of(null) };
  assert.equal(read(own.update(again).state)?.name, 'gemini');
  assert.equal(read(other.update(again).state), pythonLanguage);
});

test('until Markdown has loaded a prompt keeps the colours it had', () => {
  const grammar = new Loaded();
  const { prompts } = grammar;
  grammar.prompts = null;
  const state = editor('%%gemini\n*hi*', grammar);
  assert.equal(read(state), pythonLanguage);
  grammar.prompts = prompts;
  assert.equal(read(state.update({ effects: reread.of(null) }).state)?.name, 'gemini');
});

test('an editor may get its language later, as those of JupyterLab do', () => {
  const given = new Compartment();
  for (const [doc, name] of [['x = 1', 'python'], ['%%gemini\n*hi*', 'gemini']] as const) {
    const state = EditorState.create({
      doc,
      extensions: [given.of([]), colouring(new Loaded(), () => 'gemini', () => undefined)]
    });
    assert.equal(read(state.update({ effects: given.reconfigure(PYTHON) }).state)?.name, name);
  }
});

test('a language that cannot be extended is left alone', () => {
  assert.equal(Prompts.of(pythonLanguage), null);
});

test('Ctrl-/ comments a prompt out as it does code', () => {
  const state = editor(PROMPT);
  ensureSyntaxTree(state, state.doc.length, 5000);
  for (const at of [0, PROMPT.indexOf('# heading') + 3]) {
    assert.deepEqual(state.languageDataAt('commentTokens', at), [{ line: '#' }]);
  }
});

test('each notebook has the name that its kernel has said', () => {
  const names = new MagicNames();
  let changes = 0;
  names.changed.connect(() => {
    changes += 1;
  });
  const [one, other] = [{}, {}];
  names.set(one, 'gemini');
  assert.equal(changes, 0);
  names.set(one, 'ask');
  names.set(one, 'ask');
  assert.equal(changes, 1);
  assert.deepEqual([names.of(one), names.of(other), names.of(null)], ['ask', 'gemini', 'gemini']);
});

test("a prompt's cell has the type of Markdown, and then the one its notebook gave it last", () => {
  const model = new Model();
  const [one, other] = [PromptType.of(model), PromptType.of(model)]; // Two views of the cell.
  one.set(true);
  other.set(true);
  assert.equal(model.mimeType, 'text/x-ipythongfm');
  model.mimeType = 'text/x-ipython'; // The kernel is there.
  assert.equal(model.mimeType, 'text/x-ipythongfm');
  other.set(false);
  one.set(false);
  assert.equal(model.mimeType, 'text/x-ipython');
  model.mimeType = 'text/x-julia';
  assert.equal(model.mimeType, 'text/x-julia');
});

/** What JupyterLab's model of a cell says of its type. */
class Model {
  readonly mimeTypeChanged = new Signal<never, never>(this as never);
  private type = 'text/plain';
  get mimeType(): string {
    return this.type;
  }
  set mimeType(value: string) {
    if (value !== this.type) {
      this.type = value;
      this.mimeTypeChanged.emit(undefined as never);
    }
  }
}
