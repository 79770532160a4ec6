/** Draws what waits out of sight, one after the other, while nothing else is to be done. */

/** Milliseconds that must be left: a browser gives as many only where no frame is awaited. */
const ENOUGH = 20;

/** How long it is not tried again when nothing could be drawn yet, in milliseconds. */
const PAUSE = 500;

export interface Waiting {
  /** Draw it, unless that would be in the way; returns whether it waits no longer. */
  drawAhead(): boolean;
}

/** Those that wait, in the order in which they came. A browser without idle time draws none. */
export class Ahead {
  add(one: Waiting): void {
    this.waiting.add(one);
    this.ask();
  }

  delete(one: Waiting): void {
    this.waiting.delete(one);
  }

  private ask(): void {
    if (!this.asked && this.waiting.size > 0 && 'requestIdleCallback' in window) {
      this.asked = true;
      window.requestIdleCallback(idle => {
        this.draw(idle);
      });
    }
  }

  private draw(idle: IdleDeadline): void {
    for (const one of this.waiting) {
      if (idle.timeRemaining() < ENOUGH) {
        this.askAgain();
        return;
      }
      if (one.drawAhead()) {
        this.waiting.delete(one);
      }
    }
    // One pause at a time, however many come meanwhile.
    window.setTimeout(() => {
      this.askAgain();
    }, PAUSE);
  }

  private askAgain(): void {
    this.asked = false;
    this.ask();
  }

  private readonly waiting = new Set<Waiting>();
  /** Idle time is asked for, or will be after a pause. */
  private asked = false;
}
