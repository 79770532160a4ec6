/** Where a Markdown text that is still growing may be cut, so that what is before can stay. */

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const DEFINITION = /^ {0,3}\[[^\]\n]{1,200}\]:[ \t]*\n?[ \t]*\S.*$/gm;
const CONTINUES = /^(\s|[-*+]\s|\d{1,9}[.)]\s|[>|])/;

/** The largest offset in `text` before which nothing can change any more, or 0. */
export function settled(text: string): number {
  return cuts(text).at(-1) ?? 0;
}

/**
 * The offsets at which `text` may be cut into pieces that are drawn each on its own.
 *
 * A cut is a blank line outside a fence and outside display math, followed by the whole first
 * characters of a line that starts a block of its own (no list item, quote, table or indent, which
 * could belong to what is before). Links defined elsewhere: see `definitions`.
 */
export function cuts(text: string): number[] {
  const found: number[] = [];
  let offset = 0;
  let fence: string | undefined;
  let math = false;
  let blank = false;
  const lines = text.split('\n');
  lines.forEach((line, index) => {
    const complete = index < lines.length - 1;
    if (!fence && !math && blank && offset > 0 && startsBlock(line, complete)) {
      found.push(offset);
    }
    const mark = FENCE.exec(line)?.[1];
    if (fence) {
      if (mark && mark[0] === fence[0] && mark.length >= fence.length && line.trim() === mark) {
        fence = undefined;
      }
    } else if (mark) {
      fence = mark;
    } else if ((line.match(/(?<!\\)\$\$/g)?.length ?? 0) % 2 === 1) {
      math = !math;
    }
    blank = line.trim() === '';
    offset += line.length + 1;
  });
  return found;
}

/** Definitions of links in `text` (`[a]: https://...`), for pieces that are drawn without it. */
export function definitions(text: string): string {
  return text.includes(']:') ? (text.match(DEFINITION) ?? []).join('\n') : '';
}

function startsBlock(line: string, complete: boolean): boolean {
  if (line.trim() === '' || CONTINUES.test(line)) {
    return false;
  }
  // An unfinished line may still turn out to be a list item: "1" may become "1. ".
  return complete || !/^(\d{1,9}[.)]?|[-*+])$/.test(line);
}
