import { runExecutorProcess } from './modules/inference/executor/executor-process.js';

await runExecutorProcess(process);
