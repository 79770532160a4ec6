/** Sources of a grounded answer as numbered links, and Google's search suggestions. */

import { link } from './partViews';
import { element } from './section';
import { type Json, isJson, sources } from './sources';

/**
 * Google's search suggestions as their terms ask for them: as rendered, in a frame of their own.
 *
 * The frame is sandboxed without scripts and has an origin of its own; its policy allows inline
 * style and nothing from the network. Links open in a new tab.
 */
export function suggestions(grounding: Json | null): HTMLIFrameElement | undefined {
  const metadata = grounding?.groundingMetadata;
  const entry = isJson(metadata) ? metadata.searchEntryPoint : undefined;
  const rendered = isJson(entry) ? entry.renderedContent : undefined;
  if (typeof rendered !== 'string' || !rendered.trim()) {
    return undefined;
  }
  const frame = element('iframe', 'gm-Suggestions');
  frame.setAttribute('sandbox', 'allow-popups allow-popups-to-escape-sandbox');
  frame.title = 'Google Search suggestions';
  frame.referrerPolicy = 'no-referrer';
  frame.srcdoc =
    '<!doctype html><meta charset="utf-8">' +
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; ` +
    `style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'">` +
    '<meta name="color-scheme" content="light dark"><base target="_blank">' +
    `<body style="margin:0;padding:4px 0">${rendered}`;
  return frame;
}

/** The list of sources, undefined when there are none. */
export function sourceList(grounding: Json | null): HTMLElement | undefined {
  const found = sources(grounding);
  if (!found.length) {
    return undefined;
  }
  const nav = element('div', 'gm-Sources');
  const items = element('ol', 'gm-SourceList');
  for (const { title, url } of found) {
    const item = element('li', '');
    item.append(url ? link(url, title) : title);
    items.append(item);
  }
  nav.append(element('p', 'gm-SourcesTitle', 'Sources'), items);
  return nav;
}
