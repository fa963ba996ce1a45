//go:build pull

package main

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/awslabs/soci-snapshotter/cache"
	"github.com/awslabs/soci-snapshotter/fs/reader"
	spanmanager "github.com/awslabs/soci-snapshotter/fs/span-manager"
	"github.com/awslabs/soci-snapshotter/metadata"
	"github.com/awslabs/soci-snapshotter/ztoc"
	"github.com/opencontainers/go-digest"
	bolt "go.etcd.io/bbolt"
)

func init() {
	commands["mount"] = command{"LAYER ZTOC", "read every file through the snapshotter's own reader", 2, mount}
}

// mount reads one layer through its zTOC.
func mount(arguments []string) error {
	loaded, err := load(arguments[1])
	if err != nil {
		return err
	}
	var failed failures
	if err := mountLayer(arguments[0], loaded, digest.FromString(arguments[0]), &failed); err != nil {
		return err
	}
	return failed.err()
}

// A mounted layer is the snapshotter's read path (metadata store, span manager, verifying reader)
// without FUSE.
type mounted struct {
	*failures
	metadata metadata.Reader
	reader   reader.Reader
	// What a plain read found, by clean path; taken out as it is found in the mount.
	want  map[string][sha256.Size]byte
	files int
	bytes int64
}

// mountLayer reads every regular file of a layer through its zTOC, and compares its content with
// that of a plain read. Errors are of the machine; what is wrong with layer or zTOC is a failure.
func mountLayer(path string, loaded *ztoc.Ztoc, name digest.Digest, failed *failures) error {
	file, layer, err := openLayer(path)
	if err != nil {
		return err
	}
	defer file.Close()
	folder, err := os.MkdirTemp("", "soci-oracle")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	database, err := bolt.Open(filepath.Join(folder, "metadata.db"), 0o600, &bolt.Options{NoSync: true})
	if err != nil {
		return err
	}
	defer database.Close()
	before := failed.count
	m := &mounted{failures: failed}
	if m.metadata, err = metadata.NewReader(database, layer, loaded.TOC); err != nil {
		failed.add("metadata store: %v", err)
		return nil
	}
	spans, err := spanmanager.New(loaded, layer, cache.NewMemoryCache(), 0, name)
	if err != nil {
		failed.add("span manager: %v", err)
		return nil
	}
	if m.reader, err = reader.NewReader(m.metadata, name, spans, false); err != nil {
		return err
	}
	if m.want, err = plainContents(layer); err != nil {
		return fmt.Errorf("plain read of the layer: %w", err)
	}
	m.folder(m.metadata.RootID(), "")
	if failed.count == before && len(m.want) > 0 {
		failed.add("%d files of the layer are not in the mount", len(m.want))
	}
	fmt.Printf("mount: files=%d bytes=%d failures=%d\n", m.files, m.bytes, failed.count-before)
	return nil
}

// plainContents hashes every regular file and hard link of the tree that unpacking the layer would
// give, by clean path: a later member replaces an earlier one, and what was below it.
func plainContents(layer *io.SectionReader) (map[string][sha256.Size]byte, error) {
	plain, err := plainTar(layer)
	if err != nil {
		return nil, err
	}
	contents := map[string][sha256.Size]byte{}
	folders := map[string]bool{}
	for {
		header, err := plain.Next()
		if errors.Is(err, io.EOF) {
			return contents, nil
		}
		if err != nil {
			return nil, err
		}
		name := cleanPath(header.Name)
		linked, isLinked := contents[cleanPath(header.Linkname)]
		delete(contents, name)
		if header.Typeflag == tar.TypeDir {
			folders[name] = true
			continue
		}
		if folders[name] {
			delete(folders, name)
			for below := range contents {
				if strings.HasPrefix(below, name+"/") {
					delete(contents, below)
				}
			}
		}
		switch header.Typeflag {
		case tar.TypeReg:
			hash := sha256.New()
			if _, err := io.Copy(hash, plain); err != nil {
				return nil, err
			}
			contents[name] = [sha256.Size]byte(hash.Sum(nil))
		case tar.TypeLink:
			if isLinked {
				contents[name] = linked
			}
		}
	}
}

func cleanPath(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// folder reads everything below a folder of the mount.
func (m *mounted) folder(id uint32, name string) {
	type entry struct {
		name string
		id   uint32
		mode os.FileMode
	}
	var entries []entry
	if err := m.metadata.ForeachChild(id, func(name string, id uint32, mode os.FileMode) bool {
		if name != "." { // the store makes an entry of the archive's root a child of itself
			entries = append(entries, entry{name, id, mode})
		}
		return true
	}); err != nil {
		m.add("list %s: %v", name, err)
	}
	for _, entry := range entries {
		full := path.Join(name, entry.name)
		switch {
		case m.count > 20:
			return
		case entry.mode.IsDir():
			m.folder(entry.id, full)
		case entry.mode.IsRegular():
			m.file(entry.id, full)
		}
	}
}

// file reads one regular file in full.
func (m *mounted) file(id uint32, name string) {
	attributes, err := m.metadata.GetAttr(id)
	if err != nil {
		m.add("stat %s: %v", name, err)
		return
	}
	opened, err := m.reader.OpenFile(id)
	if err != nil {
		m.add("open %s: %v", name, err)
		return
	}
	content := make([]byte, attributes.Size)
	if read, err := opened.ReadAt(content, 0); (err != nil && err != io.EOF) || int64(read) != attributes.Size {
		m.add("read %s: %d of %d bytes: %v", name, read, attributes.Size, err)
		return
	}
	if want, known := m.want[name]; !known || want != sha256.Sum256(content) {
		m.add("content of %s differs (in the layer: %v)", name, known)
	}
	delete(m.want, name)
	m.files++
	m.bytes += attributes.Size
}
