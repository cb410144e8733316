package protocol

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/format"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write protocol.go anew")

// used lists the types of the protocol that the server uses, with the properties that it
// uses. Properties of the types that they extend are among them.
var used = []struct{ name, properties string }{
	{"Position", "line character"},
	{"Range", "start end"},
	{"Location", "uri range"},
	{"TextEdit", "range newText"},
	{"Command", "title command arguments"},
	{"MarkupContent", "kind value"},

	{"InitializeParams", "processId rootUri workspaceFolders initializationOptions"},
	{"WorkspaceFolder", "uri name"},
	{"InitializeResult", "capabilities serverInfo"},
	{"ServerCapabilities", "positionEncoding textDocumentSync completionProvider hoverProvider signatureHelpProvider definitionProvider referencesProvider documentSymbolProvider " +
		"workspaceSymbolProvider codeActionProvider codeLensProvider renameProvider foldingRangeProvider semanticTokensProvider executeCommandProvider"},
	{"TextDocumentSyncOptions", "openClose change save"},
	{"CompletionOptions", "triggerCharacters"},
	{"SignatureHelpOptions", "triggerCharacters"},
	{"CodeActionOptions", "codeActionKinds"},
	{"CodeLensOptions", "resolveProvider"},
	{"RenameOptions", "prepareProvider"},
	{"ExecuteCommandOptions", "commands"},
	{"SemanticTokensOptions", "legend full"},
	{"SemanticTokensLegend", "tokenTypes tokenModifiers"},

	{"TextDocumentIdentifier", "uri"},
	{"VersionedTextDocumentIdentifier", "uri version"},
	{"TextDocumentItem", "uri languageId version text"},
	{"DidOpenTextDocumentParams", "textDocument"},
	{"DidChangeTextDocumentParams", "textDocument contentChanges"},
	{"DidCloseTextDocumentParams", "textDocument"},
	{"DidChangeWatchedFilesParams", "changes"},
	{"FileEvent", "uri type"},
	{"TextDocumentPositionParams", "textDocument position"},

	{"PublishDiagnosticsParams", "uri version diagnostics"},
	{"Diagnostic", "range severity code codeDescription source message data"},
	{"CodeDescription", "href"},
	{"ShowMessageParams", "type message"},

	{"CompletionList", "isIncomplete items"},
	{"CompletionItem", "label kind detail documentation sortText insertTextFormat textEdit"},
	{"Hover", "contents range"},
	{"SignatureHelp", "signatures activeSignature activeParameter"},
	{"SignatureInformation", "label documentation parameters"},
	{"ParameterInformation", "label"},
	{"ReferenceParams", "textDocument position context"},
	{"ReferenceContext", "includeDeclaration"},
	{"RenameParams", "textDocument position newName"},
	{"WorkspaceEdit", "documentChanges"},
	{"TextDocumentEdit", "textDocument edits"},
	{"OptionalVersionedTextDocumentIdentifier", "uri version"},
	{"CreateFile", "kind uri options"},
	{"CreateFileOptions", "ignoreIfExists"},
	{"RenameFile", "kind oldUri newUri"},
	{"CodeActionParams", "textDocument range context"},
	{"CodeActionContext", "diagnostics only"},
	{"CodeAction", "title kind diagnostics isPreferred edit"},
	{"DocumentSymbolParams", "textDocument"},
	{"DocumentSymbol", "name detail kind range selectionRange children"},
	{"WorkspaceSymbolParams", "query"},
	{"SymbolInformation", "name kind location"},
	{"FoldingRangeParams", "textDocument"},
	{"FoldingRange", "startLine endLine kind"},
	{"SemanticTokensParams", "textDocument"},
	{"SemanticTokens", "data"},
	{"CodeLensParams", "textDocument"},
	{"CodeLens", "range command"},
	{"ExecuteCommandParams", "command arguments"},
}

// usedEnums lists the enumerations that the server uses.
var usedEnums = []string{
	"DiagnosticSeverity", "CompletionItemKind", "SymbolKind", "CodeActionKind", "MarkupKind", "TextDocumentSyncKind", "FileChangeType",
	"FoldingRangeKind", "MessageType", "PositionEncodingKind", "InsertTextFormat",
}

// chosen are the types of properties that may have one of several types.
var chosen = map[string]string{
	"ServerCapabilities.textDocumentSync": "*TextDocumentSyncOptions", "ServerCapabilities.hoverProvider": "bool", "ServerCapabilities.definitionProvider": "bool",
	"ServerCapabilities.referencesProvider": "bool", "ServerCapabilities.documentSymbolProvider": "bool", "ServerCapabilities.workspaceSymbolProvider": "bool",
	"ServerCapabilities.codeActionProvider": "*CodeActionOptions", "ServerCapabilities.renameProvider": "*RenameOptions", "ServerCapabilities.foldingRangeProvider": "bool",
	"ServerCapabilities.semanticTokensProvider": "*SemanticTokensOptions", "SemanticTokensOptions.full": "bool", "TextDocumentSyncOptions.save": "bool",
	"InitializeParams.processId": "*int32", "InitializeParams.rootUri": "*string", "InitializeParams.workspaceFolders": "[]WorkspaceFolder",
	"InitializeResult.serverInfo": "*ServerInfo", "Diagnostic.code": "string", "CompletionItem.documentation": "*MarkupContent", "CompletionItem.textEdit": "*TextEdit",
	"Hover.contents": "MarkupContent", "SignatureInformation.documentation": "*MarkupContent", "ParameterInformation.label": "[2]uint32",
	"SignatureHelp.activeParameter":                   "uint32",
	"OptionalVersionedTextDocumentIdentifier.version": "*int32", "WorkspaceEdit.documentChanges": "[]any", "TextDocumentEdit.edits": "[]TextEdit",
	"CodeActionContext.only": "[]CodeActionKind",
}

