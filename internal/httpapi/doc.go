// Package httpapi is Latchkey over HTTP: the endpoints at which gateways and APIs ask whether a token is good.
//
// It imports package tokens alone, and its server package verify. It contains no rules, opens no database and no port,
// and never logs, measures or answers a secret.
package httpapi
