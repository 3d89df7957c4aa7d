import { z } from 'zod';
import { groupBy } from '../collections/group-by.js';
import type { Delivery, QueuedDelivery } from './delivery.js';

/** Most turns of one pack. What a queue job costs by itself is little for each of so many, and no worker holds up much. */
export const MAX_PACK_TURNS = 32;

/** What a queue carries as one job: a turn, or turns that were queued at the same moment. */
export interface Pack {
  /** A queue that knows it already does not take it again. */
  readonly id: string;
  readonly priority: number;
  readonly delayMs: number;
  readonly turns: readonly Delivery[];
}

/**
 * Says which items travel together: those of one priority, in their order.
 * @param newId gives a pack its id. @returns the items; one that travels alone is in no pack.
 */
export function inPacks<Item extends { readonly priority: number }>(
  items: readonly Item[],
  newId: () => string,
): (Item & { readonly pack: string | null })[] {
  return [...groupBy(items, ({ priority }) => priority).values()].flatMap((equals) =>
    chunksOf(equals, MAX_PACK_TURNS).flatMap((chunk) => {
      const pack = chunk.length > 1 ? newId() : null;
      return chunk.map((item) => ({ ...item, pack }));
    }),
  );
}

/** Puts deliveries together as their packs say. */
export function packsOf(deliveries: readonly QueuedDelivery[]): Pack[] {
  const together = groupBy(deliveries, ({ id, generation, pack }) => pack ?? `${id}-${generation}`);
  return [...together].map(([packId, members]) => ({
    id: packId,
    priority: members[0]?.priority ?? 0,
    delayMs: members[0]?.delayMs ?? 0,
    turns: members.map(({ id, generation }) => ({ id, generation })),
  }));
}

const turn = z.object({ id: z.uuid(), generation: z.number().int().positive() });
const pack = z.object({ turns: z.array(turn).min(1) });

/** The data of a queue job; of a single turn the turn itself. */
export const turnsToData = (turns: readonly Delivery[]): object => (turns.length === 1 ? { ...turns[0] } : { turns });

/** @throws where the data is not a single turn. */
export const turnFromData = (data: unknown): Delivery => turn.parse(data);

/** @throws where the data is neither a turn nor a pack. */
export function turnsFromData(data: unknown): Delivery[] {
  const read = pack.safeParse(data);
  return read.success ? read.data.turns : [turnFromData(data)];
}

/** BullMQ takes the lowest number first and keeps 0 for jobs that have none; priority 9 comes first, as 2. */
const LOWEST_PRIORITY = 10;

/** Even numbers, so that there is one in front of each. */
export const queuePriority = (priority: number): number => 2 * (LOWEST_PRIORITY - priority);

/** In front of all that have the same priority. */
export const inFrontOf = (queuePriority: number): number => queuePriority - (queuePriority % 2 === 0 ? 1 : 0);

function chunksOf<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
