-- The pace that was learned of a key's account, where its provider tells no
-- limits: requests per second (0: none), where refusals came, and when.
ALTER TABLE key_states ADD COLUMN rate    REAL    NOT NULL DEFAULT 0;
ALTER TABLE key_states ADD COLUMN ceiling REAL    NOT NULL DEFAULT 0;
ALTER TABLE key_states ADD COLUMN rate_at INTEGER NOT NULL DEFAULT 0;
