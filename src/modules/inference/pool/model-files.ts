/** Where the pool gets model files from. */
export abstract class ModelFiles {
  /**
   * The path of a model's file on this machine, fetched when it is not there yet.
   * @throws {CodedError} where it cannot be had.
   */
  abstract pathOf(digest: string): Promise<string>;
}
