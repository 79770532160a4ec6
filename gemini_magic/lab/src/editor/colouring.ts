/** An editor's extension that reads its text as a prompt as long as it begins with the magic. */

import { StreamLanguage, language } from '@codemirror/language';
import { type EditorState, type Extension, Prec, StateEffect, StateField, type Text } from '@codemirror/state';
import { ViewPlugin, type ViewUpdate } from '@codemirror/view';
import { Signal } from '@lumino/signaling';

import { type Prompts, promptStart } from './grammar';

/** What editors ask: the magic's name there, and the languages of prompts once they are loaded. */
export interface Grammar {
  readonly changed: Signal<object, undefined>;
  /** Null until `load` has ended. */
  readonly prompts: Prompts | null;
  load(): void;
}

/** The grammar or the magic's name has changed: what the editor reads may be another language. */
export const reread = StateEffect.define();

/**
 * Read the editor's text as a prompt if `%%` and the `magic` of now begin it.
 *
 * `read`: told whether it is read as one, at first and whenever that changes.
 */
export function colouring(
  grammar: Grammar,
  magic: () => string,
  read: (asPrompt: boolean) => void
): Extension {
  const start = StateField.define<number>({
    create: state => startOf(state.doc, magic()),
    update: (before, transaction) =>
      transaction.docChanged || transaction.effects.some(effect => effect.is(reread))
        ? startOf(transaction.newDoc, magic())
        : before
  });
  const loaded = StateField.define<Prompts | null>({
    create: () => grammar.prompts,
    update: (before, transaction) =>
      transaction.effects.some(effect => effect.is(reread)) ? grammar.prompts : before
  });
  return [
    start,
    loaded,
    // Before the language that the cell's MIME type gives; as long as it is the same object, the
    // parser goes on from the tree before.
    Prec.highest(
      language.computeN([start, loaded], state => {
        const at = state.field(start);
        const prompts = at < 0 ? null : state.field(loaded);
        return prompts ? [prompts.at(at)] : [];
      })
    ),
    Prec.lowest(language.of(PLAIN)),
    ViewPlugin.define(view => {
      const again = (): void => {
        view.dispatch({ effects: reread.of(null) });
      };
      const load = (): void => {
        if (view.state.field(start) >= 0 && !view.state.field(loaded)) {
          grammar.load();
        }
      };
      const isRead = (state: EditorState): boolean =>
        state.field(start) >= 0 && Boolean(state.field(loaded));
      grammar.changed.connect(again);
      load();
      read(isRead(view.state));
      return {
        update: (update: ViewUpdate) => {
          if (update.startState.field(start) !== update.state.field(start)) {
            load();
          }
          const now = isRead(update.state);
          if (now !== isRead(update.startState)) {
            read(now);
          }
        },
        destroy: () => {
          grammar.changed.disconnect(again);
        }
      };
    })
  ];
}

/**
 * What an editor reads before JupyterLab has given it a language: where anything may provide one,
 * CodeMirror takes for granted that there is one.
 */
const PLAIN = StreamLanguage.define({
  token: stream => {
    stream.skipToEnd();
    return null;
  }
});

function startOf(doc: Text, magic: string): number {
  return promptStart(doc.iterLines(), magic);
}
