/** The sentence with which the offline emulator ends its answers: here it is a badge, not a paragraph. */

/** As `gemini_magic.emulator.performer` writes them; a test compares. */
const NOTES = [
  '(offline emulator: scripted words, code really run)',
  '(offline emulator: scripted words, code run in your kernel)',
  '(offline emulator: scripted words, no code was run)'
];

/** What the badge says of an answer without such a sentence, one in JSON for example. */
export const UNSAID = '(offline emulator: scripted words)';

/** `text` without that sentence at its end, and the sentence; of a `growing` text its beginning. */
export function apart(text: string, growing = false): { text: string; note: string } {
  const at = text.lastIndexOf('(');
  const tail = at < 0 ? '' : text.slice(at).trimEnd();
  const alone = at === 0 || text.slice(0, at).endsWith('\n');
  const known = NOTES.find(note => (growing ? note.startsWith(tail) : note === tail));
  return tail && alone && known ? { text: text.slice(0, at).trimEnd(), note: known } : { text, note: '' };
}
