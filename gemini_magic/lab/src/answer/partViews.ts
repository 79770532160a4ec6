/** Pictures, files, calls, responses and parts of an unknown kind. */

import { Panel, Widget } from '@lumino/widgets';

import { visible } from '../model/characters';
import type { FilePart, ImagePart } from '../model/generated';
import {
  callCaption,
  fileCaption,
  imageCaption,
  notShown,
  opaqueCaption,
  responseCaption
} from './captions';
import { shownOutput } from './effort';
import { isSafeLink } from './sanitizer';
import { type Folds, Section, element } from './section';
import type { PartStep } from './steps';

/** A picture without a run of its own, a file, a call, a response, or an unknown part. */
export class PartView extends Panel {
  constructor(private readonly folds: Folds) {
    super();
    this.addClass('gm-Part');
  }

  draw(step: PartStep): void {
    const shown = JSON.stringify(step);
    if (shown === this.shown) {
      return;
    }
    this.shown = shown;
    for (const widget of [...this.widgets]) {
      widget.dispose();
    }
    this.addWidget(this.widgetFor(step));
  }

  private widgetFor({ index, part }: PartStep): Widget {
    const key = `${part.kind}:${index}`;
    switch (part.kind) {
      case 'image':
        return picture(part, 1);
      case 'file':
        return file(part);
      case 'call':
        return this.value(key, callCaption(part), part.args ?? {});
      case 'response':
        return this.value(key, responseCaption(part), part.response ?? {});
      case 'opaque':
        return this.value(key, opaqueCaption(part), part.raw);
    }
  }

  private value(key: string, summary: string, value: unknown): Section {
    const section = new Section(key, this.folds, 'gm-Value');
    section.summary.node.textContent = summary;
    const body = new Widget({ tag: 'pre' });
    body.addClass('gm-Output');
    body.addClass('gm-Body');
    const { text, more } = shownOutput(visible(JSON.stringify(value, null, 2)));
    body.node.textContent = text;
    section.add(body);
    if (more > 0) {
      section.add(new Widget({ node: element('p', 'gm-Note', notShown(more)) }));
    }
    return section;
  }

  private shown = '';
}

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** A picture; `times`: how often in a row the service sent the same bytes. */
export function picture(part: ImagePart, times: number): Widget {
  const widget = new Widget();
  const caption = imageCaption(part, times);
  widget.addClass('gm-Picture');
  if (!PICTURES.has(part.mime_type)) {
    // An SVG is a document that can carry script and requests: it is named, not drawn.
    widget.node.append(element('span', 'gm-Line', `Image (${caption}), not drawn here`));
    return widget;
  }
  if (part.data === undefined) {
    const lost = 'its bytes are no longer in this notebook';
    widget.node.append(element('span', 'gm-Line', `Image (${caption}), ${lost}`));
    return widget;
  }
  const image = element('img', 'gm-Image');
  image.alt = `Picture, ${caption}`;
  image.src = `data:${part.mime_type};base64,${part.data}`;
  widget.node.append(image);
  return widget;
}

function file(part: FilePart): Widget {
  const widget = new Widget();
  widget.addClass('gm-Line');
  widget.node.append(`File: ${fileCaption(part)} `);
  if (part.uri && isSafeLink(part.uri)) {
    widget.node.append(link(part.uri, part.uri));
  } else if (part.uri) {
    widget.node.append(visible(part.uri));
  }
  return widget;
}

/** A link to another site; `url` has been checked. */
export function link(url: string, words: string): HTMLAnchorElement {
  const anchor = element('a', 'gm-Link', words);
  anchor.href = url;
  anchor.target = '_blank';
  anchor.rel = 'noopener noreferrer';
  return anchor;
}
