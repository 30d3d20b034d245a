// Package sqlite is the engine of a store in one file on this machine: making, opening and migrating it, the turn of
// the one transaction that writes, backup, restore, inspection, and what SQLite's errors mean.
//
// It imports packages tokens and store and the driver. It holds no statement about objects.
package sqlite
