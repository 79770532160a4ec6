/**
 * How much work a Markdown text makes for the page, told before the page has to do it.
 *
 * The front end's parser takes quadratic time for marks that never close, overflows its stack on
 * deep nesting, and works in one go: a hostile answer could hold the page up for minutes. What is
 * too much is shown as the words it consists of.
 */

/** Characters of one text that are drawn at all; the rest is told of, and can be copied. */
export const MOST = 1_000_000;

/** Characters of an output, or of a text that is not drawn as Markdown, that are shown. */
const OUTPUT = 100_000;

/** Characters of one block that are parsed. */
const BLOCK = 60_000;

/** Marks that may open something times the characters that are searched for their end. */
const SEARCH = 40_000_000;

/** Formulas in one piece: each takes the page about a millisecond. */
const FORMULAS = 400;

const MARK = /[*_~`[<!\\$@]|:\/\//g;
const FORMULA = /\$|\\[([]|\\begin/g;
const DEEP = /^(?:[ \t]*(?:[-*+>]|\d{1,9}[.)])){40}|^[ \t]{200,}(?:[-*+>]|\d{1,9}[.)])/m;
const ROW = /^ {0,3}\|/;

/** What is shown of a program's output, and how much is left out. */
export function shownOutput(output: string): { text: string; more: number } {
  return { text: output.slice(0, OUTPUT), more: Math.max(0, output.length - OUTPUT) };
}

/** Whether drawing `piece`, which is parsed in one go, would hold the page up. */
export function tooMuch(piece: string): boolean {
  if (piece.length > BLOCK || DEEP.test(piece) || count(piece, FORMULA) > FORMULAS) {
    return true;
  }
  let searched = 0;
  for (const block of piece.split(/\n[ \t]*\n/)) {
    // The cells of a table are each parsed on their own.
    for (const part of ROW.test(block) ? block.split('\n') : [block]) {
      searched += count(part, MARK) * part.length;
    }
  }
  return searched > SEARCH;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
