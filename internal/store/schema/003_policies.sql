-- Policies, the count of uses, and grace periods. A superseded secret ends at ended_at, or at grace_ends_at where it was
-- given a grace. No transaction runs at that moment; the next one that writes sets ended_at to it.

ALTER TABLE access_tokens ADD COLUMN regenerate_before_seconds BIGINT NOT NULL DEFAULT 0;
ALTER TABLE access_tokens ADD COLUMN on_expired TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN on_secret_drift TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN grace_period TEXT NOT NULL DEFAULT '';
ALTER TABLE access_tokens ADD COLUMN protect_seconds BIGINT NOT NULL DEFAULT 0;
ALTER TABLE access_tokens ADD COLUMN use_count BIGINT NOT NULL DEFAULT 0;

ALTER TABLE secrets ADD COLUMN grace_ends_at BIGINT;
ALTER TABLE secrets ADD COLUMN last_used_at BIGINT;
CREATE INDEX secrets_grace ON secrets (grace_ends_at, access_token_id) WHERE ended_at IS NULL AND grace_ends_at IS NOT NULL;
