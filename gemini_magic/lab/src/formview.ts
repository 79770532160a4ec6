/** An answer as its asker wanted it (`--view markdown` or `plain`): one form of the bundle, whole. */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Panel, Widget } from '@lumino/widgets';

import { picture } from './partviews';
import { Prose } from './prose';
import type { ImagePart, Turn } from './turn';
import type { Look } from './turnview';

export class FormView extends Panel {
  /** `said`: the text of that form; Markdown only names its pictures, so they follow it. */
  constructor(options: IRenderMime.IRendererOptions, turn: Turn, look: Look, said: string) {
    super();
    this.addClass('gm-Turn');
    this.addClass('gm-Form');
    this.node.dataset.turn = turn.id;
    this.node.dataset.status = turn.status;
    if (look.form === 'text/plain') {
      const plain = new Widget({ tag: 'pre' });
      plain.node.textContent = said;
      this.addWidget(plain);
      return;
    }
    const prose = new Prose(options);
    prose.setText(said, true);
    this.addWidget(prose);
    if (look.show === 'all' || look.show === 'results') {
      const images = turn.parts.filter((part): part is ImagePart => part.kind === 'image');
      images.forEach(image => {
        this.addWidget(picture(image, 1));
      });
    }
  }
}
