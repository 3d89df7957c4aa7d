interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommitOptions<Item> {
  /** Most items of one group. */
  readonly maxItems?: number;
  /** Most calls at a time. */
  readonly maxUnderWay?: number;
  /** Bytes of one item; a group ends before it holds more than `maxBytes`, unless a single item does. */
  readonly bytesOf?: (item: Item) => number;
  readonly maxBytes?: number;
}

/**
 * Joins what many callers want at about the same time into one call: while a call is under way the next items gather,
 * so load makes the groups and an idle process adds no delay.
 */
export class GroupCommit<Item, Result> {
  private readonly waiting: Waiting<Item, Result>[] = [];
  private readonly options: Required<GroupCommitOptions<Item>>;
  private underWay = 0;
  private isScheduled = false;

  /** @param commit takes the items of one group and returns their results in the same order. */
  constructor(
    private readonly commit: (items: readonly Item[]) => Promise<readonly Result[]>,
    options: GroupCommitOptions<Item> = {},
  ) {
    this.options = { maxItems: 500, maxUnderWay: 1, bytesOf: () => 0, maxBytes: Infinity, ...options };
  }

  /** @throws whatever `commit` threw for the group of this item. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.schedule();
    });
  }

  /** Items of the same turn of the event loop go together. */
  private schedule(): void {
    if (this.isScheduled || this.underWay >= this.options.maxUnderWay || this.waiting.length === 0) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    const group = this.waiting.splice(0, this.groupLength());
    this.underWay += 1;
    // What is left over begins at once where a second call is allowed.
    this.schedule();
    try {
      const results = await this.commit(group.map(({ item }) => item));
      if (results.length !== group.length) throw new Error('A group was committed with another number of results.');
      for (const [index, result] of results.entries()) group[index]?.resolve(result);
    } catch (error) {
      for (const { reject } of group) reject(error);
    } finally {
      this.underWay -= 1;
      this.schedule();
    }
  }

  private groupLength(): number {
    const { maxItems, maxBytes, bytesOf } = this.options;
    let bytes = 0;
    let length = 0;
    for (const { item } of this.waiting) {
      bytes += bytesOf(item);
      if (length === maxItems || (length > 0 && bytes > maxBytes)) break;
      length += 1;
    }
    return length;
  }
}
