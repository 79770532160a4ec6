/** How a prompt reads: its first line as options, what follows as Markdown. */

import { Language, defineLanguageFacet, languageDataProp } from '@codemirror/language';
import { tags } from '@lezer/highlight';
import type { MarkdownParser } from '@lezer/markdown';

/** A piece of the option line, `from` and `to` within it. */
export interface Piece {
  kind: 'Magic' | 'Option' | 'Value';
  from: number;
  to: number;
}

const QUOTED = /^(?:'[^']*'?|"(?:\\.|[^"\\])*"?)$/;
/** As a shell splits words: quotes hold blanks, also behind an equals sign. */
const WORD = /(?:'[^']*(?:'|$)|"(?:\\.|[^"\\])*(?:"|\\?$)|\\.|[^\s'"\\]|\\$)+/g;

/** Read the option line of a prompt: the magic, options, and values that are quoted or numbers. */
export function optionLine(line: string): Piece[] {
  const pieces: Piece[] = [];
  for (const { 0: word, index: from } of line.matchAll(WORD)) {
    const to = from + word.length;
    if (!pieces.length) {
      pieces.push({ kind: 'Magic', from, to });
      continue;
    }
    const option = /^--?[A-Za-z][\w-]*/.exec(word)?.[0] ?? '';
    if (option) {
      pieces.push({ kind: 'Option', from, to: from + option.length });
    }
    const start = option && word[option.length] === '=' ? option.length + 1 : option.length;
    const value = word.slice(start);
    if (QUOTED.test(value) || /^\d+(?:\.\d+)?$/.test(value)) {
      pieces.push({ kind: 'Value', from: from + start, to });
    }
  }
  return pieces;
}

/**
 * The offset of the line that `%%magic` begins, or -1: as IPython, and our input transform, see it.
 *
 * `lines`: those of the cell, as far as they are needed.
 */
export function promptStart(lines: Iterable<string>, magic: string): number {
  let at = 0;
  for (const line of lines) {
    const text = line.trimStart();
    if (text) {
      const word = text.startsWith(`%%${magic}`) ? text.slice(magic.length + 2) : 'x';
      return /^[\p{L}\p{N}_?]/u.test(word) ? -1 : at;
    }
    at += line.length + 1;
  }
  return -1;
}

/** The languages of prompts: the application's own Markdown, with fences, formulas and tables. */
export class Prompts {
  /** Null when `markdown` is not read by @lezer/markdown, which alone can be extended. */
  static of(markdown: Language): Prompts | null {
    const parser = markdown.parser as MarkdownParser;
    return typeof parser.parseInline === 'function' ? new Prompts(parser) : null;
  }

  private constructor(private readonly markdown: MarkdownParser) {}

  /** The language of a prompt whose option line begins at `start`. */
  at(start: number): Language {
    const known = this.languages.get(start);
    if (known) {
      return known;
    }
    const parser = this.markdown.configure({
      props: [languageDataProp.add({ Document: DATA })],
      defineNodes: [
        { name: 'OptionLine', block: true },
        { name: 'Magic', style: tags.meta },
        { name: 'Option', style: tags.attributeName },
        { name: 'Value', style: tags.string }
      ],
      parseBlock: [
        {
          name: 'OptionLine',
          before: 'LinkReference', // The first of all: an indented line is no code block here.
          parse: (context, line) => {
            if (context.lineStart !== start) {
              return false;
            }
            const pieces = optionLine(line.text).map(({ kind, from, to }) =>
              context.elt(kind, start + from, start + to)
            );
            context.addElement(
              context.elt('OptionLine', start, start + line.text.length, pieces)
            );
            context.nextLine();
            return true;
          }
        }
      ]
    });
    const language = new Language(DATA, parser, [], 'gemini');
    this.languages.set(start, language);
    return language;
  }

  private readonly languages = new Map<number, Language>();
}

/** Ctrl-/ takes a whole cell out of use, and back, as it does with every other code cell. */
const DATA = defineLanguageFacet({ commentTokens: { line: '#' } });
