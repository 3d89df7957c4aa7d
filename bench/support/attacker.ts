import type { Target } from '../../test/hostile/corpus/attack.js';
import { corpus, onslaught } from '../../test/hostile/corpus/onslaught.js';

/** Throws the corpus of hostile input at a Nestor again and again, until the parent process has had enough. */
const target = JSON.parse(process.argv[2] ?? '') as Target;
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
for (;;) await onslaught(corpus, target);
