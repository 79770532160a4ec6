/** Numbers, times and sizes in words. */

export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;
}

/** "840 ms", "4.2 s", "2 min 5 s". */
export function duration(ms: number): string {
  if (ms < 1000) {
    return `${Math.round(ms)} ms`;
  }
  const seconds = ms / 1000;
  if (seconds < 60) {
    return `${seconds.toFixed(1)} s`;
  }
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** The number of lines a reader counts: a final newline ends the last line, it starts none. */
export function lines(text: string): number {
  const trimmed = text.replace(/\n+$/, '');
  return trimmed === '' ? 0 : trimmed.split('\n').length;
}

/** An ISO date for a reader: "3 Sep 2026, 14:02"; what is no date comes back as it is. */
export function date(iso: string): string {
  const value = new Date(iso);
  if (Number.isNaN(value.valueOf())) {
    return iso;
  }
  return value.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

/** Size of base64 data: "12 kB". */
export function size(base64: string): string {
  const bytes = Math.floor((base64.replace(/=+$/, '').length * 3) / 4);
  return bytes < 1000 ? count(bytes, 'byte') : `${Math.round(bytes / 1000).toLocaleString('en-US')} kB`;
}

const LANGUAGES: Record<string, string> = { PYTHON: 'Python', LANGUAGE_UNSPECIFIED: 'Code' };

/** The name of a language as the service spells it. */
export function language(name: string): string {
  return LANGUAGES[name] ?? name;
}
