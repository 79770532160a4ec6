/**
 * Characters that must not act: escape sequences, control and bidi characters made harmless.
 *
 * As `gemini_magic.text.visible` does: code with bidirectional overrides reads
 * differently from how it runs, and output of a terminal program carries escape sequences.
 */

import stripAnsi from 'strip-ansi';

const ACTING =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** What begins an escape sequence that never ends: it goes, the text behind it stays. */
const BEGUN = /\x1b/g;

/**
 * Control characters that get a picture; later ones are question marks. A picture stands in
 * another font than its neighbours: a hundred thousand of them hold the page up for half a minute.
 */
const PICTURED = 1000;

/** `text` with nothing in it that acts instead of being read; tabs and newlines stay. */
export function visible(text: string): string {
  let pictured = 0;
  return stripAnsi(text)
    .replace(BEGUN, '')
    .replace(/\r\n?/g, '\n')
    .replace(ACTING, character => {
      pictured += 1;
      return pictured > PICTURED && character !== '\x85' ? '?' : picture(character);
    })
    .toWellFormed();
}

function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) {
    return String.fromCharCode(0x2400 + code);
  }
  if (code === 0x7f) {
    return '\u2421';
  }
  if (code === 0x85 || code === 0x2028 || code === 0x2029) {
    return '\n';
  }
  return `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
}
