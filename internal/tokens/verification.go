package tokens

// Verification says whether a value is good, and for the operator why not. What a client of an API learns of a value
// that is not good is only that.
type Verification struct {
	// Active tells that the value opens what its roles allow.
	Active bool `json:"active"`
	// AccessToken is the token whose current or former secret the value is; nil where no such token exists.
	AccessToken *AccessToken `json:"access_token,omitempty"`
	// Superseded tells that the value was a secret of the token, but is no longer.
	Superseded bool `json:"superseded,omitempty"`
	// Previous tells that the value is the secret before the current one, still in its grace.
	Previous bool `json:"previous,omitempty"`
	// Grants are the roles that the value opens; none unless Active.
	Grants Grants `json:"grants,omitzero"`
	// Access is what the value opens; nothing unless Active.
	Access Access `json:"access,omitzero"`
}

// VerifyOptions say how a verification is done.
type VerifyOptions struct {
	// RecordUse makes the verification count as a use of the token, as one for a client does and a look by an operator
	// does not.
	RecordUse bool
}
