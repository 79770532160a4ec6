/** Below the prompt: the model, fed by the backend; who answers; what this session has used. */

import { Widget } from '@lumino/widgets';

import { oneLine, sandbox } from '../answer/captions';
import { element } from '../answer/section';
import type { Session } from './session';

export class Footer extends Widget {
  constructor() {
    super();
    this.addClass('gm-Footer');
    this.model.setAttribute('aria-label', 'Model');
    this.model.addEventListener('change', () => {
      void this.choose();
    });
    // The backend is asked for its models when somebody looks for one, and once a kernel.
    const list = (): void => {
      void this.list();
    };
    this.model.addEventListener('focus', list);
    this.model.addEventListener('pointerenter', list);
    this.where.setAttribute('aria-label', 'Where the code of answers runs');
    this.where.addEventListener('change', () => {
      if (this.session) {
        this.session.here = this.where.value === 'here';
      }
    });
    this.node.append(this.model, this.where, this.facts);
    this.facts.setAttribute('aria-label', 'Backend and usage of this session');
    this.facts.setAttribute('role', 'note');
  }

  bind(session: Session | undefined): void {
    this.session = session;
    this.draw();
  }

  private async choose(): Promise<void> {
    if (!(await this.session?.command('model', [this.model.value]))) {
      this.drawn = ''; // What was in force still is.
      this.draw();
    }
  }

  draw(): void {
    const { session } = this;
    const state = session?.state;
    this.model.disabled = session?.connectionState !== 'ready' || !state;
    const listed = (session && this.listed.get(session)) ?? [];
    const names = [...new Set([...(state?.models ?? []), ...listed])];
    const key = JSON.stringify([state?.model, names]);
    if (key !== this.drawn) {
      this.drawn = key;
      this.model.replaceChildren(
        ...names.map(name => {
          const option = element('option', '', oneLine(name, 60));
          option.value = name;
          option.selected = name === state?.model;
          return option;
        })
      );
    }
    this.drawPlace(session);
    this.facts.textContent = state ? said(state.usage, state.backend) : '';
  }

  private drawPlace(session: Session | undefined): void {
    const state = session?.state;
    const can = session?.canRunHere === true;
    const places: [string, string][] = [
      ['sandbox', `Code runs in: ${sandbox(state?.backend.kind ?? '')}`],
      ['here', can ? 'Code runs in: this kernel' : 'This kernel: needs ipykernel 7 or later']
    ];
    const key = JSON.stringify([places, can]);
    if (key !== this.places) {
      this.places = key; // Only then: a list that is open would close.
      this.where.replaceChildren(
        ...places.map(([name, words]) => {
          const option = element('option', '', words);
          option.value = name;
          option.disabled = name === 'here' && !can;
          return option;
        })
      );
    }
    this.where.title = can
      ? 'This kernel: after your word on each piece of code, when no cell runs'
      : 'This kernel does not hear your word while code waits for it: ask in a cell with --here';
    this.where.value = session?.here ? 'here' : 'sandbox';
    this.where.disabled = this.model.disabled;
  }

  private async list(): Promise<void> {
    const { session } = this;
    if (!session?.state || this.listed.has(session)) {
      return;
    }
    this.listed.set(session, []);
    try {
      this.listed.set(session, await session.models());
    } catch (error) {
      this.listed.delete(session);
      session.fail(error);
    }
    this.draw();
  }

  private readonly model = element('select', 'gm-Select gm-Model');
  private readonly where = element('select', 'gm-Select gm-Where');
  private readonly facts = element('p', 'gm-Facts');
  private readonly listed = new WeakMap<Session, string[]>();
  private session: Session | undefined;
  private drawn = '';
  private places = '';
}

function said(
  usage: { calls: number; tokens: number; cost: string },
  backend: { ok: boolean; said: string }
): string {
  const who = backend.ok ? oneLine(backend.said, 100) : 'no backend';
  if (!usage.calls) {
    return who;
  }
  const calls = usage.calls === 1 ? '1 call' : `${usage.calls.toLocaleString('en-US')} calls`;
  const tokens = `${usage.tokens.toLocaleString('en-US')} tokens`;
  return [who, `this session: ${calls}, ${tokens}`, oneLine(usage.cost, 80)]
    .filter(Boolean)
    .join(' · ');
}
