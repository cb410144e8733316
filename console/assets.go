package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// hashed are the files of assets/ by the name under which they are served, which has a hash of what is in them: so a browser
// may keep them for good.
var hashed, assetPaths = hashAssets()

func hashAssets() (map[string][]byte, map[string]string) {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic("console: " + err.Error())
	}
	files, paths := map[string][]byte{}, map[string]string{}
	for _, e := range entries {
		text, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			panic("console: " + err.Error())
		}
		sum := sha256.Sum256(text)
		ext := path.Ext(e.Name())
		name := strings.TrimSuffix(e.Name(), ext) + "-" + hex.EncodeToString(sum[:6]) + ext
		files[name], paths[e.Name()] = text, Root+"assets/"+name
	}
	return files, paths
}

// asset returns the path of a file of assets/.
func asset(name string) (string, error) {
	p, ok := assetPaths[name]
	if !ok {
		return "", fmt.Errorf("there is no assets/%s", name)
	}
	return p, nil
}

var mediaTypes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	text, ok := hashed[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", mediaTypes[path.Ext(r.PathValue("name"))])
	w.Write(text)
}
