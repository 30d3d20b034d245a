package service_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Only a live value takes the turn to write, for which others would have to wait: anybody may send any number of others.
func TestRevokingADeadValueBeginsNoTransaction(t *testing.T) {
	transactions := 0
	options := service.Options{Database: filepath.Join(t.TempDir(), "latchkey.db"), Now: time.Now}
	s := openWith(t, options.Around(func(write func() error) error {
		transactions++
		return write()
	}))
	request := newRequest(t, "deploy", "")
	if _, err := s.As(anna).CreateAccessToken(background, request); err != nil {
		t.Fatal(err)
	}
	revoke := func(secret tokens.Secret) error {
		_, err := s.As(tokens.AsTokenHolder(secret)).RevokeSecret(background, secret)
		return err
	}
	transactions = 0
	if err := revoke(newRequest(t, "", "").Secret); tokens.ErrorCode(err) != tokens.CodeNotFound || transactions != 0 {
		t.Errorf("revoking an unknown value: %v, in %d transactions", err, transactions)
	}
	if err := revoke(request.Secret); err != nil || transactions != 1 {
		t.Errorf("revoking a live value: %v, in %d transactions", err, transactions)
	}
	if err := revoke(request.Secret); tokens.ErrorCode(err) != tokens.CodeNotFound || transactions != 1 {
		t.Errorf("revoking it again: %v, in %d transactions", err, transactions-1)
	}
}
