-- The process that a key ends with: that of a `glmtray run`, by its id. 0: none,
-- the key is there until somebody removes it.
ALTER TABLE clients ADD COLUMN process INTEGER NOT NULL DEFAULT 0;
