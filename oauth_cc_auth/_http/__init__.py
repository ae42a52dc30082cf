"""HTTP as this package speaks it, whatever the library: values, origins, challenges, and what carries a request."""
