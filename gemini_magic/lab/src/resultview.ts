/** One result of a run: its outcome as a badge in words, its output as text. */

import { Widget } from '@lumino/widgets';
import stripAnsi from 'strip-ansi';

import { type Folds, Section, element } from './section';
import { outcomeWord } from './steps';
import type { ResultPart } from './turn';
import { count, lines } from './words';

const MARKS: Record<string, string> = {
  OUTCOME_OK: '✓',
  OUTCOME_FAILED: '✗',
  OUTCOME_DEADLINE_EXCEEDED: '⧗'
};

export class ResultView extends Section {
  constructor(key: string, folds: Folds) {
    super(key, folds, 'gm-Result');
    this.output.addClass('gm-Output');
    this.output.addClass('gm-Body');
    this.add(this.output);
  }

  show(result: ResultPart, open: boolean): void {
    const outcome = result.outcome ?? '';
    const output = stripAnsi(result.output ?? '');
    const size = lines(output);
    this.node.dataset.outcome = outcome;
    const badge = element('span', 'gm-Badge');
    const mark = element('span', 'gm-Mark', MARKS[outcome] ?? '•');
    mark.setAttribute('aria-hidden', 'true');
    badge.append(mark, outcomeWord(result.outcome));
    this.summary.node.replaceChildren(
      'Result: ',
      badge,
      size ? `, ${count(size, 'line')}` : ', no output'
    );
    if (this.output.node.textContent !== output) {
      this.output.node.textContent = output;
      // A long output scrolls, and what scrolls must be reachable from the keyboard.
      this.output.node.tabIndex = size > 20 ? 0 : -1;
    }
    this.output.setHidden(size === 0);
    this.suggest(open);
  }

  private readonly output = new Widget({ tag: 'pre' });
}
