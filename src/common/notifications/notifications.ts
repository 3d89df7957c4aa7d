/** What is told between processes. The message is an id, never data: the row is the truth. */
export const channels = {
  /** A workspace's models, versions or aliases changed; message: workspace id. */
  registryChanged: 'nestor_registry_changed',
  /** A workspace's deployments changed; message: workspace id. */
  deploymentsChanged: 'nestor_deployments_changed',
  /** A user, session or API key was changed or revoked; message: its id. */
  credentialsChanged: 'nestor_credentials_changed',
  /** An inference job changed its state; message: `<job id> <status>`, or several joined by newlines. */
  inferenceJobChanged: 'nestor_inference_job_changed',
  /** Batch inferences changed their states or made progress; message: as of inference jobs. */
  batchInferenceChanged: 'nestor_batch_inference_changed',
  /** Work on data changed its state or made progress; message: as of inference jobs. */
  leasedRowChanged: 'nestor_leased_row_changed',
  /** The executor directory changed; message: host id. */
  executorsChanged: 'nestor_executors_changed',
  /** A pool of executors is to have another size; message: its name. */
  executorPoolChanged: 'nestor_executor_pool_changed',
  /** A data issue was opened, acknowledged or resolved; message: `<workspace id> <issue id>`. */
  dataIssueChanged: 'nestor_data_issue_changed',
} as const;

export type Channel = (typeof channels)[keyof typeof channels];

/**
 * Tells other processes of changes, by Redis pub/sub or PostgreSQL LISTEN/NOTIFY. At most once: a notification may
 * be lost while a connection is down, so whoever holds a copy of something refreshes it on `onGap`.
 */
export abstract class Notifications {
  /** Sends to every process, this one included. Call after commit. A message holds at most 7,900 bytes. */
  abstract publish(channel: Channel, message: string): Promise<void>;
  /** Calls the listener for each message from now on. @returns a function that ends it. */
  abstract subscribe(channel: Channel, listener: (message: string) => void): () => void;
  /** Calls the listener whenever notifications may have been missed. @returns a function that ends it. */
  abstract onGap(listener: () => void): () => void;
}
