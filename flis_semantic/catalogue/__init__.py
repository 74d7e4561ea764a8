"""The definitions of key figures: files, resolved forms, and what they may be asked."""
