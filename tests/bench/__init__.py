"""What the portal costs, beside a bare Django view under the same server: `make bench`."""
