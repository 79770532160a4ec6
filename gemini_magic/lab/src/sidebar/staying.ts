/** Whether a list stays at its end when something comes: until its user goes up; pure. */

/** So near to its end, in pixels, a list is at its end. */
const AT_END = 60;
/** How long a wheel, a key or a finger moves a list, in milliseconds. */
const MOVING = 1000;

/** What an element says of its scrolling. */
export type Position = Pick<Element, 'scrollTop' | 'scrollHeight' | 'clientHeight'>;

/**
 * Where the list stands says little about its user: a browser moves it too, when what is drawn above
 * takes another height or the end comes nearer, and tells of it when the list may have grown again.
 * So while sizes change only what the user does with a wheel, key, finger or the scrollbar counts.
 */
export class Staying {
  /** Whether the list is to be put to its end. */
  get atEnd(): boolean {
    return this.stays;
  }

  /** The user does what may scroll, at this time in milliseconds. */
  moves(now: number): void {
    this.until = now + MOVING;
  }

  /** The user has taken the scrollbar, or has let it go. */
  holds(on: boolean): void {
    this.held = on;
  }

  /** The list has been moved, by whomever. */
  moved(at: Position, now: number): void {
    const { scrollTop, scrollHeight, clientHeight } = at;
    const same = scrollHeight === this.last.scrollHeight && clientHeight === this.last.clientHeight;
    if (scrollHeight - clientHeight - scrollTop < AT_END) {
      this.stays = true;
    } else if (scrollTop < this.last.scrollTop - 1 && (same || this.held || now < this.until)) {
      this.stays = false;
    }
    this.last = { scrollTop, scrollHeight, clientHeight };
  }

  /** The list has been put to its end, and stays there. */
  put({ scrollTop, scrollHeight, clientHeight }: Position): void {
    this.stays = true;
    this.last = { scrollTop, scrollHeight, clientHeight };
  }

  /** The list is to go to its end, wherever it is. */
  toEnd(): void {
    this.stays = true;
  }

  private stays = true;
  private held = false;
  private until = -Infinity;
  private last: Position = { scrollTop: 0, scrollHeight: 0, clientHeight: 0 };
}
