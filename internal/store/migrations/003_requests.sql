-- One row for each request, whatever became of it, in the order in which they
-- ended.
CREATE TABLE requests (
    n          INTEGER PRIMARY KEY,
    id         TEXT    NOT NULL,
    time       INTEGER NOT NULL, -- when it came in
    client     TEXT    NOT NULL,
    method     TEXT    NOT NULL,
    path       TEXT    NOT NULL,
    asked      TEXT    NOT NULL, -- the model that the client asked for
    provider   TEXT    NOT NULL,
    model      TEXT    NOT NULL, -- the model that answered
    key        TEXT    NOT NULL, -- its name
    rule       TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    status     INTEGER NOT NULL,
    outcome    TEXT    NOT NULL,
    failed     INTEGER NOT NULL CHECK (failed IN (0, 1)),
    error      TEXT    NOT NULL,
    stream     INTEGER NOT NULL CHECK (stream IN (0, 1)),
    demo       INTEGER NOT NULL CHECK (demo IN (0, 1)),
    bytes_in   INTEGER NOT NULL,
    bytes_out  INTEGER NOT NULL,
    prompt     INTEGER NOT NULL, -- tokens; 0: not told
    cached     INTEGER NOT NULL,
    completion INTEGER NOT NULL,
    reasoning  INTEGER NOT NULL,
    first_byte INTEGER NOT NULL, -- microseconds
    took       INTEGER NOT NULL, -- microseconds
    changed    TEXT    NOT NULL, -- a JSON array of words, or nothing
    tries      TEXT    NOT NULL  -- a JSON array, see Try; the microseconds of one that was good at once; or nothing
) STRICT;

-- All that is filtered by, in one narrow index that only grows at its end. An
-- index for each column would make each row several times as dear to write, and
-- a lookup in this one, even where nothing matches, reads a tenth of the table.
CREATE INDEX requests_look ON requests (n, id, time, provider, status, failed, client, asked, model);
