-- Keys that clients of this proxy have. The key itself is never here.
CREATE TABLE clients (
    id        INTEGER PRIMARY KEY AUTOINCREMENT, -- an id is not given twice: it may stand in somebody's notes
    name      TEXT    NOT NULL,
    hash      BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32), -- SHA-256
    created   INTEGER NOT NULL,
    revoked   INTEGER NOT NULL DEFAULT 0, -- since when; 0: it is accepted
    last_used INTEGER NOT NULL DEFAULT 0,
    uses      INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Keys that were removed, so that an import at the next start does not bring
-- them back.
CREATE TABLE removed_clients (
    hash    BLOB    NOT NULL PRIMARY KEY,
    removed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Counts the changes to who is accepted, whoever made them, so that a running
-- proxy can see in one row that it has to look again. Uses are no such change.
CREATE TABLE clients_version (n INTEGER NOT NULL) STRICT;
INSERT INTO clients_version VALUES (1);
CREATE TRIGGER client_added AFTER INSERT ON clients BEGIN UPDATE clients_version SET n = n + 1; END;
CREATE TRIGGER client_removed AFTER DELETE ON clients BEGIN UPDATE clients_version SET n = n + 1; END;
CREATE TRIGGER client_changed AFTER UPDATE OF name, hash, revoked ON clients BEGIN UPDATE clients_version SET n = n + 1; END;
