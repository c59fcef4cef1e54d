/** Where the current scope is remembered: through awaits in Node (AsyncLocalStorage). */
export interface ScopeStore<S> {
  getStore(): S | undefined;
  run<R>(scope: S, body: () => R): R;
}

/** Blocks that end with a scope. */
export interface Scope {
  readonly blocks: Set<number>;
  readonly parent: Scope | undefined;
}

/** Ties blocks to the scope they were allocated in, and releases what is left when it ends. */
export class Scopes {
  readonly #store: ScopeStore<Scope>;
  readonly #release: (block: number) => void;
  readonly #owner = new Map<number, Scope>();

  constructor(store: ScopeStore<Scope>, release: (block: number) => void) {
    this.#store = store;
    this.#release = release;
  }

  add(block: number): void {
    const scope = this.#store.getStore();
    if (scope !== undefined) this.#put(block, scope);
  }

  /** The block is nobody's any more: it has been freed by hand. */
  forget(block: number): void {
    this.#owner.get(block)?.blocks.delete(block);
    this.#owner.delete(block);
  }

  run<T>(body: (keepBlock: (block: number) => void) => T): T {
    const scope: Scope = { blocks: new Set(), parent: this.#store.getStore() };
    const keepBlock = (block: number): void => {
      if (this.#owner.get(block) !== scope) return;
      this.forget(block);
      if (scope.parent !== undefined) this.#put(block, scope.parent);
    };
    let result: T;
    try {
      result = this.#store.run(scope, () => body(keepBlock));
    } catch (error) {
      this.#end(scope);
      throw error;
    }
    if (!isPromise(result)) {
      this.#end(scope);
      return result;
    }
    return result.then(
      (value) => {
        this.#end(scope);
        return value;
      },
      (error: unknown) => {
        this.#end(scope);
        throw error;
      },
    ) as T;
  }

  #put(block: number, scope: Scope): void {
    scope.blocks.add(block);
    this.#owner.set(block, scope);
  }

  #end(scope: Scope): void {
    for (const block of scope.blocks) {
      this.#owner.delete(block);
      this.#release(block);
    }
    scope.blocks.clear();
  }
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as { then?: unknown } | null)?.then === 'function';
}
