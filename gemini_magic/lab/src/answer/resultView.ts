/** One result of a run: its outcome as a badge in words, its output as text. */

import { Widget } from '@lumino/widgets';

import { visible } from '../model/characters';
import type { ResultPart } from '../model/generated';
import { countLines, notShown, oneLine, resultDetail } from './captions';
import { shownOutput } from './effort';
import { type Folds, Section, element } from './section';
import { outcomeWord } from './steps';

const MARKS: Record<string, string> = {
  OUTCOME_OK: '✓',
  OUTCOME_FAILED: '✗',
  OUTCOME_DEADLINE_EXCEEDED: '⧗'
};

/** Lines of output that stand without scrolling (`.gm-Output` in the style sheet). */
const WITHOUT_SCROLLING = 20;

export class ResultView extends Section {
  constructor(key: string, folds: Folds) {
    super(key, folds, 'gm-Result');
    this.output.addClass('gm-Output');
    this.output.addClass('gm-Body');
    this.add(this.output);
    this.more.addClass('gm-Note');
    this.add(this.more);
  }

  draw(result: ResultPart, open: boolean, drawn: number, changes = ''): void {
    const outcome = result.outcome ?? '';
    const output = visible(result.output ?? '');
    this.node.dataset.outcome = outcome;
    const mark = element('span', 'gm-Mark', MARKS[outcome] ?? '•');
    mark.setAttribute('aria-hidden', 'true');
    this.summary.node.replaceChildren(
      mark,
      'Result: ',
      element('span', 'gm-Badge', oneLine(outcomeWord(result.outcome), 60)),
      resultDetail(result, output, drawn, changes)
    );
    const { text, more } = shownOutput(output);
    if (this.output.node.textContent !== text) {
      this.output.node.textContent = text;
      this.more.node.textContent = more > 0 ? notShown(more) : '';
      if (countLines(output) > WITHOUT_SCROLLING) {
        // What scrolls must be reachable from the keyboard.
        this.output.node.tabIndex = 0;
      }
    }
    this.output.setHidden(output.trim() === '');
    this.more.setHidden(more === 0);
    this.suggest(open);
  }

  private readonly output = new Widget({ tag: 'pre' });
  private readonly more = new Widget({ tag: 'p' });
}
