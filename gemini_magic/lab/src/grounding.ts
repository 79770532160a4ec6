/** Sources of a grounded answer as numbered links, and Google's search suggestions. */

import { oneLine } from './captions';
import { link } from './partviews';
import { element } from './section';

export interface Source {
  title: string;
  url?: string;
}

type Json = Record<string, unknown>;

/** `url` when it is http or https without white space, quotes or controls. */
export function linkable(url: unknown): string | undefined {
  if (typeof url !== 'string' || url.length > 8000 || /[\s<>"'`\\\p{Cc}]/u.test(url)) {
    return undefined;
  }
  try {
    const { protocol, host } = new URL(url);
    return (protocol === 'https:' || protocol === 'http:') && host ? url : undefined;
  } catch {
    return undefined;
  }
}

/** The sources in the order of Gemini's chunk indices, then pages read and works cited. */
export function sources(grounding: Json | null): Source[] {
  const found = new Map<string, Source>();
  for (const [title, url] of named(grounding ?? {})) {
    const good = linkable(url);
    const key = good ?? `${String(title)}\0${String(url)}`;
    const words = typeof title === 'string' && title.trim() ? title : url;
    if (found.has(key) || typeof words !== 'string' || !words.trim()) {
      continue;
    }
    const aside = !good && typeof url === 'string' && url !== words ? ` (${oneLine(url)})` : '';
    found.set(key, { title: oneLine(words) + aside, url: good });
  }
  return [...found.values()];
}

function* named(grounding: Json): Generator<[unknown, unknown]> {
  for (const chunk of list(grounding.groundingMetadata, 'groundingChunks')) {
    for (const kind of ['web', 'maps', 'retrievedContext', 'image']) {
      const page = chunk[kind];
      if (isJson(page)) {
        yield [page.title || page.domain, page.uri || page.sourceUri];
      }
    }
  }
  for (const page of list(grounding.urlContextMetadata, 'urlMetadata')) {
    const status = page.urlRetrievalStatus;
    const url = page.retrievedUrl;
    if (status === undefined || status === 'URL_RETRIEVAL_STATUS_SUCCESS') {
      yield [undefined, url];
    } else if (typeof url === 'string' && typeof status === 'string') {
      const reason = status.replace(/^URL_RETRIEVAL_STATUS_/, '').toLowerCase();
      yield [`${oneLine(url)} (not read: ${reason})`, url];
    }
  }
  for (const work of list(grounding.citationMetadata, 'citations')) {
    yield [work.title, work.uri];
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function list(holder: unknown, name: string): Json[] {
  const items = isJson(holder) ? holder[name] : undefined;
  return Array.isArray(items) ? items.filter(isJson) : [];
}

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
