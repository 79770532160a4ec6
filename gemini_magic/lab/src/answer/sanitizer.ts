/**
 * What JupyterLab's sanitizer leaves of untrusted HTML, narrowed to what an answer needs.
 *
 * The front end's own sanitizer removes what runs. It keeps what a hostile answer could still use:
 * pictures from other hosts (the request itself carries data out), form controls and buttons that
 * look like the application's, class names and styles that lay text over the page, and links to
 * files and commands of the application. The result is parsed in an inert document, so nothing is
 * loaded before it was looked at.
 */

import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';

const UNWRAPPED = new Set(
  ('form,button,input,textarea,select,option,optgroup,datalist,fieldset,label,legend,output,' +
    'audio,video,source,track,canvas,map,area,command,menu,meter,progress').split(',')
);

const ATTRIBUTES: Record<string, readonly string[]> = {
  a: ['href', 'title'],
  img: ['src', 'alt', 'title', 'width', 'height'],
  td: ['align', 'colspan', 'rowspan'],
  th: ['align', 'colspan', 'rowspan'],
  ol: ['start'],
  details: ['open']
};

/** Loads and runs nothing; one, since a document takes longer to make than a text to look through. */
const INERT = document.implementation.createHTMLDocument('');

const HIGHLIGHT = /^(language-[\w+#-]+|cm-[\w-]+|ͼ\w+)$/;
const PICTURE = /^data:image\/(png|jpeg|gif|webp);base64,/;

/** Whether a link of an answer may be followed. */
export function isSafeLink(url: string): boolean {
  return /^(https?:\/\/|mailto:)/i.test(url.trim());
}

export class AnswerSanitizer implements IRenderMime.ISanitizer {
  constructor(private readonly base: IRenderMime.ISanitizer) {}

  readonly allowNamedProperties = false;

  getAutolink(): boolean {
    return this.base.getAutolink?.() ?? true;
  }

  sanitize(dirty: string, options?: IRenderMime.ISanitizerOptions): string {
    const inert = INERT.createElement('div');
    inert.innerHTML = this.base.sanitize(dirty, options);
    for (const element of Array.from(inert.querySelectorAll('*'))) {
      narrow(element);
    }
    return inert.innerHTML;
  }
}

function narrow(element: Element): void {
  const tag = element.localName;
  if (tag === 'input' && element.getAttribute('type') === 'checkbox') {
    element.replaceWith(element.hasAttribute('checked') ? '☑ ' : '☐ ');
    return;
  }
  if (UNWRAPPED.has(tag)) {
    element.replaceWith(...Array.from(element.childNodes));
    return;
  }
  if (tag === 'img' && !PICTURE.test(element.getAttribute('src') ?? '')) {
    element.replaceWith(pictureLink(element));
    return;
  }
  const kept = ATTRIBUTES[tag] ?? [];
  const highlighted = element.closest('pre') !== null;
  for (const { name } of Array.from(element.attributes)) {
    if (name === 'class' && highlighted) {
      element.className = Array.from(element.classList)
        .filter(token => HIGHLIGHT.test(token))
        .join(' ');
    } else if (!kept.includes(name)) {
      element.removeAttribute(name);
    }
  }
  if (tag === 'a' && !isSafeLink(element.getAttribute('href') ?? '')) {
    element.removeAttribute('href');
  }
}

/** A picture from elsewhere is not loaded; a reader may follow the link to it. */
function pictureLink(image: Element): Element {
  const source = image.getAttribute('src') ?? '';
  const safe = isSafeLink(source);
  const link = image.ownerDocument.createElement(safe ? 'a' : 'span');
  if (safe) {
    link.setAttribute('href', source);
  }
  link.textContent = `[picture: ${image.getAttribute('alt') || source || 'no source'}]`;
  return link;
}
