"""Portal pages of the roaming floor."""
