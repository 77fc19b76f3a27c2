"""The textbook's network: trained, recorded, resumed."""
