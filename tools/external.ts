// What stays outside of the bundles: packages that carry a binary, and those that are loaded rarely and are large. They are
// loaded from node_modules at run time, so the packaged program carries them too.

export const EXTERNAL: readonly string[] = ['better-sqlite3', '@node-rs/argon2', 'serialport', 'pg', 'nodemailer', 'selfsigned'];
