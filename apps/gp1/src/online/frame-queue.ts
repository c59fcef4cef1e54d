/** What waits: its place is decided by whether it is an alert's, then by when it came. */
export interface Waiting {
  readonly key: string;
  readonly isAlert: boolean;
  /** When it began to wait [ms since 1970 UTC]. */
  readonly sinceMs: number;
}

/** Frames that wait for a worker: those of alerts first, then in the order of their arrival. A key waits once. */
export interface FrameQueue<T extends Waiting> {
  push(item: T): void;
  /** The most urgent one, or undefined. */
  pop(): T | undefined;
  has(key: string): boolean;
  /** Whether one of an alert waits. */
  hasAlert(): boolean;
  readonly size: number;
  /** The longest wait's beginning, or null when none waits. */
  oldestMs(): number | null;
}

export function frameQueue<T extends Waiting>(): FrameQueue<T> {
  const lanes: [Map<string, T>, Map<string, T>] = [new Map(), new Map()];
  const lane = (isAlert: boolean): Map<string, T> => lanes[isAlert ? 0 : 1];
  return {
    push(item) {
      if (lanes.some((waiting) => waiting.has(item.key))) return;
      lane(item.isAlert).set(item.key, item);
    },
    pop() {
      for (const waiting of lanes) {
        const first = waiting.entries().next();
        if (first.done) continue;
        waiting.delete(first.value[0]);
        return first.value[1];
      }
      return undefined;
    },
    has: (key) => lanes.some((waiting) => waiting.has(key)),
    hasAlert: () => lane(true).size > 0,
    get size() {
      return lanes[0].size + lanes[1].size;
    },
    oldestMs() {
      const firsts = lanes.flatMap((waiting) => [...waiting.values()].slice(0, 1).map(({ sinceMs }) => sinceMs));
      return firsts.length > 0 ? Math.min(...firsts) : null;
    },
  };
}
