import type { FeatureViewVersion } from '../definitions/feature-view.js';
import type { OnlineView } from './online-store.js';

/** A version of a view as the online store knows it. */
export const onlineViewOf = ({ workspaceId, id, name, keys, features, ttlMs }: FeatureViewVersion): OnlineView => ({
  workspaceId,
  id,
  name,
  keys,
  features,
  ttlMs,
});
