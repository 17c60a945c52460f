// The cases of ioredis through iovalkey, which has the same names.
process.env.IOREDIS = 'iovalkey';
await import('../ioredis/main.mjs');
