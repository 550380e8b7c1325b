package vfs

import "errors"

// Replace makes content durable as the file of a name. A crash leaves the old file or the new one:
//
//  1. the content is written and synced under the name next;
//  2. that file takes the place of the old one;
//  3. the directory is synced.
func Replace(fsys FS, directory, name, next string, content []byte) error {
	f, err := fsys.Open(next, true)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(content, 0)
	if err == nil {
		err = f.Truncate(int64(len(content)))
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := fsys.Rename(next, name); err != nil {
		return err
	}
	return fsys.SyncDir(directory)
}
