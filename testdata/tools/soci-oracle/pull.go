//go:build pull

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	socifs "github.com/awslabs/soci-snapshotter/fs"
	"github.com/awslabs/soci-snapshotter/soci"
	"github.com/awslabs/soci-snapshotter/soci/store"
	"github.com/awslabs/soci-snapshotter/ztoc"
	"github.com/containerd/containerd/v2/pkg/reference"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/oci"
	"oras.land/oras-go/v2/registry/remote"
)

func init() {
	commands["pull"] = command{"OCI_LAYOUT", "fetch and read every indexed layer as the snapshotter would", 1, pull}
}

// A puller reads the images of one OCI layout after they went through a registry.
type puller struct {
	failures
	layout     string
	name       string
	repository *remote.Repository
}

// pull pushes an OCI layout into a registry in memory, and does for every image in it, of every
// platform, what the snapshotter does: read the annotation, fetch index and zTOCs, read every file.
func pull(arguments []string) error {
	log.SetOutput(io.Discard)
	ctx := context.Background()
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	p := &puller{layout: arguments[0], name: strings.TrimPrefix(server.URL, "http://") + "/app"}
	source, err := oci.NewFromFS(ctx, os.DirFS(p.layout))
	if err != nil {
		return err
	}
	p.repository, err = remote.NewRepository(p.name)
	if err != nil {
		return err
	}
	p.repository.PlainHTTP = true
	var top ocispec.Index
	if err := readJSON(filepath.Join(p.layout, "index.json"), &top); err != nil {
		return err
	}
	for _, root := range top.Manifests {
		if err := oras.CopyGraph(ctx, source, p.repository, root, oras.DefaultCopyGraphOptions); err != nil {
			return fmt.Errorf("pushing %s: %w", root.Digest, err)
		}
		if err := p.visit(ctx, root); err != nil {
			return err
		}
	}
	return p.err()
}

// visit reads one image, or every image below an index. What has no SOCI annotation is passed by.
func (p *puller) visit(ctx context.Context, descriptor ocispec.Descriptor) error {
	var document struct {
		ocispec.Manifest
		Manifests []ocispec.Descriptor `json:"manifests"`
	}
	if err := readJSON(p.blob(descriptor.Digest), &document); err != nil {
		return err
	}
	for _, child := range document.Manifests {
		if err := p.visit(ctx, child); err != nil {
			return err
		}
	}
	sociIndex := document.Annotations[soci.ImageAnnotationSociIndexDigest]
	if len(document.Manifests) > 0 || sociIndex == "" {
		return nil
	}
	platform := "?"
	if descriptor.Platform != nil {
		platform = descriptor.Platform.OS + "/" + descriptor.Platform.Architecture
	}
	return p.image(ctx, platform, descriptor.Digest, document.Manifest, digest.Digest(sociIndex))
}

// image fetches the SOCI artifacts of one image, and reads every layer that they cover.
func (p *puller) image(ctx context.Context, platform string, image digest.Digest, manifest ocispec.Manifest, sociIndex digest.Digest) error {
	folder, err := os.MkdirTemp("", "soci-oracle")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	local, err := store.NewSociStore(folder)
	if err != nil {
		return err
	}
	ref, err := reference.Parse(p.name + ":latest")
	if err != nil {
		return err
	}
	index, err := socifs.FetchSociArtifacts(ctx, ref, ocispec.Descriptor{Digest: sociIndex}, local, p.repository)
	if err != nil {
		p.add("%s %s: FetchSociArtifacts: %v", platform, image, err)
		return nil
	}
	fmt.Printf("%s image=%s soci=%s type=%s ztocs=%d of %d layers\n",
		platform, image, sociIndex, index.ArtifactType, len(index.Blobs), len(manifest.Layers))
	layers := map[string]ocispec.Descriptor{}
	for _, layer := range manifest.Layers {
		layers[layer.Digest.String()] = layer
	}
	for _, blob := range index.Blobs {
		if blob.MediaType != soci.SociLayerMediaType {
			continue
		}
		layer, ok := layers[blob.Annotations[soci.IndexAnnotationImageLayerDigest]]
		if !ok {
			p.add("zTOC %s is for %s, not a layer of this image", blob.Digest, blob.Annotations[soci.IndexAnnotationImageLayerDigest])
			continue
		}
		fetched, err := local.Fetch(ctx, blob)
		if err != nil {
			return err
		}
		content, err := io.ReadAll(fetched)
		fetched.Close()
		if err != nil {
			return err
		}
		decoded, err := ztoc.Unmarshal(bytes.NewReader(content))
		if err != nil {
			p.add("zTOC %s: %v", blob.Digest, err)
			continue
		}
		if err := mountLayer(p.blob(layer.Digest), decoded, layer.Digest, &p.failures); err != nil {
			return err
		}
	}
	return nil
}

func (p *puller) blob(of digest.Digest) string {
	return filepath.Join(p.layout, "blobs", of.Algorithm().String(), of.Encoded())
}

func readJSON(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
