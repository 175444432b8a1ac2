"""The page and the HTTP API: thin over the library, which computes everything."""
