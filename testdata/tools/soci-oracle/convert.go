//go:build pull

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/awslabs/soci-snapshotter/soci"
	"github.com/awslabs/soci-snapshotter/soci/store"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/platforms"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content/oci"
)

const defaultMinLayerSize = 10 << 20

func init() {
	arguments := "LAYOUT_IN LAYOUT_OUT all|OS/ARCH [MIN_LAYER_SIZE [SPAN_SIZE]]"
	commands["convert"] = command{arguments, "make a v2 image as the official tool does", 3, convert}
	commands["v1"] = command{arguments, "print the v1 SOCI indexes", 3, version1}
}

// A conversion is an OCI layout, copied, and the official builder over it.
type conversion struct {
	builder   *soci.IndexBuilder
	image     images.Image
	platforms []ocispec.Platform
}

// convert writes a copy of a layout whose image has SOCI v2 indexes.
func convert(arguments []string) error {
	ctx := context.Background()
	c, done, err := newConversion(ctx, arguments)
	if err != nil {
		return err
	}
	defer done()
	converted, err := c.builder.Convert(ctx, c.image, soci.ConvertWithPlatforms(c.platforms...))
	if err != nil {
		return err
	}
	index, err := json.Marshal(ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageIndex,
		Manifests: []ocispec.Descriptor{*converted},
	})
	if err != nil {
		return err
	}
	fmt.Println("converted", converted.Digest, converted.Size)
	return os.WriteFile(filepath.Join(arguments[1], "index.json"), index, 0o644)
}

// version1 prints, for every platform, the v1 index; its blobs are in the copied layout.
func version1(arguments []string) error {
	ctx := context.Background()
	c, done, err := newConversion(ctx, arguments)
	if err != nil {
		return err
	}
	defer done()
	for _, platform := range c.platforms {
		built, err := c.builder.Build(ctx, c.image, soci.WithPlatform(platform))
		if err != nil {
			return err
		}
		encoded, err := soci.MarshalIndex(built.Index)
		if err != nil {
			return err
		}
		fmt.Printf("%s %s\n%s\n", platforms.Format(platform), built.Desc.Digest, encoded)
	}
	return nil
}

func newConversion(ctx context.Context, arguments []string) (c *conversion, done func(), err error) {
	in, out, wanted := arguments[0], arguments[1], arguments[2]
	minLayerSize, err := number(arguments, 3, defaultMinLayerSize)
	if err != nil {
		return nil, nil, err
	}
	spanSize, err := number(arguments, 4, defaultSpanSize)
	if err != nil {
		return nil, nil, err
	}
	if err := os.CopyFS(out, os.DirFS(in)); err != nil {
		return nil, nil, err
	}
	var top ocispec.Index
	if err := readJSON(filepath.Join(out, "index.json"), &top); err != nil {
		return nil, nil, err
	}
	if len(top.Manifests) != 1 {
		return nil, nil, fmt.Errorf("%s/index.json must name one image, and names %d", in, len(top.Manifests))
	}
	c = &conversion{image: images.Image{Name: "oracle", Target: top.Manifests[0]}}
	blobs, err := local.NewStore(out)
	if err != nil {
		return nil, nil, err
	}
	layout, err := oci.New(out)
	if err != nil {
		return nil, nil, err
	}
	folder, err := os.MkdirTemp("", "soci-oracle")
	if err != nil {
		return nil, nil, err
	}
	done = func() { os.RemoveAll(folder) }
	defer func() {
		if err != nil {
			done()
		}
	}()
	database, err := soci.NewDB(filepath.Join(folder, "artifacts.db"))
	if err != nil {
		return nil, nil, err
	}
	c.builder, err = soci.NewIndexBuilder(blobs, &store.SociStore{Store: layout},
		soci.WithMinLayerSize(minLayerSize), soci.WithSpanSize(spanSize), soci.WithArtifactsDb(database))
	if err != nil {
		return nil, nil, err
	}
	if wanted == "all" {
		c.platforms, err = images.Platforms(ctx, blobs, c.image.Target)
	} else {
		var platform ocispec.Platform
		platform, err = platforms.Parse(wanted)
		c.platforms = []ocispec.Platform{platform}
	}
	return c, done, err
}
