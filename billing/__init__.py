"""Who owes whom: windows, clearing, transfers, settlements, documents."""
