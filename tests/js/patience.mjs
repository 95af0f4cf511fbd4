// How long tests wait: BOARDWIRE_TEST_PATIENCE times as long as usual, for a busy machine. Tests in all languages use it.
const FACTOR = Number(process.env.BOARDWIRE_TEST_PATIENCE ?? 1);
if (!(FACTOR >= 1)) throw new Error('BOARDWIRE_TEST_PATIENCE is a number, 1 or more');

/** Returns a time limit, scaled. */
export const patient = (milliseconds) => milliseconds * FACTOR;
