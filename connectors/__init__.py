"""What designers of flows import, beside the programs that make it and hold it against Microsoft's rules."""
