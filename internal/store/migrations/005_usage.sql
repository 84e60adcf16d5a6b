-- What requests have in common stands once: one client asks one model for the
-- same all day. A filter looks through these few rows, the text of a search as
-- well, and then takes the newest requests of those that fit.
CREATE TABLE request_kinds (
    id       INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice: the writer remembers ids
    digest   BLOB    NOT NULL UNIQUE CHECK (length(digest) = 16), -- of all that follows
    client   TEXT    NOT NULL,
    method   TEXT    NOT NULL,
    path     TEXT    NOT NULL,
    asked    TEXT    NOT NULL, -- the model that the client asked for
    provider TEXT    NOT NULL,
    model    TEXT    NOT NULL, -- the model that answered
    key      TEXT    NOT NULL, -- its name
    rule     TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    status   INTEGER NOT NULL,
    outcome  TEXT    NOT NULL,
    failed   INTEGER NOT NULL CHECK (failed IN (0, 1)),
    error    TEXT    NOT NULL,
    stream   INTEGER NOT NULL CHECK (stream IN (0, 1)),
    demo     INTEGER NOT NULL CHECK (demo IN (0, 1)),
    counted  INTEGER NOT NULL CHECK (counted IN (0, 1)), -- tokens that the provider did not tell
    plan     INTEGER NOT NULL CHECK (plan IN (0, 1)),    -- the cost is only an equivalent
    changed  TEXT    NOT NULL, -- a JSON array of words, or nothing
    tried    TEXT    NOT NULL  -- the tries but for their times, a JSON array, see Try; nothing for one that was good at once
) STRICT;

ALTER TABLE requests RENAME TO requests_before;
DROP INDEX requests_look;

-- One row for each request, whatever became of it, in the order in which they
-- ended.
CREATE TABLE requests (
    n           INTEGER PRIMARY KEY,
    id          TEXT    NOT NULL,
    time        INTEGER NOT NULL, -- when it came in
    kind        INTEGER NOT NULL REFERENCES request_kinds (id),
    bytes_in    INTEGER NOT NULL,
    bytes_out   INTEGER NOT NULL,
    prompt      INTEGER NOT NULL, -- tokens; 0: not known
    cached      INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    completion  INTEGER NOT NULL,
    reasoning   INTEGER NOT NULL,
    cost        INTEGER,          -- billionths of a USD; NULL: not known
    first_byte  INTEGER NOT NULL, -- microseconds
    streamed    INTEGER NOT NULL, -- microseconds from the first to the last byte of a stream; 0: it was none
    took        INTEGER NOT NULL, -- microseconds
    tries       TEXT    NOT NULL  -- the microseconds of each try, with commas between
) STRICT;

-- Both grow at few places only, so that they are cheap to keep.
CREATE INDEX requests_kind ON requests (kind);
CREATE INDEX requests_time ON requests (time);

-- What was used in each hour. It is written together with the requests' rows and
-- outlives them.
CREATE TABLE usage_hours (
    hour          INTEGER NOT NULL, -- since 1970, in UTC
    provider      TEXT    NOT NULL, -- nothing: nobody answered
    model         TEXT    NOT NULL,
    key           TEXT    NOT NULL,
    client        TEXT    NOT NULL,
    requests      INTEGER NOT NULL,
    failed        INTEGER NOT NULL,
    attempts      INTEGER NOT NULL, -- tries at this provider, by this key
    limited       INTEGER NOT NULL, -- those of them that were answered 429
    prompt        INTEGER NOT NULL, -- tokens
    cached        INTEGER NOT NULL,
    cache_write   INTEGER NOT NULL,
    completion    INTEGER NOT NULL,
    reasoning     INTEGER NOT NULL,
    counted       INTEGER NOT NULL, -- requests whose tokens were counted here, in part at least
    priced        INTEGER NOT NULL, -- requests whose cost is known and was paid
    priced_plan   INTEGER NOT NULL, -- requests whose cost is known, and is only an equivalent
    unpriced      INTEGER NOT NULL, -- requests that were answered at a cost that is not known
    cost          INTEGER NOT NULL, -- billionths of a USD
    cost_plan     INTEGER NOT NULL,
    firsts        INTEGER NOT NULL, -- streams whose time to the first content is in first_sum
    first_sum     INTEGER NOT NULL, -- microseconds
    speeds        INTEGER NOT NULL, -- streams whose tokens per second are in speed_sum
    speed_sum     REAL    NOT NULL, -- tokens per second
    speed_tokens  INTEGER NOT NULL, -- completion tokens of these streams
    speed_time    INTEGER NOT NULL, -- microseconds that they streamed
    first_buckets BLOB    NOT NULL, -- see Buckets
    speed_buckets BLOB    NOT NULL,
    PRIMARY KEY (hour, provider, model, key, client)
) STRICT, WITHOUT ROWID;