type metaType struct {
	Kind, Name string
	Element    *metaType
	Value      json.RawMessage
}

type metaProperty struct {
	Name, Documentation string
	Type                metaType
	Optional            bool
}

type metaModel struct {
	MetaData   struct{ Version string }
	Structures []struct {
		Name, Documentation string
		Properties          []metaProperty
		Extends, Mixins     []metaType
	}
	Enumerations []struct {
		Name, Documentation string
		Type                metaType
		Values              []struct {
			Name, Documentation string
			Value               json.RawMessage
		}
	}
}

// TestGenerated holds protocol.go to the model of the protocol. testdata/metaModel.json is the
// part of Microsoft's metaModel.json of LSP 3.17 that the server uses.
func TestGenerated(t *testing.T) {
	text, err := os.ReadFile("testdata/metaModel.json")
	if err != nil {
		t.Fatal(err)
	}
	var m metaModel
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "// Code generated by go test ./lsp/protocol -update from the meta model of LSP %s. DO NOT EDIT.\n\npackage protocol\n\nimport \"encoding/json\"\n", m.MetaData.Version)
	for _, u := range used {
		m.structure(t, &b, u.name, strings.Fields(u.properties))
	}
	for _, name := range usedEnums {
		m.enumeration(t, &b, name)
	}
	want, err := format.Source([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("protocol.go", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile("protocol.go"); err != nil || string(got) != string(want) {
		t.Errorf("protocol.go is not what the model says; go test ./lsp/protocol -update writes it: %v", err)
	}
}

func (m *metaModel) properties(name string) (all []metaProperty) {
	for _, s := range m.Structures {
		if s.Name == name {
			all = s.Properties
			for _, other := range append(s.Extends, s.Mixins...) {
				all = append(all, m.properties(other.Name)...)
			}
		}
	}
	return all
}

func (m *metaModel) structure(t *testing.T, b *strings.Builder, name string, names []string) {
	for _, s := range m.Structures {
		if s.Name == name {
			comment(b, "", name, s.Documentation)
		}
	}
	fmt.Fprintf(b, "type %s struct {\n", name)
	all := m.properties(name)
	for _, want := range names {
		i := slices.IndexFunc(all, func(p metaProperty) bool { return p.Name == want })
		if i < 0 {
			t.Fatalf("%s has no %s", name, want)
		}
		p := all[i]
		kind := chosen[name+"."+p.Name]
		if kind == "" {
			kind = goType(p.Type)
			if p.Type.Kind == "reference" && p.Type.Name != "LSPAny" && p.Optional && !slices.Contains(usedEnums, p.Type.Name) {
				kind = "*" + kind
			}
		}
		if kind == "" {
			t.Fatalf("%s.%s: choose a type", name, p.Name)
		}
		tag := p.Name
		if p.Optional {
			tag += ",omitempty"
		}
		fmt.Fprintf(b, "\t%s %s `json:%q`\n", exported(p.Name), kind, tag)
	}
	b.WriteString("}\n")
}

func goType(k metaType) string {
	switch k.Kind {
	case "base":
		return map[string]string{"string": "string", "DocumentUri": "string", "URI": "string", "integer": "int32", "uinteger": "uint32", "boolean": "bool"}[k.Name]
	case "stringLiteral":
		return "string"
	case "array":
		if inner := goType(*k.Element); inner != "" {
			return "[]" + inner
		}
	case "reference":
		switch k.Name {
		case "LSPAny":
			return "json.RawMessage"
		case "TextDocumentContentChangeEvent":
			return "ContentChange"
		}
		return k.Name
	}
	return ""
}

func (m *metaModel) enumeration(t *testing.T, b *strings.Builder, name string) {
	for _, e := range m.Enumerations {
		if e.Name != name {
			continue
		}
		comment(b, "", name, e.Documentation)
		fmt.Fprintf(b, "type %s %s\n\n// The values of %s.\nconst (\n", name, goType(e.Type), name)
		for _, v := range e.Values {
			fmt.Fprintf(b, "\t%s%s %s = %s\n", name, exported(v.Name), name, v.Value)
		}
		b.WriteString(")\n")
		return
	}
	t.Fatalf("there is no %s", name)
}

// comment writes the first sentence of what the model says.
func comment(b *strings.Builder, indent, name, text string) {
	text, _, _ = strings.Cut(text, "\n\n")
	text = strings.Join(strings.Fields(strings.NewReplacer("{@link ", "", "}", "").Replace(text)), " ")
	if i := strings.Index(text, ". "); i > 0 {
		text = text[:i+1]
	}
	if text == "" {
		text = "See the specification."
	}
	fmt.Fprintf(b, "\n%s// %s: %s\n", indent, name, text)
}

func exported(name string) string {
	name = strings.ToUpper(name[:1]) + name[1:]
	if before, ok := strings.CutSuffix(name, "Id"); ok {
		name = before + "ID"
	}
	return strings.ReplaceAll(name, "Uri", "URI")
}
