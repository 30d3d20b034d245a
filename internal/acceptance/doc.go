// Package acceptance tests the built binary as people run it: whole processes, under a real Terraform or OpenTofu. It
// shows what tests inside one process can't: what a killed provider leaves behind, several runs on one file, a database
// that is missing or broken, what ends up in logs, and what a run costs.
//
// It holds tests alone and imports nothing else of ours: it knows the binary, its command line, the state that
// Terraform keeps, and the database as a file. The tests run where TF_ACC is set, as `make test` does; the benchmarks
// belong to `make bench`.
package acceptance
