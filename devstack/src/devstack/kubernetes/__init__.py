"""The two clusters, without a cluster: manifests rendered and judged, and a stand-in for an API server."""
