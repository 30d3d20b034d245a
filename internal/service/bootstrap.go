package service

import (
	"context"
	"errors"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Bootstrap makes the first access token that may do everything, for whoever has nothing but the database file: it
// belongs to the technical user "bootstrap", an owner, which it makes too.
type Bootstrap struct {
	// Options name the database, which is made where there is none, and supply the clock.
	Options Options
	// Actor is who bootstraps. It is not a principal: anyone who can write the file owns the database.
	Actor tokens.Actor
	// ClaimedRun is the run of a pipeline in which the actor claims to work; empty for none.
	ClaimedRun string
}

// Run makes the token with a secret that the caller generated. It is refused while another active token holds every
// permission; of two at once, one is. CodeConflict, CodeUnavailable.
func (p Bootstrap) Run(ctx context.Context, secret tokens.NewSecretFor) (tokens.Bootstrapped, error) {
	opened := Open(p.Options)
	made, err := opened.As(tokens.AsDatabaseOwner(p.Actor).InRun(p.ClaimedRun)).bootstrap(ctx, secret)
	closed := opened.Close()
	if err != nil {
		return made, errors.Join(err, closed)
	}
	return made, nil // it is committed, whatever went wrong afterwards
}

// bootstrap is Bootstrap.Run for an open database.
func (b *Backend) bootstrap(ctx context.Context, secret tokens.NewSecretFor) (tokens.Bootstrapped, error) {
	b.willStore(secret.Secret)
	return transact(ctx, b, tokens.ActionDatabaseBootstrap, object{}, b.found, func(o *operation) (made tokens.Bootstrapped, err error) {
		about := databaseObject(o.View)
		o.object, made.Organization = about, about.name
		if err := o.mayBootstrap(ctx); err != nil {
			return made, err
		}
		user, err := o.bootstrapUser(ctx)
		if err != nil {
			return made, err
		}
		made.AccessToken, err = o.createAccessToken(ctx, tokens.NewAccessToken{
			NewSecretFor: secret, TechnicalUserID: user.ID,
			Settings: tokens.Settings{Name: tokens.BootstrapName, Enabled: true, Visibility: tokens.VisibilityOrganization},
		})
		if err != nil {
			return made, err
		}
		return made, o.record(ctx, tokens.ActionDatabaseBootstrap, about.id, about.name,
			because("made access token "+made.ID+", which may do everything"))
	})
}

// mayBootstrap refuses a bootstrap that nobody needs.
func (o *operation) mayBootstrap(ctx context.Context) error {
	powerful, custom, err := o.PowerfulAccessTokens(ctx)
	if err != nil {
		return err
	}
	o.know(custom)
	return tokens.CheckBootstrap(powerful, o.roles, o.now)
}

// bootstrapUser returns the technical user that bootstraps make: that of an earlier one, or a new one.
func (o *operation) bootstrapUser(ctx context.Context) (tokens.TechnicalUser, error) {
	u, ok, err := o.TechnicalUserNamed(ctx, "", tokens.BootstrapName)
	if err != nil {
		return u, err
	}
	if ok {
		return u, tokens.CheckBootstrapUser(u)
	}
	return o.createTechnicalUser(ctx, tokens.NewTechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{
		Name: tokens.BootstrapName, Description: "Made by a bootstrap", Enabled: true,
		Grants: tokens.Grants{Role: tokens.RoleOwner},
	}}, false)
}
