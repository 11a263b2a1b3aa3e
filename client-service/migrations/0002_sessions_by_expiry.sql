-- Expired sessions are deleted every hour.
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
