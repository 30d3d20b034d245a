// Package acceptance tests the built binary as people run it: whole processes, with a real Terraform or OpenTofu. It
// covers what tests within one process can't: what a killed provider leaves behind, several runs on one file, a missing
// or broken database, what ends up in logs, and what a run costs.
//
// It contains only tests and imports no other package of this module. It knows the binary, its command line,
// Terraform's state, and the database as a file. The tests run if TF_ACC is set, as `make test` does. The benchmarks
// belong to `make bench`. Other tests read what the repository publishes: the commands in the guides and the files
// below .github.
package acceptance
