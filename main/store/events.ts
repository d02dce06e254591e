// Facts, told after they are committed, to whoever listens in this process.

export type Listener<E> = (event: E) => void;

export class Events<E extends { event: string }> {
  private readonly listeners = new Set<Listener<E>>();
  private readonly onError: (error: unknown) => void;

  /** A listener's mistake is its own: it is reported, and the others still hear. */
  constructor(onError: (error: unknown) => void) {
    this.onError = onError;
  }

  publish(events: readonly E[]): void {
    for (const event of events)
      for (const listener of [...this.listeners]) {
        // Who was told to stop while this event went round hears no more: what it needs may be closed.
        if (!this.listeners.has(listener)) continue;
        try {
          const answer: unknown = listener(event);
          if (answer instanceof Promise) answer.catch(this.onError);
        } catch (error) {
          this.onError(error);
        }
      }
  }

  /** Returns how to stop listening. */
  subscribe(listener: Listener<E>): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  on<N extends E['event']>(name: N, listener: Listener<Extract<E, { event: N }>>): () => void {
    return this.subscribe((event) => {
      if (event.event === name) return listener(event as Extract<E, { event: N }>);
    });
  }

  get size(): number {
    return this.listeners.size;
  }
}
