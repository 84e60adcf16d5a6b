-- Times are Unix milliseconds; 0 stands for "none".

-- What is known of a provider's key over a restart. The key itself is never
-- here: fingerprint is a keyed digest that tells whether it is still the same.
CREATE TABLE key_states (
    provider    TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    fingerprint TEXT    NOT NULL,
    cool_until  INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    parked      INTEGER NOT NULL CHECK (parked IN (0, 1)),
    errors      INTEGER NOT NULL,
    saved       INTEGER NOT NULL,
    PRIMARY KEY (provider, name)
) STRICT, WITHOUT ROWID;

-- Models which a key may not use, and until when.
CREATE TABLE key_bars (
    provider TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    model    TEXT    NOT NULL,
    until    INTEGER NOT NULL,
    PRIMARY KEY (provider, name, model),
    FOREIGN KEY (provider, name) REFERENCES key_states (provider, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- Small facts by name: models gone, the port moved to, the fingerprints' salt.
CREATE TABLE remembered (
    name  TEXT    NOT NULL PRIMARY KEY,
    value TEXT    NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
