"""The ground and the roof of the house."""
