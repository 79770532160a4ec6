/** What goes with the next prompt: chips of what was chosen, and the picker that chooses. */

import { Widget } from '@lumino/widgets';

import { oneLine } from '../answer/captions';
import { button, element } from '../answer/section';
import type { Attachable } from '../model/generated';
import type { Session } from './session';

export class Attaching extends Widget {
  constructor() {
    super();
    this.addClass('gm-Attaching');
    this.chips.setAttribute('aria-label', 'Attached to the next prompt');
    this.list.setAttribute('aria-label', 'What can be attached');
    this.list.setAttribute('role', 'group');
    this.filter.type = 'text';
    this.filter.placeholder = 'Variable, path or pattern';
    this.filter.setAttribute('aria-label', 'Find a variable or file, or type one and press Enter');
    this.filter.addEventListener('input', () => {
      this.drawList();
      this.browse();
    });
    this.filter.addEventListener('keydown', event => {
      const word = this.filter.value.trim();
      if (event.key === 'Enter' && word) {
        event.preventDefault();
        this.filter.value = '';
        this.attach(word, true);
        this.browse();
        this.drawList();
      }
    });
    this.filter.addEventListener('focus', () => {
      this.renew();
    });
    this.picker.append(this.toggle, this.filter, this.list);
    this.picker.addEventListener('toggle', () => {
      if (this.picker.open) {
        void this.look('');
      }
    });
    this.node.append(this.chips, this.picker);
  }

  bind(session: Session | undefined): void {
    if (session !== this.session) {
      this.session = session;
      this.picker.open = false;
      this.filter.value = '';
      this.found = [];
      this.drawList();
    }
    this.draw();
  }

  draw(): void {
    const attached = this.session?.attached ?? [];
    const key = JSON.stringify(attached);
    if (key !== this.drawn) {
      this.drawn = key;
      this.chips.replaceChildren(...attached.map(word => this.chip(word)));
      // Not drawn anew: the box that was just ticked keeps the focus.
      this.boxes.forEach((box, name) => {
        box.checked = attached.includes(name);
      });
    }
    this.chips.hidden = !attached.length;
    this.picker.hidden = this.session?.connectionState !== 'ready';
    if (this.session?.runs !== this.runs) {
      this.renew();
    }
  }

  /** What can be attached may be another now: look again where somebody sees it. */
  private renew(): void {
    if (this.picker.open && !this.picker.hidden && !this.looking) {
      void this.look(this.folder);
    }
  }

  private chip(word: string): HTMLElement {
    const chip = element('li', 'gm-Chip', `${oneLine(word, 40)} `);
    const remove = button('detach', '×', () => {
      this.attach(word, false);
      this.toggle.focus();
    });
    remove.setAttribute('aria-label', `Do not attach ${oneLine(word, 40)}`);
    chip.append(remove);
    return chip;
  }

  private attach(word: string, on: boolean): void {
    if (this.session) {
      const others = this.session.attached.filter(other => other !== word);
      this.session.attached = on ? [...others, word] : others;
      this.draw();
    }
  }

  /** Files of the folder that is being typed. */
  private browse(): void {
    const folder = /^(.*\/)[^/]*$/.exec(this.filter.value)?.[1] ?? '';
    if (folder !== this.folder) {
      void this.look(folder);
    }
  }

  private async look(folder: string): Promise<void> {
    const { session } = this;
    this.folder = folder;
    this.runs = session?.runs;
    this.looking += 1;
    try {
      const { variables, files } = (await session?.attachable(folder)) ?? {
        variables: [],
        files: []
      };
      if (session === this.session && folder === this.folder) {
        // What a path names is not taken for an expression.
        const found = [...variables, ...files.map(file => ({ ...file, name: asPath(file.name) }))];
        if (JSON.stringify(found) !== JSON.stringify(this.found)) {
          this.found = found;
          this.drawList();
        }
      }
    } catch (error) {
      session?.fail(error);
    } finally {
      this.looking -= 1;
    }
    this.draw(); // Code may have ended meanwhile.
  }

  private drawList(): void {
    const wanted = this.filter.value.trim().toLowerCase();
    const attached = new Set(this.session?.attached);
    const { scrollTop } = this.list;
    const focused = [...this.boxes].find(([, box]) => box === document.activeElement)?.[0];
    this.boxes.clear();
    const shown = this.found.filter(({ name }) => name.toLowerCase().includes(wanted));
    this.list.replaceChildren(
      ...shown.map(one => this.choice(one, attached.has(one.name))),
      ...(shown.length ? [] : [element('p', 'gm-Hint', 'Nothing here by that name.')])
    );
    // The list may be renewed under somebody's hands.
    this.list.scrollTop = scrollTop;
    this.boxes.get(focused ?? '')?.focus({ preventScroll: true });
  }

  private choice({ name, what }: Attachable, chosen: boolean): HTMLElement {
    if (name.endsWith('/')) {
      return button('folder', oneLine(name, 60), () => {
        this.filter.value = name;
        this.browse();
        this.drawList();
        this.filter.focus();
      });
    }
    const label = element('label', 'gm-Choice');
    const box = element('input', '');
    box.type = 'checkbox';
    this.boxes.set(name, box);
    box.checked = chosen;
    box.addEventListener('change', () => {
      this.attach(name, box.checked);
    });
    label.append(box, ` ${oneLine(name, 60)} `, element('span', 'gm-Hint', oneLine(what, 60)));
    return label;
  }

  private readonly chips = element('ul', 'gm-Chips');
  private readonly picker = element('details', 'gm-Picker');
  private readonly toggle = element('summary', 'gm-Summary', 'Attach');
  private readonly filter = element('input', 'gm-Find');
  private readonly list = element('div', 'gm-Choices');
  private readonly boxes = new Map<string, HTMLInputElement>();
  private session: Session | undefined;
  private found: Attachable[] = [];
  private folder = '';
  /** How many runs of code the list knows of, and how often it is being asked for now. */
  private runs: number | undefined;
  private looking = 0;
  private drawn = '[]';
}

function asPath(name: string): string {
  return /^(~|\.{0,2}\/)/.test(name) ? name : `./${name}`;
}
