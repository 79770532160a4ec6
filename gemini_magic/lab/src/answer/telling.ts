/**
 * Chooses the line of a piece of code that tells what it does, for the caption it folds to.
 *
 * The same choice as `gemini_magic.render.telling`, which says why; a test holds both to a table.
 */

import { visible } from '../model/characters';

/** Characters that are shown. */
const MOST = 60;

/** Characters that are searched. */
const SEARCHED = 20_000;

const TOKEN = either('gu', [
  /"""(?:\\[\s\S]|[^\\])*?(?:"""|(?![\s\S]))/,
  /'''(?:\\[\s\S]|[^\\])*?(?:'''|(?![\s\S]))/,
  /"(?:\\[\s\S]|[^"\\\n])*"?/,
  /'(?:\\[\s\S]|[^'\\\n])*'?/,
  /#[^\n]*|\\\n|[([{]|[)\]}]|[\n;]/,
  /[^"'#\\()[\]{}\n;]+|[\s\S]/
]);
const SAYS_NOTHING = either('y', [
  /(?:import|from)\b|[@%!]|(?:[A-Za-z]{0,2}'' ?)+$|(?:try|else|finally) ?:$/,
  /(?:pass|\.\.\.|None)$|if __name__ ?==/,
  /[A-Za-z_.]*(?:filterwarnings|simplefilter|set_option|set_printoptions|set_theme|seed)\(/,
  /[A-Za-z_.]*(?:style\.use|matplotlib\.use)\(/
]);
const ASSIGNS = /^[^=(){}<>!]+=(?!=)([\s\S]*)$/;
const CONSTANTS = /\b(?:True|False|None)\b|\b[rbfuRBFU]{1,2}(?='')|\b\d[\w.]*/g;
const LETTER = /[A-Za-z_\u{80}-\u{10ffff}]/u;

/** The first telling statement of `code` on one line, cut; empty when it has none. */
export function telling(code: string): string {
  let constant = '';
  const searched = code.length > SEARCHED ? Array.from(code).slice(0, SEARCHED).join('') : code;
  for (const [shown, bare] of statements(visible(searched))) {
    SAYS_NOTHING.lastIndex = 0;
    if (!bare || SAYS_NOTHING.test(bare)) {
      continue;
    }
    const assigned = ASSIGNS.exec(bare)?.[1];
    if (assigned === undefined || LETTER.test(assigned.replace(CONSTANTS, ''))) {
      return cut(shown);
    }
    constant ||= cut(shown);
  }
  return constant;
}

/** Each statement without its comments; and the same with every string empty. */
function* statements(code: string): Generator<[string, string]> {
  let shown = '';
  let bare = '';
  let depth = 0;
  for (const [token] of code.matchAll(TOKEN)) {
    if ((token === '\n' || token === ';') && depth === 0) {
      yield [line(shown), line(bare)];
      shown = bare = '';
    } else if (token.startsWith('#')) {
      continue;
    } else if (token === '\\\n') {
      shown += ' ';
      bare += ' ';
    } else {
      depth = Math.max(0, depth + Number('([{'.includes(token)) - Number(')]}'.includes(token)));
      shown += token;
      bare += /^["']/.test(token) ? "''" : token;
    }
  }
  yield [line(shown), line(bare)];
}

/** `text` on one line; what stands in brackets over several lines as if it stood in one. */
function line(text: string): string {
  return text
    .replace(/[ \t\n]+/g, space => (space.includes('\n') ? '\n' : ' '))
    .replace(/([([{])\n/g, '$1')
    .replace(/\n(?=[)\]}.])/g, '')
    .replaceAll('\n', ' ')
    .replace(/^ | $/g, '');
}

function cut(shown: string): string {
  const characters = Array.from(shown);
  if (characters.length <= MOST) {
    return shown;
  }
  return `${characters.slice(0, MOST - 1).join('').replace(/ +$/, '')}…`;
}

function either(flags: string, patterns: RegExp[]): RegExp {
  return new RegExp(patterns.map(pattern => pattern.source).join('|'), flags);
}
