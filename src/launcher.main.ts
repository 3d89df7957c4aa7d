import { launch } from './launcher/launch.js';

process.exit(await launch(process.env, process.argv.slice(2)));
