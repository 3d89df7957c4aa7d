/** Sorts items by the workspace they belong to. */
export function byWorkspace<Item extends { readonly workspaceId: string }>(
  items: readonly Item[],
): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(item.workspaceId);
    if (group === undefined) groups.set(item.workspaceId, [item]);
    else group.push(item);
  }
  return groups;
}
