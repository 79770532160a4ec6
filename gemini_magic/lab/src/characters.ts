/**
 * Characters that must not act: escape sequences, control and bidi characters made harmless.
 *
 * As `gemini_magic.render.characters.visible` does: code with bidirectional overrides reads
 * differently from how it runs, and output of a terminal program carries escape sequences.
 */

import stripAnsi from 'strip-ansi';

const ACTING =
  /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** `text` with nothing in it that acts instead of being read; tabs and newlines stay. */
export function visible(text: string): string {
  return stripAnsi(text).replace(/\r\n?/g, '\n').replace(ACTING, picture).toWellFormed();
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
