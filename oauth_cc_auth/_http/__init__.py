"""HTTP as this package speaks it, whatever the library: values, origins, challenges, and who carries a request."""
