/** Where files lie as objects: in a bucket of Amazon S3, or of a service that speaks its protocol. */
export interface BucketLocation {
  /** Of the service, such as `https://s3.eu-central-1.amazonaws.com`. The bucket is the first part of the path. */
  readonly endpoint: string;
  readonly region: string;
  readonly name: string;
  /** How the keys of the files begin; it is empty or ends in a slash. What follows it has no slash. */
  readonly prefix: string;
  /** Id of the access key whose secret is {@link ACCESS_KEY_SECRET}; null where the bucket is open to everyone. */
  readonly accessKeyId: string | null;
}

/** Name of the secret that belongs to the access key. */
export const ACCESS_KEY_SECRET = 'secretAccessKey';
