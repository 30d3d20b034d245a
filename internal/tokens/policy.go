package tokens

import (
	"fmt"
	"strings"
	"time"
)

// Policies say what happens to the secrets of an access token over time. The backend acts only on Grace. It stores the
// others for Terraform, which applies them in each plan. A zero field was not set, and means its default.
type Policies struct {
	// RegenerateBeforeExpiry is how long before the end of its TTL a secret is regenerated; zero for no schedule.
	RegenerateBeforeExpiry time.Duration `setting:"regenerate_before_expiry"`
	OnExpired              ExpiryPolicy  `setting:"on_expired"`
	OnSecretDrift          DriftPolicy   `setting:"on_secret_drift"`
	Grace                  Grace         `setting:"grace_period"`
	// ProtectIfUsedWithin refuses changes that interrupt users if the last use was within this time; zero for no
	// protection.
	ProtectIfUsedWithin time.Duration `setting:"protect_if_used_within"`
}

// ExpiryPolicy says what happens to a token whose secret has expired.
type ExpiryPolicy string

// The policies for an expired secret.
const (
	// OnExpiredRegenerate: a new secret. The default with a ttl; invalid with a fixed end, which a new secret would share.
	OnExpiredRegenerate ExpiryPolicy = "regenerate"
	// OnExpiredIgnore: nothing but a warning. The default without a ttl.
	OnExpiredIgnore ExpiryPolicy = "ignore"
	// OnExpiredError: the plan fails.
	OnExpiredError ExpiryPolicy = "error"
)

// ExpiryPolicies returns all policies for an expired secret.
func ExpiryPolicies() []ExpiryPolicy {
	return []ExpiryPolicy{OnExpiredRegenerate, OnExpiredIgnore, OnExpiredError}
}

// OrDefault returns the policy or, if none was set, the default for secrets with or without a ttl.
func (p ExpiryPolicy) OrDefault(hasTTL bool) ExpiryPolicy {
	switch {
	case p != "":
		return p
	case hasTTL:
		return OnExpiredRegenerate
	}
	return OnExpiredIgnore
}

// DriftPolicy says what happens to a token whose secret was regenerated or revoked elsewhere.
type DriftPolicy string

// The policies for a secret that changed elsewhere.
const (
	// OnSecretDriftRegenerate: a new secret. The default.
	OnSecretDriftRegenerate DriftPolicy = "regenerate"
	// OnSecretDriftAccept: the keeper forgets the secret that it has, and lives with the other one.
	OnSecretDriftAccept DriftPolicy = "accept"
	// OnSecretDriftError: the plan fails.
	OnSecretDriftError DriftPolicy = "error"
)

// DriftPolicies returns all policies for a secret that changed elsewhere.
func DriftPolicies() []DriftPolicy {
	return []DriftPolicy{OnSecretDriftRegenerate, OnSecretDriftAccept, OnSecretDriftError}
}

// OrDefault returns the policy or, if none was set, the default.
func (p DriftPolicy) OrDefault() DriftPolicy {
	if p == "" {
		return OnSecretDriftRegenerate
	}
	return p
}

// ValidateExpiryPolicy checks that a policy exists.
func ValidateExpiryPolicy(field string, p ExpiryPolicy) error {
	return validateOneOf(field, "policy", p, ExpiryPolicies())
}

// ValidateDriftPolicy checks that a policy exists.
func ValidateDriftPolicy(field string, p DriftPolicy) error {
	return validateOneOf(field, "policy", p, DriftPolicies())
}

// validateOneOf checks that a value is one of the existing ones.
func validateOneOf[S ~string](field, noun string, value S, all []S) error {
	var names []string
	for _, one := range all {
		if value == one {
			return nil
		}
		names = append(names, fmt.Sprintf("%q", one))
	}
	last := len(names) - 1
	return Invalid(field, "there is no %s %q; use %s or %s", noun, value, strings.Join(names[:last], ", "), names[last])
}

// Validate checks policies for a token that ends at expiresAt, or whose secrets live for ttl each; zero means neither.
func (p Policies) Validate(expiresAt time.Time, ttl time.Duration) error {
	if p.RegenerateBeforeExpiry != 0 {
		if err := ValidateTTL("regenerate_before_expiry", p.RegenerateBeforeExpiry); err != nil {
			return err
		}
		switch {
		case ttl == 0:
			return Invalid("regenerate_before_expiry",
				"it needs ttl, which sets the end of each secret: set ttl too, or leave regenerate_before_expiry out")
		case p.RegenerateBeforeExpiry >= ttl:
			return Invalid("regenerate_before_expiry",
				"%s is not shorter than the ttl of %s, so each new secret would be due for regeneration "+
					"at once: set a shorter one, or a longer ttl", FormatDuration(p.RegenerateBeforeExpiry), FormatDuration(ttl))
		}
	}
	if p.OnExpired != "" {
		if err := ValidateExpiryPolicy("on_expired", p.OnExpired); err != nil {
			return err
		}
		if p.OnExpired == OnExpiredRegenerate && !expiresAt.IsZero() {
			return Invalid("on_expired",
				"a new secret would expire at expires_at, too: use ttl instead of expires_at, or set on_expired to %q or %q",
				OnExpiredIgnore, OnExpiredError)
		}
	}
	if p.OnSecretDrift != "" {
		if err := ValidateDriftPolicy("on_secret_drift", p.OnSecretDrift); err != nil {
			return err
		}
	}
	if p.ProtectIfUsedWithin != 0 {
		if err := validateProtection("protect_if_used_within", p.ProtectIfUsedWithin); err != nil {
			return err
		}
	}
	return p.Grace.validate("grace_period", ttl != 0 || !expiresAt.IsZero())
}
