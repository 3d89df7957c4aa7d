/** First bytes of formats that are mistaken for ONNX, none of which can begin a model. */
const SIGNATURES: readonly { readonly bytes: readonly number[]; readonly name: string }[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], name: 'a ZIP archive, such as a PyTorch checkpoint or a zipped folder' },
  { bytes: [0x89, 0x50, 0x4e, 0x47], name: 'a PNG image' },
  { bytes: [0x1f, 0x8b], name: 'compressed with gzip' },
  { bytes: [0x89, 0x48, 0x44, 0x46], name: 'an HDF5 file, such as a Keras model' },
  { bytes: [0x80, 0x04, 0x95], name: 'a Python pickle' },
];

/** What a file is that begins with `head`, when that is plainly not ONNX. */
export function foreignFormat(head: Uint8Array): string | undefined {
  return SIGNATURES.find(({ bytes }) => bytes.every((byte, index) => head[index] === byte))?.name;
}
