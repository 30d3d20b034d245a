package service

import (
	"fmt"
	"syscall"
)

// linuxFileSystems maps the magic numbers of statfs(2) to file systems.
var linuxFileSystems = map[uint32]fileSystem{
	0xef53:     {kind: "ext4"},
	0x58465342: {kind: "xfs"},
	0x9123683e: {kind: "btrfs"},
	0x2fc12fc1: {kind: "zfs"},
	0xf2f52010: {kind: "f2fs"},
	0x01021994: {kind: "tmpfs"},
	0x794c7630: {kind: "overlayfs"},
	0x4d44:     {kind: "vfat"},
	0x2011bab0: {kind: "exfat"},
	0x6969:     {kind: "NFS", network: true},
	0x517b:     {kind: "SMB", network: true},
	0xff534d42: {kind: "CIFS", network: true},
	0xfe534d42: {kind: "SMB 2", network: true},
	0x01021997: {kind: "9P", network: true},
	0x00c36400: {kind: "Ceph", network: true},
	0x5346414f: {kind: "AFS", network: true},
	0x0bd00bd0: {kind: "Lustre", network: true},
	0x65735546: {kind: "FUSE", network: true},
}

// inspectFileSystem examines the file system of a directory.
func inspectFileSystem(directory string) (fileSystem, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(directory, &stat); err != nil {
		return fileSystem{}, err
	}
	magic := uint32(stat.Type) //nolint:gosec // magic numbers have 32 bits; the field's type depends on the architecture
	system, ok := linuxFileSystems[magic]
	if !ok {
		system.kind = fmt.Sprintf("%#x", magic)
	}
	system.free = stat.Bavail * uint64(stat.Bsize) //nolint:gosec // a size is never negative
	return system, nil
}
