/** Colours the prompts in code cells as Markdown, in every editor of the application. */

import type {
  IEditorExtensionFactory,
  IEditorExtensionRegistry,
  IEditorLanguageRegistry
} from '@jupyterlab/codemirror';
import { Signal } from '@lumino/signaling';

import { type Grammar, colouring } from './colouring';
import { Prompts } from './grammar';

/** The name of the magic where no kernel has said another one. */
export const MAGIC = 'gemini';
/** The one that Markdown cells have: with formulas. */
const MARKDOWN = 'text/x-ipythongfm';

/** What the magic is called, by notebook (its shared model): the kernel of each says. */
export class MagicNames {
  readonly changed = new Signal<this, undefined>(this);

  of(notebook: object | null | undefined): string {
    return (notebook && this.names.get(notebook)) || MAGIC;
  }

  /** Keep what a kernel has said; the name stays while it restarts. */
  set(notebook: object, name: string): void {
    if (this.of(notebook) !== name) {
      this.names.set(notebook, name);
      this.changed.emit(undefined);
    }
  }

  private readonly names = new WeakMap<object, string>();
}

/** Colour the prompts in editors that are opened from now on. */
export function colourPrompts(
  editors: IEditorExtensionRegistry,
  languages: IEditorLanguageRegistry,
  names: MagicNames
): void {
  const grammar = new LoadedGrammar(languages);
  names.changed.connect(() => {
    grammar.changed.emit(undefined);
  });
  editors.addExtension({
    name: 'gemini-magic:prompts',
    factory: ({ model }) => {
      // Code cells of notebooks and consoles; files, Markdown and raw cells are no prompts.
      if (!('type' in model) || model.type !== 'code') {
        return null;
      }
      const { sharedModel } = model as { sharedModel: { notebook?: object | null } };
      const type = PromptType.of(model);
      const extension = colouring(
        grammar,
        () => names.of(sharedModel.notebook),
        prompt => {
          type.set(prompt);
        }
      );
      return { instance: () => extension, reconfigure: () => null };
    }
  });
}

/**
 * The MIME type of a cell's editor: Markdown's as long as the cell is a prompt.
 *
 * What Python brings to its editors besides a grammar (JupyterLab looks for builtins in all that is
 * in view, at each key) is left out then. It is no part of the notebook: nothing of it is saved.
 */
export class PromptType {
  /** One for a cell, which may have an editor in each of two views. */
  static of(model: Typed): PromptType {
    const known = TYPES.get(model) ?? new PromptType(model);
    TYPES.set(model, known);
    return known;
  }

  private constructor(private readonly model: Typed) {
    this.other = model.mimeType;
    model.mimeTypeChanged.connect(this.changed, this);
  }

  set(prompt: boolean): void {
    this.prompt = prompt;
    this.model.mimeType = prompt ? MARKDOWN : this.other;
  }

  /** The notebook gives all of its cells its kernel's type: that is the one to go back to. */
  private changed(): void {
    if (this.model.mimeType !== MARKDOWN) {
      this.other = this.model.mimeType;
      if (this.prompt) {
        this.model.mimeType = MARKDOWN;
      }
    }
  }

  private other: string;
  private prompt = false;
}

type Typed = Pick<IEditorExtensionFactory.IOptions['model'], 'mimeType' | 'mimeTypeChanged'>;

const TYPES = new WeakMap<Typed, PromptType>();

/** Loads the application's Markdown when the first prompt is there. */
class LoadedGrammar implements Grammar {
  readonly changed = new Signal<this, undefined>(this);
  prompts: Prompts | null = null;

  constructor(private readonly languages: IEditorLanguageRegistry) {}

  load(): void {
    this.loading ??= this.get().catch((error: unknown) => {
      this.loading = undefined; // The next prompt tries again.
      console.warn('gemini-magic: prompts stay without colours, Markdown did not load', error);
    });
  }

  private async get(): Promise<void> {
    const known = this.languages.findByMIME(MARKDOWN) ?? this.languages.findByName('Markdown');
    const support = known && (await this.languages.getLanguage(known.name))?.support;
    this.prompts = support ? Prompts.of(support.language) : null;
    this.changed.emit(undefined);
  }

  private loading: Promise<void> | undefined;
}
