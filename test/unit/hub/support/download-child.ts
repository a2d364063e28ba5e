import { download } from '../../../../lib/hub/index.js';

// Run by a test as a process of its own: node download-child.js URL DESTINATION SHA256
const [url, destination, sha256] = process.argv.slice(2) as [string, string, string];
await download(url, destination, { sha256, progress: true });
