-- Neovim 0.11 reads this file with "set exrc": nudge lsp checks and completes the files of this project.
vim.lsp.config("nudge", { cmd = { "nudge", "lsp" }, filetypes = { "yaml" }, root_markers = { "nudge.yaml" } })
vim.lsp.enable("nudge")
