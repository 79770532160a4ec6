/** Work that is done one piece a frame, so that the page is never held up for long. */

export class OneByOne<T> {
  /** `work` says whether there was anything to do; else the next one has its turn at once. */
  constructor(private readonly work: (item: T) => boolean) {}

  add(item: T): void {
    this.waiting.add(item);
    this.frame ||= requestAnimationFrame(this.next);
  }

  delete(item: T): void {
    this.waiting.delete(item);
  }

  clear(): void {
    this.waiting.clear();
  }

  dispose(): void {
    this.clear();
    cancelAnimationFrame(this.frame);
  }

  private readonly next = (): void => {
    this.frame = 0;
    for (const item of this.waiting) {
      this.waiting.delete(item);
      if (this.work(item)) {
        break;
      }
    }
    if (this.waiting.size) {
      this.frame = requestAnimationFrame(this.next);
    }
  };

  private readonly waiting = new Set<T>();
  private frame = 0;
}
