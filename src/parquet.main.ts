import { runParquetProcess } from './modules/inference/batch/input/parquet-process.js';

await runParquetProcess(process);
