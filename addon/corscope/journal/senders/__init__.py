"""Who asks? The page, its style sheets, workers and embedder policy, and other names for them."""
