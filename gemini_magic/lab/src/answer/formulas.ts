/**
 * Formulas in `\( \)` and `\[ \]`, which models write too, as JupyterLab's Markdown reads them: with
 * one backslash more. CommonMark takes the only one away, and words in brackets would be left.
 */

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const INDENTED = /^(?: {4}|\t)/;
const LISTED = /^\s*(?:[-*+]|\d{1,9}[.)])\s/;
const MARK = /\\\\|`+|\\[([]/g;

/** `text` (Markdown) with its bracketed formulas so that they are typeset; code stays as it is. */
export function typeset(text: string): string {
  if (!/\\[([]/.test(text)) {
    return text;
  }
  const made: string[] = [];
  let block: string[] = [];
  let fence: string | undefined;
  let list = false;
  const end = (): void => {
    const indented = INDENTED.test(block[0] ?? '') && !list;
    const whole = block.join('\n');
    if (block.length) {
      made.push(indented ? whole : inBlock(whole));
    }
    block = [];
  };
  for (const line of text.split('\n')) {
    const mark = FENCE.exec(line)?.[1];
    if (fence) {
      made.push(line);
      if (mark && mark[0] === fence[0] && mark.length >= fence.length && line.trim() === mark) {
        fence = undefined;
      }
    } else if (mark || line.trim() === '') {
      end();
      made.push(line);
      fence = mark;
    } else {
      list = LISTED.test(line) || (list && (block.length > 0 || /^\s/.test(line)));
      block.push(line);
    }
  }
  end();
  return made.join('\n');
}

function inBlock(block: string): string {
  let made = '';
  let from = 0;
  const missing = new Set<string>(); // searched for once, not once for each opening
  MARK.lastIndex = 0;
  for (let found = MARK.exec(block); found; found = MARK.exec(block)) {
    const [mark] = found;
    const after = found.index + mark.length;
    if (mark === '\\\\' || missing.has(mark)) {
      continue;
    }
    const code = mark.startsWith('`');
    const closing = code ? mark : mark === '\\(' ? '\\)' : '\\]';
    const at = code ? sameRun(block, mark, after) : block.indexOf(closing, after);
    if (at < 0) {
      missing.add(mark);
      continue;
    }
    const inside = block.slice(after, at);
    if (!code && inside.trim() && !/[`\\]$|`/.test(inside)) {
      made += `${block.slice(from, found.index)}\\${mark}${inside}\\${closing}`;
      from = at + closing.length;
      MARK.lastIndex = from;
    } else if (code) {
      MARK.lastIndex = at + mark.length;
    }
  }
  return made + block.slice(from);
}

/** Where the next run of exactly these backticks is, or -1. */
function sameRun(block: string, run: string, from: number): number {
  for (let at = block.indexOf(run, from); at >= 0; at = block.indexOf(run, at)) {
    let end = at;
    while (block[end] === '`') {
      end++;
    }
    if (end - at === run.length) {
      return at;
    }
    at = end;
  }
  return -1;
}
